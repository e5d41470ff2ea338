"""Views of the log that people keep under a name, beside it."""

from collections.abc import Sequence
from pathlib import Path

from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.work.saved_filters import SavedFilter


class StoredFilters:
    """Implements ``SavedFilters``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def save(self, saved: SavedFilter) -> None:
        self._table.write("save", **saved._asdict())

    def of(self, owner: str) -> Sequence[SavedFilter]:
        return [SavedFilter(*each) for each in self._table.rows("of", owner=owner)]

    def remove(self, owner: str, name: str) -> None:
        self._table.write("remove", owner=owner, name=name)
