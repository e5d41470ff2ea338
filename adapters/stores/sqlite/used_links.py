"""The used links of the embedded store."""

from datetime import datetime
from pathlib import Path

from adapters.stores.microseconds import to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.used_links import StoredLinks


class SQLiteLinks(StoredLinks):
    """The table is made when the links are opened."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        with store.explained(), store.writing() as c:
            c.execute(self.SQL["used_links"])

    def _stored(self, moment: datetime) -> int:
        return to_micros(moment)
