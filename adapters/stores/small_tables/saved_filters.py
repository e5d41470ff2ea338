"""Views of the log that people keep under a name, beside it."""

from collections.abc import Sequence

from adapters.stores.small_tables.small_table import StoredTable
from engine.work.saved_filters import SavedFilter


class StoredFilters(StoredTable):
    """Implements ``SavedFilters``."""

    def save(self, saved: SavedFilter) -> None:
        self._table.write("save", **saved._asdict())

    def of(self, owner: str) -> Sequence[SavedFilter]:
        return self._table.records("of", SavedFilter, owner=owner)

    def remove(self, owner: str, name: str) -> None:
        self._table.write("remove", owner=owner, name=name)
