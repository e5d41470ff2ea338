"""Whoever leads does the work of all who wait for it.

This is what makes a group commit: while one transaction is on its way to the disk, the next
commands gather, and go together in the one behind it. Whose work is done leaves at once and comes
back with its next; so the next leader waits a moment for as many as came the last time.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 0.0005
"""Seconds to wait for those who were served the last time: less than a commit takes."""
NAP = 0.00005


class _Waiting(Generic[T]):
    """``bell`` rings when the item's work is done, or its thread is to lead."""

    __slots__ = ("bell", "done", "item", "leads")

    def __init__(self, item: T) -> None:
        self.item = item
        self.done = self.leads = False
        self.bell = Lock()
        self.bell.acquire()


class Combining(Generic[T]):
    """``work`` is given everything that waits, at most ``most`` at once, by one thread at a time.

    What becomes of an item is written on the item. Should ``work`` raise all the same, the leader
    raises it, and the others come back as if their work were done.
    """

    def __init__(self, work: Callable[[Sequence[T]], None], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[_Waiting[T]] = deque()
        self._gate = Lock()
        self._led = False
        self._expected = 1

    def submit(self, item: T) -> None:
        """Comes back when the item's work is done, by this thread or by another."""
        mine = _Waiting(item)
        with self._gate:
            self._waiting.append(mine)
            mine.leads, self._led = not self._led, True
        try:
            if not mine.leads:
                mine.bell.acquire()
            if mine.leads:
                self._gather()
                while not mine.done:
                    self._serve()
        finally:
            self._leave(mine)

    def _gather(self) -> None:
        until = time.perf_counter() + PATIENCE
        while len(self._waiting) < self._expected and time.perf_counter() < until:
            time.sleep(NAP)

    def _serve(self) -> None:
        with self._gate:
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        self._expected = max(len(taken), self._expected - 1)
        try:
            self._work([each.item for each in taken])
        finally:
            for each in taken:
                each.done = True
                each.bell.release()

    def _leave(self, mine: _Waiting[T]) -> None:
        """Whoever led has the next lead; whoever was interrupted waits no more."""
        with self._gate:
            if not mine.done and mine in self._waiting:
                self._waiting.remove(mine)
            if not mine.leads:
                return
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
            if following is not None:
                following.leads = True
        if following is not None:
            following.bell.release()
