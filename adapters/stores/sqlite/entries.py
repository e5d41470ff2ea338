"""The entries of the embedded store; a trigger numbers the envelopes without events."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor
from uuid import uuid4

from adapters.stores.entries import SHARED, StoredEntries
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.append import append_recorded, envelope_of
from engine.appending import Continuation
from engine.ports.errors import WithoutEntries
from events.recorded import Envelope

_MAKING = (
    "envelopes_without_events",
    "number_those_of_before",
    "number_each",
    "store_identity",
    "generation_table",
)


class SQLiteEntries(StoredEntries):
    """A store of before it had entries gets them when it is opened to be written."""

    ENTRIES = statements(SHARED) | statements(Path(__file__).with_suffix(".sql"))
    name: str

    @abstractmethod
    def reading(self) -> AbstractContextManager[Cursor]: ...

    def give_entries(self) -> None:
        with self.explained():
            with self.reading() as c:
                there = self._has_entries(c)
            if not there:
                with self.writing() as c:
                    self._give_entries(c)

    def _give_entries(self, c: Cursor) -> None:
        if self._has_entries(c):
            return
        for each in _MAKING:
            c.execute(self.ENTRIES[each])
        c.execute(self.ENTRIES["set_store_id"], {"store_id": uuid4().hex})
        c.execute(self.ENTRIES["first_generation"], {"now": to_micros(self.now())})

    def _has_entries(self, c: Cursor) -> bool:
        return bool(c.execute(self.ENTRIES["there"]).fetchone()[0])

    @contextmanager
    def _reading_entries(self) -> Iterator[Cursor]:
        with self.reading() as c:
            if not self._has_entries(c):
                raise WithoutEntries(store=self.name)
            yield c

    def _lock_order(self, c: Cursor) -> None:
        """Whoever writes has it."""

    def _append_recorded(self, c: Cursor, found: Continuation, after: int) -> None:  # noqa: ARG002 rowids follow
        append_recorded(c, found)

    def _listed(self, values: Sequence[str]) -> str:
        return json.dumps(list(values))

    def _envelope(self, columns: Sequence[object]) -> Envelope | None:
        return None if columns[0] is None else envelope_of(columns)

    def _from_stored(self, stored: int) -> datetime:
        return from_micros(stored)

    def _to_stored(self, moment: datetime) -> int:
        return to_micros(moment)
