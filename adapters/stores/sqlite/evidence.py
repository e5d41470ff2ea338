"""The evidence kept in the embedded store."""

from pathlib import Path
from sqlite3 import Cursor

from adapters.stores.evidence import StoredEvidence
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.classifying.evidence import Evidence
from engine.work.ports import TracesRemain


class SQLiteEvidence(StoredEvidence):
    """The table is made when something is kept for the first time."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        self._file = store
        self._there = self._is_there()

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        if not self._there:
            with self._store.explained(), self._store.writing() as c:
                c.execute(self.SQL["evidence"])
            self._there = True
        super().keep(workspace, subject, digest, evidence)

    def find(self, workspace: str, digest: str) -> Evidence | None:
        return super().find(workspace, digest) if self._there or self._is_there() else None

    def forget(self, workspace: str, subject: str) -> None:
        if self._there or self._is_there():
            super().forget(workspace, subject)

    def _is_there(self) -> bool:
        with self._store.explained(), self._store.reading() as c:
            return bool(c.execute(self.SQL["table_there"]).fetchone()[0])

    def _delete(self, c: Cursor, workspace: str, subject: str) -> None:
        """The others are copied and the old table dropped, whose pages are then zeroed; a deleted
        row's octets may survive in the free space of pages that were split."""
        c.execute(self.SQL["zero_what_is_freed"]).fetchall()
        c.execute(self.SQL["evidence"].replace("evidence", "evidence_kept", 1))
        c.execute(self.SQL["keep_the_others"], (workspace, subject))
        for step in ("drop_evidence", "rename_kept"):
            c.execute(self.SQL[step])

    def _erase(self) -> None:
        if self._file.checkpoint_is_hindered():
            raise TracesRemain(store=self._store.name)
