"""The suites of tests, and how long each may take on two cores: ``python -m tests.suites NAME …``.

Without a name all of them run, with ``--no-kills`` those that kill no process.

A suite that takes longer than its budget is ended and counts as failed: a test that hangs, or a
suite that outgrows its purpose, is to be noticed where it happens.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

TESTS = Path(__file__).parent
AT_ONCE = 3
"""More than there are cores: suites that start servers wait for half of the time."""
TO_CLEAN_UP = 30
"""Seconds for a suite that is ended to stop what it has started."""
SIDE_BY_SIDE, KILLS = "not kills and not soak and not pictures", "kills and not soak"


class Suite(NamedTuple):
    rooms: Sequence[str]
    """Folders of ``tests``."""
    marked: str
    """What pytest's markers have to say."""
    budget: int
    """Seconds."""

    @property
    def command(self) -> list[str]:
        folders = [str(TESTS / room) for room in self.rooms]
        return [sys.executable, "-m", "pytest", "-q", "--durations=8", "-m", self.marked, *folders]


SUITES = {
    "worker_kills": Suite(
        ("worker", "cli", "vault", "work", "webhooks", "proof", "proving"), KILLS, 1_200
    ),
    "http": Suite(("http",), SIDE_BY_SIDE, 1_200),
    "store_kills": Suite(("stores", "survival", "http", "mail", "stream"), KILLS, 1_200),
    "properties": Suite(("proof", "proving"), SIDE_BY_SIDE, 900),
    "stream": Suite(("stream",), SIDE_BY_SIDE, 900),
    "cli": Suite(("cli",), SIDE_BY_SIDE, 900),
    "mail": Suite(("mail", "vault", "webhooks"), SIDE_BY_SIDE, 480),
    "servers": Suite(("stores", "survival"), SIDE_BY_SIDE, 480),
    "law": Suite(("law", "events", "audit"), SIDE_BY_SIDE, 360),
    "simulation": Suite(("simulation",), SIDE_BY_SIDE, 360),
    "doors": Suite(("csv", "demo", "docs", "observing", "screen", "worker"), SIDE_BY_SIDE, 480),
    "engine": Suite(("engine", "answers", "work", "composition"), SIDE_BY_SIDE, 360),
    "browser": Suite(("browser",), SIDE_BY_SIDE, 480),
}
"""The longest first, so that the last ones end together."""


class Ended(NamedTuple):
    name: str
    passed: bool
    seconds: float


def run(names: Sequence[str]) -> list[Ended]:
    """The suites in that order, ``AT_ONCE`` at a time. What each printed comes whole."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_run, names))


def _run(name: str) -> Ended:
    suite, began = SUITES[name], time.monotonic()
    print(f"{name}: {', '.join(suite.rooms)}; at most {suite.budget} s", flush=True)
    with TemporaryFile() as output:
        passed = _passes(suite, output)
        output.seek(0)
        told = output.read().decode(errors="replace")
    print(f"\n{name}\n{told}", flush=True)
    return Ended(name, passed, time.monotonic() - began)


def _passes(suite: Suite, output: IO[bytes]) -> bool:
    with subprocess.Popen(suite.command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            return process.wait(suite.budget) == 0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # pytest ends the servers it has started
            with suppress(subprocess.TimeoutExpired):
                process.wait(TO_CLEAN_UP)
            process.kill()
            return False


def main(names: Sequence[str]) -> int:
    # A shell that starts us with & has us ignore it, and every test with us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if names == ["--no-kills"]:
        names = [name for name, suite in SUITES.items() if suite.marked != KILLS]
    ended = run(names or [*SUITES])
    print()
    for each in ended:
        told = "passed" if each.passed else "FAILED"
        print(f"{each.name:12} {told}  {each.seconds:6.1f} s of {SUITES[each.name].budget}")
    return 0 if all(each.passed for each in ended) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
