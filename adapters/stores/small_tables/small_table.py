"""One table beside the log, in the SQL that all products understand.

Its ``.sql`` file begins with ``CREATE TABLE`` and any ``CREATE INDEX``; the other statements have
``:name`` for values. Times are microseconds since 1970 in ``BIGINT``; yes and no are 1 and 0 in
``SMALLINT``. An embedded store makes the table with the first write and is without rows before;
PostgreSQL gets it by a migration with the same columns.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
Row = tuple[Any, ...]


class TableStore(Protocol):
    """What a small table asks of the store beside which it stands."""

    def explained(self) -> AbstractContextManager[None]: ...

    def reading(self) -> AbstractContextManager[Any]: ...

    def writing(self) -> AbstractContextManager[Any]: ...

    def portable(self, path: Path) -> Mapping[str, str]:
        """The statements of a file by name, in the product's spelling."""
        ...

    def has_table(self, name: str) -> bool: ...


Change = Callable[..., Row | None]
"""Runs a statement by its name with these values; answers the first row that it returns."""


class SmallTable:
    """Reads and writes rows by named statements. Raises ``StoreError``. Safe to share."""

    def __init__(self, store: TableStore, sql: Path) -> None:
        self._store = store
        self._sql = store.portable(sql)
        self._made_by = [each for each in self._sql.values() if each.startswith("CREATE ")]
        found = _TABLE.match(self._made_by[0])
        assert found, f"{sql.name} makes no table"
        self._name = found[1]
        self._there = False

    def rows(self, statement: str, **values: Any) -> list[Row]:
        if not self._is_there():
            return []
        with self._store.explained(), self._store.reading() as c:
            return list(c.execute(self._sql[statement], values).fetchall())

    def row(self, statement: str, **values: Any) -> Row | None:
        return next(iter(self.rows(statement, **values)), None)

    def write(self, statement: str, **values: Any) -> int:
        """Answers how many rows it changed."""
        with self._open() as c:
            return int(c.execute(self._sql[statement], values).rowcount)

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Several statements in one transaction."""
        with self._open() as c:

            def change(statement: str, **values: Any) -> Row | None:
                done = c.execute(self._sql[statement], values)
                return done.fetchone() if done.description else None

            yield change

    @contextmanager
    def _open(self) -> Iterator[Any]:
        there = self._is_there()
        with self._store.explained(), self._store.writing() as c:
            for each in () if there else self._made_by:
                c.execute(each)
            yield c
        self._there = True

    def _is_there(self) -> bool:
        if not self._there:
            self._there = self._store.has_table(self._name)
        return self._there
