"""``sendledger relay`` and ``project`` as somebody starts them, in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.stream.places import Site

GROUP = "bench"
PATIENCE = 300.0
"""Seconds until something that does not happen ends the measure."""


@contextmanager
def relaying(site: Site, store: str, topic: str) -> Iterator[subprocess.Popen[bytes]]:
    """From when it follows the log."""
    with _running("relay", "--store", store, *_kafka(site, topic)) as (process, said):
        until(lambda: b"relaying" in said.read_bytes(), process)
        yield process


@contextmanager
def projecting(
    site: Site, topic: str, into: str, members: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many members of one group."""
    words = ("project", "--into", into, "--group", GROUP, *_kafka(site, topic))
    with ExitStack() as stack:
        yield [stack.enter_context(_running(*words))[0] for _ in range(members)]


def _kafka(site: Site, topic: str) -> tuple[str, ...]:
    return "--kafka", site.broker.address, "--topic", topic


@contextmanager
def _running(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """What it says is in a file. Ends by SIGTERM."""
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "adapters.program", *words],
                stdout=output,
                stderr=output,
                env={**os.environ, "SENDLEDGER_LOG_LEVEL": "info"},
            )
        try:
            yield process, said
        except BaseException:
            sys.stderr.write(said.read_text(errors="replace")[-2_000:])
            raise
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(PATIENCE)


def until(happens: Callable[[], bool], *processes: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + PATIENCE
    while not happens():
        if time.monotonic() > ends or any(each.poll() is not None for each in processes):
            raise AssertionError("it never happened")
        time.sleep(0.01)
