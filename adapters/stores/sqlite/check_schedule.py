"""The schedule of background checks in the embedded store."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.stores.check_schedule import StoredCheckSchedule
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.store import SQLiteStore
from engine.ports.check_schedule import Overdue, ScheduledCheck


class SQLiteCheckSchedule(StoredCheckSchedule):
    """The table is made at the first opening for writing; a store that is only read may have none.

    One worker serves an embedded store, but a command may look at it or change it meanwhile.
    """

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        with store.explained():
            with store.reading() as c:
                self._there = bool(c.execute(self.SQL["table_there"]).fetchone()[0])
            if not (self._there or store.read_only):
                with store.writing() as c:
                    for each in ("check_schedule", "check_schedule_by_time"):
                        c.execute(self.SQL[each])
                self._there = True

    def overdue(self) -> Overdue:
        return super().overdue() if self._there else Overdue(0, None)

    def _take(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Nothing is written, and nobody kept from writing, where nothing is due."""
        with self._store.reading() as c:
            if not c.execute(self.SQL["due"], values).fetchone():
                return ()
        with self._store.writing() as c:
            found: Sequence[Any] = c.execute(self.SQL["due"], values).fetchall()
            taken = [(values["until"], values["lease"], *row[:2]) for row in found]
            c.executemany(self.SQL["take"], taken)
            return found

    def _found(self, name: str, *values: Any) -> Sequence[ScheduledCheck]:
        return super()._found(name, *values) if self._there else []

    def _stored(self, moment: datetime) -> int:
        return to_micros(moment)

    def _moment(self, stored: int) -> datetime:
        return from_micros(stored)

    def _listed(self, values: Collection[str]) -> str:
        return json.dumps(list(values))
