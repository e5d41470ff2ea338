"""The alarms of the PostgreSQL store; the table is made by the migration 0004."""

from datetime import datetime
from pathlib import Path

from adapters.stores.alarms import StoredAlarms
from adapters.stores.named_sql import statements


class PostgresAlarms(StoredAlarms):
    SQL = statements(Path(__file__).with_suffix(".sql"))

    def _stored(self, moment: datetime) -> datetime:
        return moment

    def _moment(self, stored: datetime) -> datetime:
        return stored
