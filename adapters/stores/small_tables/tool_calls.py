"""Which tool was called by whom, kept beside a store's log."""

from collections.abc import Sequence
from pathlib import Path

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.ports.clock import Clock
from engine.work.tool_calls import Called, ToolCall


class StoredToolCalls:
    """Implements ``ToolCalls``."""

    def __init__(self, store: TableStore, now: Clock) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))
        self._now = now

    def record(self, called: Called) -> None:
        values = {"at": to_micros(self._now()), **called._asdict()}
        while not self._table.write("record", **values):
            """Somebody took the number meanwhile: take the next."""

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[ToolCall]:
        found = self._table.rows("recorded", workspace=workspace, after=after, most=limit)
        return [ToolCall(number, from_micros(at), *rest) for number, at, *rest in found]
