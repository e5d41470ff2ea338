"""Which checks may run at the same time, so that a server that hangs does not delay the others.

A check of a server that never answers takes 15 seconds; one that passes takes about one. Three
limits keep slow checks from taking the places of the others: how many checks run at once
(``MOST``); how many against one server (``OF_A_SERVER``: in a quarter of an hour, 1,440 accounts of
a server that hangs are checked, or 12,000 of one that answers within 1.5 s); and how many that may
hang (two thirds of all places). A check may hang if its server has kept a check waiting for longer
than ``PROMPT``, or if the last check of its account did not pass.

A server that asks for a slower pace is cut down to one place, which doubles with each check that
passes.
"""

from collections import Counter
from threading import Lock
from typing import NamedTuple

MOST = 96
OF_A_SERVER = 24
PROMPT = 5.0
"""Seconds within which a working server has answered everything."""


class Place(NamedTuple):
    """A place that is taken. Two places are the same only if they are the same object."""

    server: str
    since: float
    may_hang: bool


class Places:
    """The places for checks. ``now`` is monotonic time in seconds. Safe to share between
    threads."""

    def __init__(self, most: int = MOST, of_a_server: int = OF_A_SERVER) -> None:
        self._most = most
        self._of_a_server = of_a_server
        self._may_hang = max(most * 2 // 3, 1)
        self._taken: dict[int, Place] = {}
        self._slow: set[str] = set()
        self._paces: dict[str, int] = {}
        self._lock = Lock()

    @property
    def free(self) -> int:
        return self._most - len(self._taken)

    def full(self, now: float) -> set[str]:
        """The servers against which no check may begin now."""
        with self._lock:
            taken = Counter(each.server for each in self._taken.values())
            full = {server for server, n in taken.items() if n >= self._pace(server)}
            return full if self._may_hang_more(now) else full | self._slow_now(now)

    def takes_doubtful(self, now: float) -> bool:
        """Whether a check may begin of an account whose last check did not pass."""
        with self._lock:
            return self._may_hang_more(now)

    def take(self, server: str, now: float, *, doubtful: bool) -> Place | None:
        """Take a place; None if the check may not begin now."""
        with self._lock:
            may_hang = doubtful or server in self._slow_now(now)
            taken = sum(each.server == server for each in self._taken.values())
            if not self.free or taken >= self._pace(server):
                return None
            if may_hang and not self._may_hang_more(now):
                return None
            place = Place(server, now, may_hang)
            self._taken[id(place)] = place
            return place

    def give_back(self, place: Place, now: float, *, passed: bool, throttled: bool) -> None:
        with self._lock:
            del self._taken[id(place)]
            if now - place.since > PROMPT:
                self._slow.add(place.server)
            elif passed:
                self._slow.discard(place.server)
            if throttled:
                self._paces[place.server] = 1
            elif passed and self._pace(place.server) < self._of_a_server:
                self._paces[place.server] *= 2

    def _pace(self, server: str) -> int:
        return min(self._paces.get(server, self._of_a_server), self._of_a_server)

    def _slow_now(self, now: float) -> set[str]:
        waiting = (each for each in self._taken.values() if now - each.since > PROMPT)
        return self._slow | {each.server for each in waiting}

    def _may_hang_more(self, now: float) -> bool:
        slow = self._slow_now(now)
        hanging = sum(each.may_hang or each.server in slow for each in self._taken.values())
        return hanging < self._may_hang
