"""A store's clock that may start in the past and be hurried."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock


class WarpedClock:
    """Starts at ``start`` and keeps real pace, but for the stretches it is hurried through.

    Never goes back. Safe to share between threads.
    """

    def __init__(self, start: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._since = monotonic()
        self._from = start
        self._until = start
        self._rate = 1.0

    def __call__(self) -> datetime:
        with self._lock:
            return self._time(self._monotonic())

    def hurry(self, until: datetime, seconds: float) -> None:
        """Come to ``until`` within so many real seconds, then keep real pace again."""
        with self._lock:
            now = self._monotonic()
            self._from, self._since = self._time(now), now
            self._until = max(until, self._from)
            self._rate = max((self._until - self._from).total_seconds() / seconds, 1.0)

    def _time(self, now: float) -> datetime:
        real = now - self._since
        stretch = (self._until - self._from).total_seconds()
        if real * self._rate < stretch:
            return self._from + timedelta(seconds=real * self._rate)
        return self._until + timedelta(seconds=real - stretch / self._rate)
