"""A store that dies on cue: a real one in every other respect, around another store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from enum import Enum, auto

from eventsourcing.persistence import StoredEvent

from engine.ports.errors import StoreUnavailable
from engine.ports.log import Entry, Generation, Page, Row, StoreIdentity
from engine.ports.maintenance import Counted, Indexes
from engine.ports.store import Store
from engine.ports.transactions import Append, WorkspaceReading, WorkspaceTransaction
from events.recorded import Envelope
from processors.timers import Timer


class Crash(BaseException):
    """The process dies here: nothing in it can catch that."""


class Lost(StoreUnavailable):
    """The connection is lost here, and the process lives on."""

    def __init__(self, point: "CrashPoint | None" = None, **about: object) -> None:
        what = f"was lost {point.name.lower()}" if point else ""
        super().__init__(**{"store": "under test", "what": what, **about})


class CrashPoint(Enum):
    BEFORE_APPEND = auto()
    BEFORE_COMMIT = auto()
    """Everything was handed to the store, and nothing of it is stored."""
    AFTER_COMMIT = auto()
    """Everything is stored, and nobody heard of it."""


class FragileStore:
    """Raises ``ends_with`` once, at the next ``crash_at`` of a transaction that writes."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.crash_at: CrashPoint | None = None
        self.ends_with: type[Crash | Lost] = Crash
        self.committed: list[tuple[datetime, Append]] = []

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def identity(self) -> StoreIdentity:
        return self.inner.identity

    def generations(self) -> Sequence[Generation]:
        return self.inner.generations()

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        return self.inner.entries(after, limit)

    def last_entry(self) -> int:
        return self.inner.last_entry()

    def counted_until(self, position: int) -> Counted:
        return self.inner.counted_until(position)

    def raise_generation(self, named: str | None = None) -> StoreIdentity:
        return self.inner.raise_generation(named)

    def renew_identity(self) -> StoreIdentity:
        return self.inner.renew_identity()

    def append_recorded(self, entries: Sequence[Entry]) -> None:
        self.inner.append_recorded(entries)

    def odd_workspaces(self) -> Sequence[str]:
        return self.inner.odd_workspaces()

    def unnumbered_envelopes(self) -> int:
        return self.inner.unnumbered_envelopes()

    def announced_position(self) -> int:
        return self.inner.announced_position()

    def last_position_until(self, at: datetime) -> int:
        return self.inner.last_position_until(at)

    def stream(self, stream_id: str, until: int) -> Page:
        return self.inner.stream(stream_id, until)

    def now(self) -> datetime:
        return self.inner.now()

    def look(self, workspace: str) -> AbstractContextManager[WorkspaceReading]:
        return self.inner.look(workspace)

    @contextmanager
    def transaction(
        self, workspace: str, command_ids: Sequence[str] = ()
    ) -> Iterator["_FragileTransaction"]:
        with self.transactions({workspace: command_ids}) as opened:
            yield opened[workspace]

    @contextmanager
    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> Iterator[Mapping[str, "_FragileTransaction"]]:
        with self.inner.transactions(asked) as opened:
            outer = {name: _FragileTransaction(self, inner) for name, inner in opened.items()}
            yield outer
            held = [each for each in outer.values() if each.held is not None]
            if held:
                self.pass_by(CrashPoint.BEFORE_COMMIT)
            for each in held:
                each.hand_over()
        if held:
            self.pass_by(CrashPoint.AFTER_COMMIT)

    def pass_by(self, point: CrashPoint) -> None:
        if self.crash_at is point:
            self.crash_at = None
            raise self.ends_with(point)

    def read(self, after: int, limit: int) -> Page:
        return self.inner.read(after, limit)

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        return self.inner.envelope(workspace, command_id)

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        return self.inner.envelopes_of(workspace, after, limit)

    def last_position(self) -> int:
        return self.inner.last_position()

    def next_due(self) -> datetime | None:
        return self.inner.next_due()

    def workspaces(self) -> Sequence[str]:
        return self.inner.workspaces()

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        return self.inner.due_workspaces(until)

    def save_snapshot(self, snapshot: StoredEvent) -> None:
        self.inner.save_snapshot(snapshot)

    def reach_disk(self) -> None:
        self.inner.reach_disk()

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        self.inner.replace_indexes(timers, roster)

    def snapshots(self) -> Sequence[StoredEvent]:
        return self.inner.snapshots()

    def indexes(self) -> Indexes:
        return self.inner.indexes()

    def anywhere_on_roster(self, entry: str) -> bool:
        return self.inner.anywhere_on_roster(entry)

    def close(self) -> None:
        self.inner.close()


class _FragileTransaction:
    """Holds what is appended back until the commit."""

    def __init__(self, store: FragileStore, inner: WorkspaceTransaction) -> None:
        self.now = inner.now
        self.last_position = inner.last_position
        self.held: Append | None = None
        self._store = store
        self._inner = inner

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        return self._inner.stream(stream_id, after)

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        return self._inner.snapshot(stream_id, topic)

    def envelope(self, command_id: str) -> Envelope | None:
        return self._inner.envelope(command_id)

    def timers(self, until: datetime) -> Sequence[Timer]:
        return self._inner.timers(until)

    def roster(self, entry: str) -> Sequence[str]:
        return self._inner.roster(entry)

    @property
    def appended_after(self) -> int:
        return self._inner.appended_after

    def append(self, append: Append) -> None:
        self._store.pass_by(CrashPoint.BEFORE_APPEND)
        self.held = append

    def hand_over(self) -> None:
        assert self.held is not None
        self._inner.append(self.held)
        self._store.committed.append((self.now, self.held))
