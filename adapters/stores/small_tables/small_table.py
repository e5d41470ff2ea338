"""One table beside the log, in the SQL that all products understand.

Its ``.sql`` file begins with ``CREATE TABLE`` and any ``CREATE INDEX``; the other statements have
``:name`` for values. Times are microseconds since 1970 in ``BIGINT``; yes and no are 1 and 0 in
``SMALLINT``. An embedded store makes the table with the first write and is without rows before;
PostgreSQL gets it by a migration with the same columns. What locks rows or tables is for
PostgreSQL: an embedded store has one writer at a time, and leaves it out. ``= ANY (:name)`` and
``<> ALL (:name)`` take a list.

Values may be moments, enums and JSON objects; a record's annotations say how it is read back.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from enum import StrEnum
from functools import cache
from inspect import getfile
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.row_types import Conversions, Convert, converted, kind_of

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
Row = tuple[Any, ...]
R = TypeVar("R", bound=tuple[Any, ...])


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

    def records(self, statement: str, kind: type[R], **values: Any) -> list[R]:
        return [record(kind, each) for each in self.rows(statement, **values)]

    def count(self, statement: str, **values: Any) -> int:
        """Answers how many rows it changed."""
        return int(self._run(statement, values).rowcount)

    def each(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.cursor.executemany(self._table.sql[statement], list(map(self._table.values, rows)))

    def _run(self, statement: str, values: Mapping[str, Any]) -> Any:
        return self.cursor.execute(self._table.sql[statement], self._table.values(values))


class SmallTable:
    """Reads and writes rows by named statements. Raises ``StoreError``. Safe to share."""

    def __init__(self, store: TableStore, sql: Path, *, micros: bool = True) -> None:
        """``micros``: moments are integers in every product, not what the product has for them."""
        self.store = store
        self._micros = micros
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

    def records(self, statement: str, kind: type[R], **values: Any) -> list[R]:
        """Rows with a column for each field of a named tuple, in their order."""
        return [record(kind, each) for each in self.rows(statement, **values)]

    def record(self, statement: str, kind: type[R], **values: Any) -> R | None:
        return next(iter(self.records(statement, kind, **values)), None)

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
        return {name: self.store.stored(self._plain(each)) for name, each in given.items()}

    def _plain(self, value: Any) -> Any:
        match value:
            case datetime() if self._micros:
                return to_micros(value)
            case StrEnum():
                return str(value)
            case dict():
                return json.dumps(value)
            case _:
                return value

    def _is_there(self) -> bool:
        if not self._there:
            self._there = all(map(self.store.has_table, self._names))
        return self._there


class StoredTable:
    """What is kept in one table, whose ``.sql`` file stands beside the module of its class: the one
    that is such a table itself, not one made of it."""

    MICROS: ClassVar[bool] = True
    """False for tables of the first releases, which have ``timestamptz`` in PostgreSQL."""

    def __init__(self, store: TableStore) -> None:
        ancestors = type(self).__mro__
        kind = ancestors[ancestors.index(StoredTable) - 1]
        sql = Path(getfile(kind)).with_suffix(".sql")
        self._table = SmallTable(store, sql, micros=self.MICROS)


def record(kind: type[R], row: Row) -> R:
    return kind(*converted(row, _decoders(kind)))


def moment(stored: Any) -> datetime:
    """Of a column that a ``datetime`` was given for."""
    return stored if isinstance(stored, datetime) else from_micros(stored)


_DECODERS: Mapping[type[Any], Convert] = {datetime: moment, dict: json.loads, bool: bool}


@cache
def _decoders(kind: type[Any]) -> Conversions:
    kinds = [kind_of(each) for each in get_type_hints(kind).values()]
    found = [each if issubclass(each, StrEnum) else _DECODERS.get(each) for each in kinds]
    return tuple((index, each) for index, each in enumerate(found) if each is not None)
