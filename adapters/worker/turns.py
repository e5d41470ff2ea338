"""Turns that may fail: an error is logged once, the turn is tried again, and the worker goes on."""

import threading
import time
from collections.abc import Callable

import structlog

from adapters.worker.duties import Duty
from engine.ports.errors import StoreUnavailable

log = structlog.get_logger("sendledger.worker")


class Turns:
    """The turns of one worker. ``pause`` waits so many seconds, or less if the worker is to stop.

    A lost store is logged once, however many duties notice it, and once more when all of them have
    it again.
    """

    def __init__(self, pause: Callable[[float], object]) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._without_store: set[str] = set()
        """Duties that have not had a turn without errors since the store was lost."""
        self.last: dict[str, float] = {}
        """When each duty's last turn ended, in monotonic seconds."""

    @property
    def store_is_lost(self) -> bool:
        return bool(self._without_store)

    def of(self, duty: Duty) -> Callable[[], None]:
        """A turn of the duty that logs an error; it is tried again at the next interval."""
        self._names.add(duty.name)

        def turn() -> None:
            try:
                duty.turn()
            except StoreUnavailable as error:
                self._lost(duty.name, error)
                self._pause(duty.seconds)
            except Exception:
                log.exception("turn failed", turn=duty.name)
                self._pause(duty.seconds)
            else:
                self._had(duty.name)
            self.last[duty.name] = time.monotonic()

        return turn

    def _lost(self, name: str, error: StoreUnavailable) -> None:
        with self._lock:
            if self._without_store:
                self._without_store.add(name)
            else:
                log.error("store lost", reason=str(error))
                self._without_store = {*self._names}

    def _had(self, name: str) -> None:
        with self._lock:
            if name in self._without_store:
                self._without_store.remove(name)
                if not self._without_store:
                    log.info("store is back")
