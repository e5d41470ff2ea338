"""Up to where the embedded store was told."""

from pathlib import Path

from adapters.stores.named_sql import statements
from adapters.stores.relay_mark import StoredMark
from adapters.stores.sqlite.store import SQLiteStore
from engine.stream.log_sink import Relayed


class SQLiteMark(StoredMark):
    """The table is made with the first mark."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        self._there = False

    def read(self) -> Relayed | None:
        return super().read() if self._is_there() else None

    def write(self, relayed: Relayed) -> None:
        if not self._is_there():
            with self._store.explained(), self._store.writing() as c:
                c.execute(self.SQL["relay_mark"])
        super().write(relayed)

    def forget(self) -> None:
        if self._is_there():
            super().forget()

    def _is_there(self) -> bool:
        if not self._there:
            with self._store.explained(), self._store.reading() as c:
                self._there = bool(c.execute(self.SQL["there"]).fetchone()[0])
        return self._there
