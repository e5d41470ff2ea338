"""The schedule of background checks in the PostgreSQL store; its table is made by a migration."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.stores.check_schedule import StoredCheckSchedule
from adapters.stores.named_sql import statements


class PostgresCheckSchedule(StoredCheckSchedule):
    """Workers take what no other is taking at that moment (``SKIP LOCKED``)."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def _take(self, values: Mapping[str, Any]) -> Sequence[Any]:
        with self._store.writing() as c:
            found: Sequence[Any] = c.execute(self.SQL["take"], values).fetchall()
            return found

    def _stored(self, moment: datetime) -> datetime:
        return moment

    def _moment(self, stored: datetime) -> datetime:
        return stored

    def _listed(self, values: Collection[str]) -> list[str]:
        return list(values)
