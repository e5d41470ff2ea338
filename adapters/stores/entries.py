"""A store's entries, and what tells it from every other store, whatever the product.

A product brings its statements, by these names, and how moments and envelopes stand in it. What is
below a log's end is fixed for ever: one statement says of which rows a run of entries consists, and
these may then be read one after the other (docs/stream.md).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.appending import (
    Continuation,
    LogEnd,
    continuation,
    first_of_generation,
    streams_of,
)
from engine.entries import EntryRange, Numbered, merged
from engine.ports.log import Entry, Generation, Page, StoreIdentity
from engine.ports.maintenance import Counted
from events.recorded import Envelope

SHARED = Path(__file__).with_suffix(".sql")


class StoredEntries(ABC):
    """The part of ``Log`` and ``Maintenance`` that the stream needs."""

    ENTRIES: Mapping[str, str]
    """The product's own statements, and those of ``SHARED``."""

    @property
    def identity(self) -> StoreIdentity:
        with self.explained(), self._reading_entries() as c:
            return StoreIdentity(*c.execute(self.ENTRIES["identity"]).fetchone())

    def generations(self) -> Sequence[Generation]:
        with self.explained(), self._reading_entries() as c:
            found = c.execute(self.ENTRIES["generations"]).fetchall()
        return [Generation._make((*row[:3], self._from_stored(row[3]))) for row in found]

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        with self.explained(), self._reading_entries() as c:
            return self._entries(c, after, limit)

    def last_entry(self) -> int:
        with self.explained(), self._reading_entries() as c:
            return int(c.execute(self.ENTRIES["last_entry"]).fetchone()[0])

    def counted_until(self, position: int) -> Counted:
        with self.explained(), self._reading_entries() as c:
            found = c.execute(self.ENTRIES["counted_until"], {"position": position})
            return Counted(*found.fetchone())

    def unnumbered_envelopes(self) -> int:
        with self.explained(), self._reading_entries() as c:
            return int(c.execute(self.ENTRIES["unnumbered_envelopes"]).fetchone()[0])

    def odd_workspaces(self) -> Sequence[str]:
        latest = {"latest": self.stored(datetime.max.replace(tzinfo=UTC))}
        with self.explained(), self._reading_entries() as c:
            return [name for (name,) in c.execute(self.ENTRIES["odd_workspaces"], latest)]

    def append_recorded(self, entries: Sequence[Entry]) -> None:
        with self.explained(), self.writing() as c:
            self._lock_order(c)
            position, numbered = c.execute(self.ENTRIES["log_end"]).fetchone()
            found = c.execute(self.ENTRIES["versions"], (self._listed(streams_of(entries)),))
            end = LogEnd(position, numbered, dict(found.fetchall()))
            self._append_recorded(c, continuation(entries, end), position)

    def raise_generation(self, named: str | None = None) -> StoreIdentity:
        with self.explained(), self.writing() as c:
            self._lock_order(c)
            c.execute(self.ENTRIES["raise_generation"], {"now": self._to_stored(self.now())})
            position, numbered = c.execute(self.ENTRIES["log_end"]).fetchone()
            end = LogEnd(position, numbered, {})
            last = self._entries(c, end.entry - 1, 1) if named is not None else ()
            if named is not None and last:
                _, generation = c.execute(self.ENTRIES["identity"]).fetchone()
                first = first_of_generation(generation, last[0], end, named)
                self._append_recorded(c, continuation([first], end), end.position)
        return self.identity

    def renew_identity(self) -> StoreIdentity:
        with self.explained(), self.writing() as c:
            self._lock_order(c)
            c.execute(self.ENTRIES["renew_store_id"], {"store_id": uuid4().hex})
            c.execute(self.ENTRIES["clear_generations"])
            c.execute(self.ENTRIES["first_generation"], {"now": self._to_stored(self.now())})
        return self.identity

    def _entries(self, c: Any, after: int, limit: int) -> list[Entry]:
        asked = {"after": after, "limit": limit}
        run = EntryRange(*c.execute(self.ENTRIES["range"], asked).fetchone())
        numbered = self._numbered(c, run)
        page = self._page(c, run.position_before, run.events) if run.events else Page([], [])
        return list(merged(after, run, page, numbered))

    def _numbered(self, c: Any, run: EntryRange) -> Sequence[Numbered]:
        if run.last_numbered == run.numbered_before:
            return ()
        found = c.execute(self.ENTRIES["numbered"], run._asdict()).fetchall()
        return [Numbered(row[0], row[1], self._envelope(row[2:])) for row in found]

    @abstractmethod
    def stored(self, value: Any) -> Any:
        """As the product's statements take it."""

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def explained(self) -> AbstractContextManager[None]: ...

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]: ...

    @abstractmethod
    def _reading_entries(self) -> AbstractContextManager[Any]:
        """A cursor. Raises ``WithoutEntries``."""

    @abstractmethod
    def _page(self, c: Any, after: int, limit: int) -> Page:
        """As ``Log.read``."""

    @abstractmethod
    def _lock_order(self, c: Any) -> None:
        """Nobody appends until the transaction ends."""

    @abstractmethod
    def _append_recorded(self, c: Any, found: Continuation, after: int) -> None:
        """Write it; its events stand after that position."""

    @abstractmethod
    def _listed(self, values: Sequence[str]) -> Any:
        """As a statement takes several values."""

    @abstractmethod
    def _envelope(self, columns: Sequence[Any]) -> Envelope | None:
        """None where every column is."""

    @abstractmethod
    def _from_stored(self, stored: Any) -> datetime: ...

    @abstractmethod
    def _to_stored(self, moment: datetime) -> Any: ...
