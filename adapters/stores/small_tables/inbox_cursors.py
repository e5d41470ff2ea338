"""How far each inbox has been read, kept beside a store's log."""

from collections.abc import Mapping

from adapters.stores.small_tables.small_table import StoredTable, record
from engine.work.mailing.inboxes import Cursor
from events.vocabulary import AccountId


class StoredCursors(StoredTable):
    """Implements ``InboxCursors``."""

    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        found = self._table.rows("all", workspace=workspace)
        return {account: record(Cursor, tuple(cursor)) for account, *cursor in found}

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None:
        about = {"workspace": workspace, "account_id": account_id}
        self._table.write("move", **about, **cursor._asdict())

    def forget(self, workspace: str, account_id: AccountId) -> None:
        self._table.write("forget", workspace=workspace, account_id=account_id)
