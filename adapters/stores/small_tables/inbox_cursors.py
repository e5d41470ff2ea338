"""How far each inbox has been read, kept beside a store's log."""

from collections.abc import Mapping
from pathlib import Path

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.work.mailing.inboxes import Cursor
from events.vocabulary import AccountId


class StoredCursors:
    """Implements ``InboxCursors``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        return {
            account: Cursor(place, None if read is None else from_micros(read))
            for account, place, read in self._table.rows("all", workspace=workspace)
        }

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None:
        read = None if cursor.read_until is None else to_micros(cursor.read_until)
        self._table.write(
            "move", workspace=workspace, account_id=account_id, place=cursor.place, read_until=read
        )

    def forget(self, workspace: str, account_id: AccountId) -> None:
        self._table.write("forget", workspace=workspace, account_id=account_id)
