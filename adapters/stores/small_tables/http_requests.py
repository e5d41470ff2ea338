"""Requests by HTTP that take several steps, kept beside a store's log."""

import json
from pathlib import Path
from secrets import token_hex
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.work.kept_requests import Kept


class StoredRequests:
    """Implements ``KeptRequests``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))
        self._table.write("draw", value=token_hex(32))
        self._secret = bytes.fromhex(self._table.rows("secret")[0][0])

    def secret(self) -> bytes:
        return self._secret

    def asked_before(self, workspace: str, key: str) -> str | None:
        found = self._table.row("by_key", workspace=workspace, key=key)
        return str(found[0]) if found else None

    def find(self, workspace: str, key: str) -> Kept | None:
        found = self._table.row("find", workspace=workspace, key=key)
        if found is None:
            return None
        *about, at, progress, status, answer = found
        return Kept._make([*about, from_micros(at), _read(progress), status, _read(answer)])

    def begin(self, kept: Kept) -> None:
        key, request, workspace, caller, operation, at, *_ = kept
        self._table.write(
            "begin",
            workspace=workspace,
            key=key,
            request=request,
            caller=caller,
            operation=operation,
            at=to_micros(at),
        )

    def note(self, kept: Kept, progress: dict[str, Any]) -> None:
        told = json.dumps(progress)
        self._table.write("note", workspace=kept.workspace, key=kept.key, progress=told)

    def finish(self, kept: Kept, status: int, answer: dict[str, Any]) -> None:
        told = json.dumps(answer)
        self._table.write(
            "finish", workspace=kept.workspace, key=kept.key, status=status, answer=told
        )


def _read(told: str | None) -> Any:
    return None if told is None else json.loads(told)
