"""Up to where the PostgreSQL store was told; the table is made by the migration 0007."""

from pathlib import Path

from adapters.stores.named_sql import statements
from adapters.stores.relay_mark import StoredMark


class PostgresMark(StoredMark):
    SQL = statements(Path(__file__).with_suffix(".sql"))
