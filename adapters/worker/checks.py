"""The turn of background checks: those that are due begin, each in its own thread (C2, C5).

A turn never waits for a server: it records what has ended since the last turn, begins what is due,
and returns. ``engine.work.check_places`` decides how many run at once, and of which workspaces.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, SimpleQueue

import structlog

from adapters.worker.reasons import reason
from engine.ports.errors import StoreUnavailable
from engine.work.background_checks import BackgroundChecks, Begun, Ended

log = structlog.get_logger("sendledger.checks")

SYNCHRONISE = 60.0
"""Seconds between two looks at which accounts exist; a new one has just been checked."""
TIDYING = 3_600.0
"""Seconds between two searches for credentials that nobody uses."""


class Checking:
    """Runs background checks. ``threads``: the most that may run at once. While not ``wanted``,
    none begins.

    ``tidy`` is called now and then, and at the start.
    """

    def __init__(
        self,
        checks: BackgroundChecks,
        threads: int,
        wanted: Callable[[], bool] = lambda: True,
        tidy: Callable[[], object] = lambda: None,
    ) -> None:
        self._checks = checks
        self._wanted = wanted
        self._tidy = tidy
        self._tidied = float("-inf")
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="check")
        self._running: set[Future[None]] = set()
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._synchronised = float("-inf")
        self._told: dict[str, float] = {}

    def turn(self) -> None:
        """Raises ``StoreUnavailable``; the leases then expire by themselves."""
        self._settle()
        if time.monotonic() - self._synchronised > SYNCHRONISE:
            self._checks.synchronise()
            self._synchronised = time.monotonic()
        if self._wanted():
            self._running = {each for each in self._running if not each.done()}
            for begun in self._checks.begin():
                self._running.add(self._pool.submit(self._run, begun))
        if time.monotonic() - self._tidied > TIDYING:
            self._tidied = time.monotonic()
            self._tidy()

    def settle(self) -> None:
        """Wait until no check is running any more."""
        wait(self._running)
        self._settle()

    def close(self) -> None:
        """Wait for the running checks, which takes as long as the slowest side of one, and settle.

        If the store is lost, the leases expire by themselves.
        """
        self._pool.shutdown(wait=True)
        with suppress(StoreUnavailable):
            self._settle()

    def _run(self, begun: Begun) -> None:
        ended = self._checks.run(begun)
        self._checks.give_back(ended)
        self._ended.put(ended)

    def _settle(self) -> None:
        ended = list(_emptied(self._ended))
        for each in ended:
            self._tell(each)
        if ended:
            self._checks.settle(ended)

    def _tell(self, ended: Ended) -> None:
        """Log what was recorded, and what could not be checked: one error per kind and minute."""
        check = ended.begun.check
        about = {"workspace": check.workspace, "account": check.account_id}
        if ended.checked is not None and ended.checked.reply is not None:
            log.info("checked", **about, found=ended.found or "passes")
        error, now = ended.error, time.monotonic()
        if error is None or isinstance(error, StoreUnavailable):
            return
        kind = type(error).__name__
        if now - self._told.get(kind, float("-inf")) > SYNCHRONISE:
            self._told[kind] = now
            log.warning("cannot be checked", **about, reason=reason(error))


def _emptied(queue: "SimpleQueue[Ended]") -> Iterator[Ended]:
    with suppress(Empty):
        while True:
            yield queue.get_nowait()
