"""Aggregates kept in memory between commands; each catches up from its last version."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple


class Cached(NamedTuple):
    version: int
    state: Any
    snapshot_version: int = 0


class AggregateCache:
    """The most recently used aggregates.

    As long as nobody else writes to the store, what is cached is current and no stream is asked for
    newer events. When the log's end is not where this engine left it, somebody did: a new epoch
    begins, and each entry has to catch up once before it counts as current again.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[str, tuple[int, Cached]] = OrderedDict()
        self._epoch = 0
        self._position = -1

    def begin(self, position: int) -> None:
        """A transaction begins and finds the log's end at ``position``."""
        if position != self._position:
            self._epoch += 1
            self._position = position

    def get(self, stream_id: str) -> tuple[Cached | None, bool]:
        """The entry, if there is one, and whether it is current."""
        epoch, entry = self._entries.get(stream_id, (-1, None))
        return entry, epoch == self._epoch

    def commit(self, entries: Mapping[str, Cached], position: int) -> None:
        """The transaction committed: these entries are current, and the log ends there."""
        self._position = position
        for stream_id, entry in entries.items():
            self._entries[stream_id] = (self._epoch, entry)
            self._entries.move_to_end(stream_id)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
