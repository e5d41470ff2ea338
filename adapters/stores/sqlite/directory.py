"""The directory of the embedded store."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor
from typing import Any

from adapters.stores.directory import Ids, StoredDirectory
from adapters.stores.ids_and_digests import random_ids, variables_text
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.erasing import write_anew, zero_what_is_freed
from adapters.stores.sqlite.recorder import SQL as STORE_SQL
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.ports import Person, TracesRemain

TABLES = ("directory", "directory_keys", "directory_stops", "directory_forgotten")


class SQLiteDirectory(StoredDirectory):
    """``forget`` answers False when any workspace went on, and is hindered by whoever reads the
    store's write-ahead log.
    """

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        self._file = store
        with store.explained():
            with store.reading() as c:
                self._there = c.execute(self.SQL["tables_there"]).fetchone()[0] == len(TABLES)
            if not (self._there or store.read_only):
                with store.writing() as c:
                    for table in TABLES:
                        c.execute(self.SQL[table])
                self._there = True

    def _asked(self, name: str, *values: Any) -> list[Any]:
        return super()._asked(name, *values) if self._there else []

    def _listed(self, values: Iterable[str]) -> str:
        return json.dumps(list(values))

    def _stored(self, moment: datetime) -> int:
        return to_micros(moment)

    def _moment(self, stored: int) -> datetime:
        return from_micros(stored)

    def _write_down(self, c: Cursor, workspace: str, new: Mapping[str, Person]) -> Ids:
        ids = dict(zip(new, random_ids(len(new)), strict=True))
        rows = (
            (workspace, ids[address], address, each.name, variables_text(each))
            for address, each in new.items()
        )
        c.executemany(self.SQL["enrol_person"], rows)
        return ids

    def _before_change(self, c: Cursor) -> None:
        zero_what_is_freed(c)

    def _stand_still(self, c: Cursor, workspace: str) -> int:  # noqa: ARG002 all of them do
        self._before_change(c)
        position: int = c.execute(STORE_SQL["last_position"]).fetchone()[0]
        return position

    def _write_anew(self, c: Cursor) -> None:
        write_anew(c, "directory", [self.SQL["directory"]])

    def _erase(self) -> None:
        if self._file.checkpoint_is_hindered():
            raise TracesRemain(store=self._store.name)
