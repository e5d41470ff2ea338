"""The entries of the in-memory store."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from threading import RLock
from uuid import uuid4

from eventsourcing.persistence import IntegrityError, StoredEvent

from adapters.stores.memory.recorder import MemoryLedgerRecorder
from engine.appending import LogEnd, continuation, first_of_generation, streams_of
from engine.entries import EntryRange, merged
from engine.ports.clock import Clock
from engine.ports.errors import WrittenMeanwhile
from engine.ports.log import Entry, Generation, Page, StoreIdentity
from engine.ports.maintenance import Counted


class MemoryEntries(ABC):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = RLock()
        self.recorder = MemoryLedgerRecorder()
        self._store_id = uuid4().hex
        self._generations = [Generation(1, 0, 1, clock())]

    @abstractmethod
    def read(self, after: int, limit: int) -> Page: ...

    @abstractmethod
    def last_position(self) -> int: ...

    @property
    def identity(self) -> StoreIdentity:
        return StoreIdentity(self._store_id, self._generations[-1].number)

    def generations(self) -> Sequence[Generation]:
        return list(self._generations)

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        with self._lock:
            run = self._range(after, limit)
            page = self.read(run.position_before, run.events) if run.events else Page([], [])
            numbered = self.recorder.without_events[run.numbered_before : run.last_numbered]
            return list(merged(after, run, page, numbered))

    def last_entry(self) -> int:
        with self._lock:
            return self.last_position() + len(self.recorder.without_events) - 1

    def append_recorded(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            versions = {each: self._version(each) for each in streams_of(entries)}
            end = LogEnd(self.last_position(), len(self.recorder.without_events), versions)
            found = continuation(entries, end)
            try:
                self.recorder.insert_events(
                    [StoredEvent(*row[1:]) for row in found.rows],
                    envelopes=found.envelopes,
                    recorded_at={name: each.recorded_at for name, each in found.workspaces.items()},
                )
            except IntegrityError as error:
                raise WrittenMeanwhile(said=error) from error

    def counted_until(self, position: int) -> Counted:
        with self._lock:
            envelopes = self.recorder.envelopes.values()
            begun = sum(each.first_position <= position for each in envelopes)
            return Counted(min(position, self.last_position()), begun)

    def _version(self, stream_id: str) -> int:
        rows = self.recorder.stream(stream_id, 0, self.last_position())
        return max((row[2] for row in rows), default=0)

    def unnumbered_envelopes(self) -> int:
        return 0

    def odd_workspaces(self) -> Sequence[str]:
        return ()

    def raise_generation(self, named: str | None = None) -> StoreIdentity:
        with self._lock:
            number, last = len(self._generations) + 1, self.last_entry()
            begins = Generation(number, last + 1, self.last_position() + 1, self._clock())
            self._generations.append(begins)
            if named is not None and last >= 0:
                end = LogEnd(self.last_position(), len(self.recorder.without_events), {})
                (before,) = self.entries(last - 1, 1)
                self.append_recorded([first_of_generation(number, before, end, named)])
            return self.identity

    def renew_identity(self) -> StoreIdentity:
        with self._lock:
            self._store_id = uuid4().hex
            self._generations = [Generation(1, 0, 1, self._clock())]
            return self.identity

    def _range(self, after: int, limit: int) -> EntryRange:
        before, until = (
            bisect_right(self.recorder.without_events, entry, key=lambda each: each.entry)
            for entry in (after, after + limit)
        )
        last = min(self.last_position(), after + limit + 1 - until)
        return EntryRange(before, until, after + 1 - before, last)
