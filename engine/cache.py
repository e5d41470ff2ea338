"""Aggregates kept in memory between commands; each catches up from its last version."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from engine.ports.optimistic import WorkspaceEnd
from engine.streams import AggregateType


class Cached(NamedTuple):
    type: AggregateType
    version: int
    state: Any
    snapshot_version: int = 0

    @property
    def people(self) -> int:
        return self.type.people(self.state)


PEOPLE = 2_000_000
"""Recipients and suppressed persons in memory, about 500 MB of them."""


class _Recent(OrderedDict[str, tuple[int, Cached]]):
    """Epoch and entry by stream. The least recently kept go where there are too many of them, or
    too many people in them; of the latest there is always one."""

    def __init__(self, size: int, people: int) -> None:
        super().__init__()
        self._size, self._most = size, people
        self.people = 0

    def keep(self, entries: Mapping[str, Cached], epoch: int = -1) -> None:
        for stream_id, entry in entries.items():
            _, gone = self.pop(stream_id, (-1, None))
            if gone is not entry:
                self.people += entry.people - (gone.people if gone else 0)
            self[stream_id] = epoch, entry
        while len(self) > self._size or (self.people > self._most and len(self) > 1):
            _, (_, gone) = self.popitem(last=False)
            self.people -= gone.people

    def forget(self) -> None:
        self.clear()
        self.people = 0


class Earlier:
    """What looks of one workspace have read, so that the next one reads only what came since.

    ``doubts``: as many as there were when it was read; it is of no use after the next (M6).
    """

    def __init__(self) -> None:
        self.entries: dict[str, Cached] = {}
        self.followed: dict[str, int] = {}
        """By stream, the last version that its reader has heard of."""
        self.doubts = 0

    def forget(self, doubts: int) -> None:
        self.entries.clear()
        self.followed.clear()
        self.doubts = doubts


class EarlierLooks:
    """The most recently read aggregates of any workspace, for looks to begin with.

    Safe to share between threads. ``doubts`` as in ``Earlier``: as many as there are now.
    """

    def __init__(self, size: int, people: int = PEOPLE) -> None:
        self._entries = _Recent(size, people)
        self._doubts = 0
        self._lock = Lock()

    def known(self, workspace: str, doubts: int) -> "AggregateCache":
        """For one look, which begins after this: each entry has to catch up."""
        with self._lock:
            if doubts != self._doubts:
                self._entries.forget()
                self._doubts = doubts
            earlier = {stream_id: entry for stream_id, (_, entry) in self._entries.items()}
            return AggregateCache(0).of(workspace, earlier)

    def keep(self, entries: Mapping[str, Cached], doubts: int) -> None:
        """What a look read, before anything was decided."""
        with self._lock:
            if doubts == self._doubts:
                self._entries.keep(entries)


class _Mark(NamedTuple):
    """Where this engine left a workspace; ``epoch`` grows whenever it is found elsewhere."""

    position: int
    epoch: int
    recorded_at: datetime | None = None
    """When it was last written to, if this engine was the last to write."""


class Known(NamedTuple):
    end: WorkspaceEnd
    epoch: int


class AggregateCache:
    """The most recently used aggregates, so many, and so many people in them, at most. Safe to
    share between threads.

    As long as nobody else writes to a workspace, what is cached of it is current and no stream is
    asked for newer events. When the workspace is not where this engine left it, somebody did: a new
    epoch begins, and each entry has to catch up once before it counts as current again.
    """

    def __init__(self, size: int, people: int = PEOPLE) -> None:
        self._size = size
        self._entries = _Recent(size, people)
        self._marks: OrderedDict[str, _Mark] = OrderedDict()
        self._epochs = 0
        self._ours = (0, 0)
        """Whatever stands after the first position, up to the second, this engine wrote."""
        self._lock = Lock()

    def begin(self, workspace: str, position: int) -> int:
        """A transaction begins and finds the workspace there. Answers its epoch."""
        with self._lock:
            mark = self._marks.get(workspace)
            if mark is not None and position < mark.position:
                self._forget()
                mark = None
            if mark is None or not self._current(mark, position):
                self._epochs += 1
                mark = _Mark(position, self._epochs)
                self._keep(workspace, mark)
            return mark.epoch

    def end_of(self, workspace: str) -> Known | None:
        """Where this engine left the workspace, if nobody else was seen to write to it since."""
        with self._lock:
            mark = self._marks.get(workspace)
        if mark is None or mark.recorded_at is None:
            return None
        return Known(WorkspaceEnd(mark.position, mark.recorded_at), mark.epoch)

    def clear(self) -> None:
        """Nothing is known any more: the store may have another history (M6)."""
        with self._lock:
            self._forget()

    def get(self, stream_id: str, epoch: int) -> tuple[Cached | None, bool]:
        """The entry, if there is one, and whether it is current."""
        with self._lock:
            found, entry = self._entries.get(stream_id, (-1, None))
            return entry, found == epoch

    def commit(
        self,
        workspace: str,
        epoch: int,
        entries: Mapping[str, Cached],
        after: int,
        position: int,
        *,
        recorded_at: datetime | None = None,
    ) -> None:
        """The transaction committed: these entries are current, and the workspace stands there.
        What it wrote stands ``after`` that position."""
        with self._lock:
            if position > after:
                first, last = self._ours
                self._ours = (first if last == after else after, position)
            self._keep(workspace, _Mark(position, epoch, recorded_at))
            self._entries.keep(entries, epoch)

    def newest(self, stream_id: str) -> Cached | None:
        """The entry, current or not."""
        with self._lock:
            return self._entries.get(stream_id, (-1, None))[1]

    def of(self, workspace: str, earlier: Mapping[str, Cached]) -> "AggregateCache":
        """What is known of the workspace by now, for a look of its own that begins after this; or
        what an earlier look read, where that is newer.

        Whoever looks holds no lock: what others commit meanwhile must not come in. What was
        committed before and is not known yet, an entry catches up with.
        """
        known = AggregateCache(self._size)
        with self._lock:
            known._epochs, known._ours = self._epochs, self._ours
            known._entries.update(self._entries)
            if workspace in self._marks:
                known._marks[workspace] = self._marks[workspace]
        for stream_id, entry in earlier.items():
            _, own = known._entries.get(stream_id, (-1, None))
            if own is None or own.version < entry.version:
                known._entries[stream_id] = -1, entry
        return known

    @property
    def people(self) -> int:
        """How many are in memory now."""
        return self._entries.people

    def _forget(self) -> None:
        self._entries.forget()
        self._marks.clear()
        self._ours = (0, 0)

    def _current(self, mark: _Mark, position: int) -> bool:
        """Some stores say where the log of all workspaces stands."""
        first, last = self._ours
        return mark.position == position or (first <= mark.position and position == last)

    def _keep(self, workspace: str, mark: _Mark) -> None:
        self._marks[workspace] = mark
        self._marks.move_to_end(workspace)
        while len(self._marks) > self._size:
            self._marks.popitem(last=False)
