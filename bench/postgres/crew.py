"""Writers in processes of their own, who write for as long as they are told.

``python -m bench.postgres.crew KIND URL NAME …`` is one of the processes: a thread for each name,
and for each line on its standard input, a number of seconds, one line of JSON: its commits.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import quantiles
from types import TracebackType
from typing import NamedTuple, Self

from bench.postgres.writers import WRITERS, Write

WARMING = 50
"""Commits of each writer before it says that it is ready."""


class Commit(NamedTuple):
    """Seconds of the system's monotonic clock, the same in every process."""

    began: float
    ended: float


class Crew:
    """``writers`` of one kind, in so many ``processes`` that share them evenly."""

    def __init__(self, kind: str, url: str, writers: int = 1, processes: int = 1) -> None:
        names = [f"{kind}-{processes}-{number}" for number in range(writers)]
        self._processes = [
            _started(kind, url, names[number::processes]) for number in range(processes)
        ]
        self._stack = ExitStack()
        for process in self._processes:
            self._stack.enter_context(process)
            self._stack.callback(process.communicate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def begin(self, seconds: float) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()

    def commits(self) -> list[Commit]:
        """Of the time that began last, when it is over."""
        found: list[Commit] = []
        for process in self._processes:
            assert process.stdout is not None
            found += [Commit(*each) for each in json.loads(process.stdout.readline())]
        return found

    def rate(self, seconds: float) -> float:
        """Commits per second."""
        self.begin(seconds)
        return len(self.commits()) / seconds

    @property
    def pids(self) -> list[int]:
        return [each.pid for each in self._processes]


def _started(kind: str, url: str, names: list[str]) -> subprocess.Popen[str]:
    """One behind the other: the library's programs fail when two create a table at once."""
    command = [sys.executable, "-m", "bench.postgres.crew", kind, url, *names]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def p99_and_max(commits: Sequence[Commit]) -> tuple[float, float]:
    """Milliseconds."""
    times = [(each.ended - each.began) * 1000 for each in commits]
    return quantiles(times, n=100, method="inclusive")[98], max(times)


def _commits(write: Write, seconds: float) -> list[Commit]:
    found, now = [], time.monotonic()
    deadline = now + seconds
    while now < deadline:
        write()
        found.append(Commit(now, time.monotonic()))
        now = found[-1].ended
    return found


def main() -> None:
    kind, url, *names = sys.argv[1:]
    writers = WRITERS[kind](url, names)
    for write in writers * WARMING:
        write()
    print("ready", flush=True)
    with ThreadPoolExecutor(len(writers)) as threads:
        for line in sys.stdin:
            seconds = [float(line)] * len(writers)
            found = [each for part in threads.map(_commits, writers, seconds) for each in part]
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
