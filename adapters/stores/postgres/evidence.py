"""The evidence kept in the PostgreSQL store."""

from pathlib import Path
from typing import Any

from psycopg import Cursor
from psycopg.errors import LockNotAvailable

from adapters.stores.evidence import StoredEvidence
from adapters.stores.named_sql import statements
from engine.work.ports import TracesRemain


class PostgresEvidence(StoredEvidence):
    """Erases as far as the directory does, and is hindered by whoever holds the table."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def _delete(self, c: Cursor[Any], workspace: str, subject: str) -> None:
        c.execute(self.SQL["forget"], (workspace, subject))

    def _erase(self) -> None:
        """Write the others into files of their own, and drop the old ones."""
        with self._store.writing() as c:
            try:
                c.execute(self.SQL["nobody_reads"])
            except LockNotAvailable:
                raise TracesRemain(store=self._store.name) from None
            for step in ("keep_the_others", "drop_the_files", "write_the_others"):
                c.execute(self.SQL[step])
