"""The vault's rows in the PostgreSQL store; the tables are made by the migration 0002."""

from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Cursor

from adapters.stores.named_sql import statements
from adapters.stores.sealed_rows import StoredSealedRows


class PostgresSealedRows(StoredSealedRows):
    """A lock of ``vault_keys`` keeps rows and keys together."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def _keep_keys(self, c: Cursor[Any]) -> None:
        c.execute(self.SQL["keep_the_keys"])

    def _change_keys(self, c: Cursor[Any]) -> None:
        c.execute(self.SQL["change_the_keys"])

    def _stored(self, moment: datetime) -> datetime:
        return moment

    def _moment(self, stored: datetime) -> datetime:
        return stored
