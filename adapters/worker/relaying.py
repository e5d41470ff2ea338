"""The turn of the relay: one worker of a store runs it as a child process, and restarts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import structlog

from adapters.screen.exit_codes import EXIT_AGAIN
from adapters.settings.file import PREFIX
from adapters.settings.model import EngineSettings

log = structlog.get_logger("sendledger.relay")

FIRST, LONGEST = 1.0, 30.0
"""Seconds until it is restarted: twice as long after each early end."""
WELL = 30.0
"""Seconds after which an end of the relay does not count as early."""
TO_STOP = 15.0


class Relaying:
    """Runs the relay. ``alone``: whether this worker holds the role. The child ends with this
    process, however that ends: it reads a pipe from it."""

    def __init__(self, settings: EngineSettings, alone: Callable[[], bool]) -> None:
        self._environment = {
            **os.environ,
            f"{PREFIX}STORE": settings.store,
            f"{PREFIX}KAFKA": settings.kafka or "",
            f"{PREFIX}KAFKA_TOPIC": settings.kafka_topic,
        }
        self._alone = alone
        self._child: subprocess.Popen[bytes] | None = None
        self._started = self._not_before = float("-inf")
        self._pause = FIRST

    def turn(self) -> None:
        if not self._alone():
            self.close()
        elif self._child is not None and self._child.poll() is not None:
            self._ended(self._child)
        elif self._child is None and monotonic() >= self._not_before:
            self._start()

    def close(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(TO_STOP)
        child.kill()
        _forget(child)

    def _start(self) -> None:
        self._started = monotonic()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "adapters.program", "relay", "--until-stdin-ends"],
            stdin=subprocess.PIPE,
            env=self._environment,
        )

    def _ended(self, child: subprocess.Popen[bytes]) -> None:
        """Plan the restart. The child has logged why it ended, unless it was killed."""
        _forget(child)
        self._child = None
        now = monotonic()
        self._pause = FIRST if now - self._started > WELL else min(self._pause * 2, LONGEST)
        self._not_before = now + self._pause
        if child.returncode not in {0, 1, EXIT_AGAIN}:
            log.warning("relay died", status=child.returncode, again_in=self._pause)


def _forget(child: subprocess.Popen[bytes]) -> None:
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
