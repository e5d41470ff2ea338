"""One table beside the log, in the SQL that all products understand.

Its ``.sql`` file begins with ``CREATE TABLE`` and any ``CREATE INDEX``; the other statements have
``:name`` for values. Times are microseconds since 1970 in ``BIGINT``; yes and no are 1 and 0 in
``SMALLINT``. An embedded store makes the table with the first write and is without rows before;
PostgreSQL gets it by a migration with the same columns. What locks rows or tables is for
PostgreSQL: an embedded store has one writer at a time, and leaves it out. ``= ANY (:name)`` and
``<> ALL (:name)`` take a list.

Tables of the first releases have ``timestamptz`` in PostgreSQL: a ``datetime`` given as a value is
stored as the product does that, and ``moment`` reads it from both.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from adapters.stores.microseconds import from_micros

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
Row = tuple[Any, ...]


class TableStore(Protocol):
    """What a small table asks of the store beside which it stands."""

    def now(self) -> datetime: ...

    def explained(self) -> AbstractContextManager[None]: ...

    def reading(self) -> AbstractContextManager[Any]: ...

    def writing(self) -> AbstractContextManager[Any]: ...

    def erasing(self, table: str, made_by: Sequence[str]) -> AbstractContextManager[Any]:
        """A transaction, after which the table has no trace of the rows deleted in it.

        ``made_by``: the statements that make the table. Raises ``TracesRemain``."""
        ...

    def portable(self, path: Path) -> Mapping[str, str]:
        """The statements of a file by name, in the product's spelling."""
        ...

    def stored(self, value: Any) -> Any:
        """A moment or several texts as the product has them; anything else as it is."""
        ...

    def has_table(self, name: str) -> bool: ...


class Change:
    """Within one transaction: runs a statement by its name with these values."""

    def __init__(self, table: "SmallTable", cursor: Any) -> None:
        self._table, self.cursor = table, cursor

    def __call__(self, statement: str, **values: Any) -> Row | None:
        """Answers the first row that it returns."""
        return next(iter(self.rows(statement, **values)), None)

    def rows(self, statement: str, **values: Any) -> list[Row]:
        done = self._run(statement, values)
        return list(done.fetchall()) if done.description else []

    def count(self, statement: str, **values: Any) -> int:
        """Answers how many rows it changed."""
        return int(self._run(statement, values).rowcount)

    def each(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.cursor.executemany(self._table.sql[statement], list(map(self._table.values, rows)))

    def _run(self, statement: str, values: Mapping[str, Any]) -> Any:
        return self.cursor.execute(self._table.sql[statement], self._table.values(values))


class SmallTable:
    """Reads and writes rows by named statements. Raises ``StoreError``. Safe to share."""

    def __init__(self, store: TableStore, sql: Path) -> None:
        self.store = store
        self.sql = store.portable(sql)
        self.made_by = [each for each in self.sql.values() if each.startswith("CREATE ")]
        self._names = _TABLE.findall("\n".join(self.made_by))
        assert self._names, f"{sql.name} makes no table"
        self._there = False

    def rows(self, statement: str, **values: Any) -> list[Row]:
        if not self._is_there():
            return []
        with self.store.explained(), self.store.reading() as c:
            return Change(self, c).rows(statement, **values)

    def row(self, statement: str, **values: Any) -> Row | None:
        return next(iter(self.rows(statement, **values)), None)

    def write(self, statement: str, **values: Any) -> int:
        """Answers how many rows it changed."""
        with self.changing() as change:
            return change.count(statement, **values)

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Several statements in one transaction."""
        there = self._is_there()
        with self.store.explained(), self.store.writing() as c:
            for each in () if there else self.made_by:
                c.execute(each)
            yield Change(self, c)
        self._there = True

    def erase(self, statement: str, **values: Any) -> None:
        """Delete rows so that no trace is left. Raises ``TracesRemain``."""
        if self._is_there():
            with self.store.explained(), self.store.erasing(self._names[0], self.made_by) as c:
                Change(self, c).count(statement, **values)

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the product stores them."""
        return {name: self.store.stored(each) for name, each in given.items()}

    def _is_there(self) -> bool:
        if not self._there:
            self._there = all(map(self.store.has_table, self._names))
        return self._there


def moment(stored: Any) -> datetime:
    """Of a column that a ``datetime`` was given for."""
    return stored if isinstance(stored, datetime) else from_micros(stored)
