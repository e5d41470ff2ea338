"""The entries of a PostgreSQL store; the function that appends numbers what has no event."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.stores.entries import SHARED, StoredEntries
from adapters.stores.named_sql import for_psycopg, statements
from adapters.stores.postgres.append import append_recorded
from engine.appending import Continuation
from events.recorded import Envelope


class PostgresEntries(StoredEntries):
    ENTRIES = for_psycopg(SHARED) | statements(Path(__file__).with_suffix(".sql"))

    @abstractmethod
    def reading(self, *, binary: bool = False) -> AbstractContextManager[Any]: ...

    def _reading_entries(self) -> AbstractContextManager[Any]:
        return self.reading(binary=True)

    def _lock_order(self, c: Any) -> None:
        c.execute(self.ENTRIES["lock_order"])

    def _append_recorded(self, c: Any, found: Continuation, after: int) -> None:
        append_recorded(c, found, after)

    def _listed(self, values: Sequence[str]) -> list[str]:
        return list(values)

    def _envelope(self, columns: Sequence[Any]) -> Envelope | None:
        return None if columns[0] is None else Envelope._make(columns)

    def _from_stored(self, stored: datetime) -> datetime:
        return stored

    def _to_stored(self, moment: datetime) -> datetime:
        return moment
