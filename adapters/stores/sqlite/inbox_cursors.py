"""How far each inbox has been read, beside the embedded store's log."""

from collections.abc import Mapping
from pathlib import Path

from adapters.stores.inbox_cursors import StoredCursors
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.mailing.inboxes import Cursor
from events.vocabulary import AccountId


class SQLiteCursors(StoredCursors):
    """The table is made with the first cursor."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        self._there = False

    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        return super().all(workspace) if self._is_there() else {}

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None:
        if not self._is_there():
            with self._store.explained(), self._store.writing() as c:
                c.execute(self.SQL["inbox_cursors"])
        super().move(workspace, account_id, cursor)

    def forget(self, workspace: str, account_id: AccountId) -> None:
        if self._is_there():
            super().forget(workspace, account_id)

    def _is_there(self) -> bool:
        if not self._there:
            with self._store.explained(), self._store.reading() as c:
                self._there = bool(c.execute(self.SQL["there"]).fetchone()[0])
        return self._there
