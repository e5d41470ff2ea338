"""Where small tables stand that are gone with their test."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

from adapters.stores.named_sql import embedded, embedded_value, statements
from engine.ports.clock import Clock


class TablesInMemory:
    """A ``TableStore`` without a log. Threads take turns."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self._lock = RLock()
        self._connection = sqlite3.connect(
            ":memory:", check_same_thread=False, isolation_level=None
        )

    def __del__(self) -> None:
        self._connection.close()

    def explained(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        with self._lock:
            yield self._connection.cursor()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        with self.reading() as c:
            c.execute("BEGIN")
            try:
                yield c
                c.execute("COMMIT")
            except BaseException:
                c.execute("ROLLBACK")
                raise

    def erasing(
        self,
        table: str,  # noqa: ARG002
        made_by: Sequence[str],  # noqa: ARG002
    ) -> AbstractContextManager[sqlite3.Cursor]:
        return self.writing()

    def portable(self, path: Path) -> Mapping[str, str]:
        return {name: embedded(text) for name, text in statements(path).items()}

    def stored(self, value: Any) -> Any:
        return embedded_value(value)

    def has_table(self, name: str) -> bool:
        with self.reading() as c:
            asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            return c.execute(asked, (name,)).fetchone() is not None
