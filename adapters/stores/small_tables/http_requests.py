"""Requests by HTTP that take several steps, kept beside a store's log."""

from secrets import token_hex
from typing import Any

from adapters.stores.small_tables.small_table import StoredTable, TableStore
from engine.work.kept_requests import Kept


class StoredRequests(StoredTable):
    """Implements ``KeptRequests``."""

    def __init__(self, store: TableStore) -> None:
        super().__init__(store)
        self._table.write("draw", value=token_hex(32))
        self._secret = bytes.fromhex(self._table.rows("secret")[0][0])

    def secret(self) -> bytes:
        return self._secret

    def asked_before(self, workspace: str, key: str) -> str | None:
        found = self._table.row("by_key", workspace=workspace, key=key)
        return str(found[0]) if found else None

    def find(self, workspace: str, key: str) -> Kept | None:
        return self._table.record("find", Kept, workspace=workspace, key=key)

    def begin(self, kept: Kept) -> None:
        self._table.write("begin", **kept._asdict())

    def note(self, kept: Kept, progress: dict[str, Any]) -> None:
        self._table.write("note", **kept._replace(progress=progress)._asdict())

    def finish(self, kept: Kept, status: int, answer: dict[str, Any]) -> None:
        self._table.write("finish", **kept._replace(status=status, answer=answer)._asdict())
