"""Limits failed attempts to sign in, by name and by address, within this process."""

import time
from collections import OrderedDict
from threading import Lock

MOST = 5
"""Failures within the span; after these, the next attempt has to wait."""
SPAN = 900.0
"""Seconds."""
REMEMBERED = 10_000
"""Names and addresses; the oldest are forgotten first."""


class Attempts:
    """Safe to share between threads. A restart forgets, but takes longer than a few attempts."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, *whose: str) -> int:
        """Seconds until the next attempt under all of these names; 0 if it may come now."""
        now = time.monotonic()
        with self._lock:
            found = [self._recent(each, now) for each in whose]
        full = [each for each in found if len(each) >= MOST]
        return max((int(SPAN - (now - each[-MOST])) + 1 for each in full), default=0)

    def failed(self, *whose: str) -> None:
        now = time.monotonic()
        with self._lock:
            for each in whose:
                self._failures[each] = [*self._recent(each, now), now][-MOST:]
                self._failures.move_to_end(each)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, *whose: str) -> None:
        with self._lock:
            for each in whose:
                self._failures.pop(each, None)

    def _recent(self, whose: str, now: float) -> list[float]:
        return [each for each in self._failures.get(whose, ()) if now - each < SPAN]
