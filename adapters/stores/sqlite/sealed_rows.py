"""The vault's rows in the embedded store."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sealed_rows import StoredSealedRows
from adapters.stores.sqlite.store import SQLiteStore

TABLES = ("vault_keys", "vault_secrets")


class SQLiteSealedRows(StoredSealedRows):
    """The tables are made when they are first used; a store that is only read may have none."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        with store.explained():
            with store.reading() as c:
                self._there = c.execute(self.SQL["tables_there"]).fetchone()[0] == len(TABLES)
            if not (self._there or store.read_only):
                with store.writing() as c:
                    for table in TABLES:
                        c.execute(self.SQL[table])
                self._there = True

    def _keep_keys(self, c: Cursor) -> None:
        """There is one writer at a time."""

    def _change_keys(self, c: Cursor) -> None:
        """There is one writer at a time."""

    def _stored(self, moment: datetime) -> int:
        return to_micros(moment)

    def _moment(self, stored: int) -> datetime:
        return from_micros(stored)

    def _found(self, name: str, *values: str) -> Sequence[Any]:
        return super()._found(name, *values) if self._there else ()
