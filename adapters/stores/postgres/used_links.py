"""The used links of the PostgreSQL store; the table is made by the migration 0004."""

from datetime import datetime
from pathlib import Path

from adapters.stores.named_sql import statements
from adapters.stores.used_links import StoredLinks


class PostgresLinks(StoredLinks):
    SQL = statements(Path(__file__).with_suffix(".sql"))

    def _stored(self, moment: datetime) -> datetime:
        return moment
