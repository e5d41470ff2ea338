"""The in-memory store: one lock for everything, nothing survives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from eventsourcing.persistence import IntegrityError, StoredEvent

from adapters.stores.clocks import system_clock
from adapters.stores.memory.entries import MemoryEntries
from adapters.stores.memory.recorder import Tables
from engine.ports.clock import Clock
from engine.ports.errors import WrittenMeanwhile
from engine.ports.log import Page, Row
from engine.ports.maintenance import Indexes, earliest
from engine.ports.transactions import Append
from events.recorded import Envelope
from processors.timers import Timer


class MemoryStore(MemoryEntries):
    """A store in this process's memory. ``clock`` is the store's clock."""

    name = "memory"

    def __init__(self, clock: Clock = system_clock) -> None:
        super().__init__(clock)
        self._snapshots_of: dict[str, StoredEvent] = {}

    def now(self) -> datetime:
        return self._clock()

    @contextmanager
    def look(self, workspace: str) -> Iterator["_Reading"]:
        yield _Reading(self, workspace, self.recorder.tables_of_this_moment())

    @contextmanager
    def transaction(
        self, workspace: str, command_ids: Sequence[str] = ()
    ) -> Iterator["_Transaction"]:
        with self.transactions({workspace: command_ids}) as opened:
            yield opened[workspace]

    @contextmanager
    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> Iterator[Mapping[str, "_Transaction"]]:
        with self._lock:
            opened = {each: _Transaction(self, each) for each in asked}
            yield opened
            self._commit(opened.values())

    def _commit(self, transactions: Iterable["_Transaction"]) -> None:
        after = self.last_position()
        appends: list[tuple[str, Append]] = []
        times: dict[str, datetime] = {}
        for each in transactions:
            if each.pending is not None:
                each.appended_after = after
                placed = [envelope.after(after) for envelope in each.pending.envelopes]
                appends.append((each.workspace, each.pending._replace(envelopes=placed)))
                times[each.workspace] = each.now
                after += len(each.pending.events)
        try:
            self.recorder.insert_events(
                [StoredEvent(*row) for _, append in appends for row in append.events],
                envelopes=[envelope for _, append in appends for envelope in append.envelopes],
                timers={workspace: append.timers for workspace, append in appends},
                roster={workspace: append.roster for workspace, append in appends},
                recorded_at=times,
            )
        except IntegrityError as error:
            raise WrittenMeanwhile(said=error) from error

    def read(self, after: int, limit: int) -> Page:
        with self._lock:
            rows = self.recorder.rows(after, limit)
            if not rows:
                return Page([], [])
            return Page(rows, self.recorder.envelopes_between(rows[0][0], rows[-1][0]))

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        return self.recorder.envelopes.get((workspace, command_id))

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        own = (each for each in self.recorder.filled if each.workspace == workspace)
        return list(islice((each for each in own if each.first_position > after), limit))

    def last_position(self) -> int:
        return self.recorder.max_notification_id() or 0

    def announced_position(self) -> int:
        filled = self.recorder.filled
        return filled[-1].last_position if filled else 0

    def last_position_until(self, at: datetime) -> int:
        filled = reversed(self.recorder.filled)
        return next((each.last_position for each in filled if each.recorded_at <= at), 0)

    def stream(self, stream_id: str, until: int) -> Page:
        rows = list(self.recorder.stream(stream_id, 0, until))
        found = {each.first_position: each for row in rows for each in self.read(row[0] - 1, 1)[1]}
        return Page(rows, [found[each] for each in sorted(found)])

    def next_due(self) -> datetime | None:
        return min((timer.due_at for timer in self.recorder.timers.values()), default=None)

    def workspaces(self) -> Sequence[str]:
        return sorted(self.recorder.recorded_at)

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        due = self.recorder.timers.items()
        return sorted({workspace for (workspace, _), timer in due if timer.due_at <= until})

    def save_snapshot(self, snapshot: StoredEvent) -> None:
        self._snapshots_of[str(snapshot.originator_id)] = snapshot

    def snapshot_of(self, stream_id: str) -> StoredEvent | None:
        return self._snapshots_of.get(stream_id)

    def snapshots(self) -> Sequence[StoredEvent]:
        return [self._snapshots_of[each] for each in sorted(self._snapshots_of)]

    def indexes(self) -> Indexes:
        with self._lock:
            timers = [(each, timer) for (each, _), timer in self.recorder.timers.items()]
            roster = [
                (workspace, entry, campaign)
                for (workspace, entry), campaigns in self.recorder.roster.items()
                for campaign in campaigns
            ]
            return Indexes(self.last_position(), timers, roster, earliest(timers))

    def anywhere_on_roster(self, entry: str) -> bool:
        with self._lock:
            return any(name == entry for _, name in self.recorder.roster)

    def reach_disk(self) -> None:
        pass

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        with self._lock:
            self.recorder.replace_indexes(timers, roster)

    def close(self) -> None:
        pass


class _Reading:
    def __init__(self, store: MemoryStore, workspace: str, tables: Tables) -> None:
        self.workspace = workspace
        clock = store.now()
        self.now = max(clock, tables.recorded_at.get(workspace, clock))
        self.last_position = tables.last_position
        self._store = store
        self._tables = tables

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        return self._store.recorder.stream(stream_id, after, self.last_position)

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        found = self._store.snapshot_of(stream_id)
        return found if found is not None and found.topic == topic else None

    def envelope(self, command_id: str) -> Envelope | None:
        return self._tables.envelopes.get((self.workspace, command_id))

    def timers(self, until: datetime) -> Sequence[Timer]:
        return [
            timer
            for (workspace, _), timer in self._tables.timers.items()
            if workspace == self.workspace and timer.due_at <= until
        ]

    def roster(self, entry: str) -> Sequence[str]:
        return list(self._tables.roster.get((self.workspace, entry), ()))


class _Transaction(_Reading):
    def __init__(self, store: MemoryStore, workspace: str) -> None:
        super().__init__(store, workspace, store.recorder.tables())
        self.appended_after = self.last_position
        self.pending: Append | None = None

    def append(self, append: Append) -> None:
        assert self.pending is None, "one append in a transaction"
        self.pending = append
