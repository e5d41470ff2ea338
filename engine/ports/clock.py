"""Clocks a store can go by. Every one answers in UTC with microseconds."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

Clock = Callable[[], datetime]


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


class _Stretch(NamedTuple):
    """From ``start``, at ``since`` by the monotonic clock, so long at so many times real pace."""

    start: datetime
    since: float
    seconds: float = 0.0
    rate: float = 1.0

    def time(self, monotonic: float) -> datetime:
        real = monotonic - self.since
        return self.start + timedelta(seconds=real + min(real, self.seconds) * (self.rate - 1))


class WarpedClock:
    """Starts at ``start`` and keeps real pace, but for the stretches it is hurried through.

    Never goes back. Any thread may read it.
    """

    def __init__(self, start: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._stretch = _Stretch(start, monotonic())

    def __call__(self) -> datetime:
        return self._stretch.time(self._monotonic())

    def hurry(self, until: datetime, seconds: float) -> None:
        """Come to ``until`` within so many real seconds, then keep real pace again."""
        now = self._monotonic()
        start = self._stretch.time(now)
        rate = max((until - start).total_seconds() / seconds, 1.0)
        self._stretch = _Stretch(start, now, seconds, rate)
