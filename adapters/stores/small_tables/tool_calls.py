"""Which tool was called by whom, kept beside a store's log."""

from collections.abc import Sequence

from adapters.stores.small_tables.small_table import StoredTable, TableStore
from engine.ports.clock import Clock
from engine.work.tool_calls import Called, ToolCall


class StoredToolCalls(StoredTable):
    """Implements ``ToolCalls``."""

    def __init__(self, store: TableStore, now: Clock) -> None:
        super().__init__(store)
        self._now = now

    def record(self, called: Called) -> None:
        values = {"at": self._now(), **called._asdict()}
        while not self._table.write("record", **values):
            """Somebody took the number meanwhile: take the next."""

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[ToolCall]:
        asked = {"workspace": workspace, "after": after, "most": limit}
        return self._table.records("recorded", ToolCall, **asked)
