"""How far each inbox has been read; the table is made by the migration 0009."""

from pathlib import Path

from adapters.stores.inbox_cursors import StoredCursors
from adapters.stores.named_sql import statements


class PostgresCursors(StoredCursors):
    SQL = statements(Path(__file__).with_suffix(".sql"))
