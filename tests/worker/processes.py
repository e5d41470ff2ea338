"""``sendledger serve`` and ``work`` as real processes, quick in their turns."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

SENDLEDGER = Path(sys.executable).with_name("sendledger")
PATIENCE = 60.0
"""Seconds until a test believes that something never happens."""
QUICK = {"TICK_INTERVAL": "0.1", "PROJECTION_INTERVAL": "0.1"}


class Process:
    """Writes what it tells into the file ``output``, in whose folder it runs."""

    def __init__(
        self, output: Path, *words: str, within: Sequence[str] = (), **settings: str
    ) -> None:
        self.output = output
        named = {f"SENDLEDGER_{name}": value for name, value in {**QUICK, **settings}.items()}
        with output.open("w") as stream:
            self.process = subprocess.Popen(
                [*within, SENDLEDGER, *words],
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=output.parent,
                env={**os.environ, **named},
            )

    def begun(self) -> None:
        """Wait until it serves, or has ended."""
        eventually(lambda: self.told("serving") or self.process.poll() is not None)

    def told(self, text: str) -> bool:
        return text in self.output.read_text()

    def stopped(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def eventually(happens: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.02)
