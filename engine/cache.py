"""Aggregates kept in memory between commands; each catches up from its last version."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from engine.streams import AggregateType


class Cached(NamedTuple):
    type: AggregateType
    version: int
    state: Any
    snapshot_version: int = 0


class _Mark(NamedTuple):
    """Where this engine left a workspace; ``epoch`` grows whenever it is found elsewhere."""

    position: int
    epoch: int


class AggregateCache:
    """The most recently used aggregates. Safe to share between threads.

    As long as nobody else writes to a workspace, what is cached of it is current and no stream is
    asked for newer events. When the workspace is not where this engine left it, somebody did: a new
    epoch begins, and each entry has to catch up once before it counts as current again.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[str, tuple[int, Cached]] = OrderedDict()
        self._marks: OrderedDict[str, _Mark] = OrderedDict()
        self._epochs = 0
        self._lock = Lock()

    def begin(self, workspace: str, position: int) -> int:
        """A transaction begins and finds the workspace there. Answers its epoch."""
        with self._lock:
            mark = self._marks.get(workspace)
            if mark is not None and position < mark.position:
                self._entries.clear()  # of another history than the store has now (M6)
            if mark is None or mark.position != position:
                self._epochs += 1
                mark = _Mark(position, self._epochs)
                self._keep(workspace, mark)
            return mark.epoch

    def clear(self) -> None:
        """Nothing is known any more: the store may have another history (M6)."""
        with self._lock:
            self._entries.clear()
            self._marks.clear()

    def get(self, stream_id: str, epoch: int) -> tuple[Cached | None, bool]:
        """The entry, if there is one, and whether it is current."""
        with self._lock:
            found, entry = self._entries.get(stream_id, (-1, None))
            return entry, found == epoch

    def commit(
        self, workspace: str, epoch: int, entries: Mapping[str, Cached], position: int
    ) -> None:
        """The transaction committed: these entries are current, and the workspace stands there."""
        with self._lock:
            self._keep(workspace, _Mark(position, epoch))
            for stream_id, entry in entries.items():
                self._entries[stream_id] = (epoch, entry)
                self._entries.move_to_end(stream_id)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def of(self, workspace: str) -> "AggregateCache":
        """What is known of the workspace by now, for a look of its own that begins after this.

        Whoever looks holds no lock: what others commit meanwhile must not come in. What was
        committed before and is not known yet, an entry catches up with.
        """
        known = AggregateCache(self._size)
        with self._lock:
            known._epochs = self._epochs
            mark = self._marks.get(workspace)
            if mark is not None:
                known._marks[workspace] = mark
                known._entries.update(
                    (stream_id, found)
                    for stream_id, found in self._entries.items()
                    if found[0] == mark.epoch
                )
        return known

    def _keep(self, workspace: str, mark: _Mark) -> None:
        self._marks[workspace] = mark
        self._marks.move_to_end(workspace)
        while len(self._marks) > self._size:
            self._marks.popitem(last=False)
