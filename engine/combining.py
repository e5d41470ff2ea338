"""Whoever gets the turn does the work of all who wait for it.

This is what makes a group commit: while one transaction is on its way to the disk, the next
commands gather, and go together in the one behind it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Combining(Generic[T]):
    """``work`` is given everything that waits, at most ``most`` at once, by one thread at a time.

    It must not raise: what becomes of an item is written on the item.
    """

    def __init__(self, work: Callable[[Sequence[T]], None], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[T] = deque()
        self._gate = Lock()
        self._turn = Lock()

    def submit(self, item: T) -> None:
        """Comes back when the item's work is done, by this thread or by another."""
        with self._gate:
            self._waiting.append(item)
        with self._turn:
            while taken := self._take_with(item):
                self._work(taken)

    def _take_with(self, item: T) -> Sequence[T]:
        """The next that wait; nobody once this item was taken."""
        with self._gate:
            if not any(each is item for each in self._waiting):
                return ()
            return [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
