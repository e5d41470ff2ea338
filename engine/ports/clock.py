"""Clocks that a store can use. Each returns UTC with microseconds."""

from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by
