"""How far each inbox has been read, kept beside a store's log."""

from collections.abc import Mapping

from adapters.stores.directory import DirectoryStore
from adapters.stores.microseconds import from_micros, to_micros
from engine.work.mailing.inboxes import Cursor
from events.vocabulary import AccountId


class StoredCursors:
    """Implements ``InboxCursors``. A product brings its statements."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        with self._store.explained(), self._store.reading() as c:
            rows = c.execute(self.SQL["all"], (workspace,)).fetchall()
        return {
            account: Cursor(place, None if read is None else from_micros(read))
            for account, place, read in rows
        }

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None:
        read = None if cursor.read_until is None else to_micros(cursor.read_until)
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["move"], (workspace, account_id, cursor.place, read))

    def forget(self, workspace: str, account_id: AccountId) -> None:
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["forget"], (workspace, account_id))
