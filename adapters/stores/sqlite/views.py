"""Projections' rows in the embedded store: a table each, columns as the row's fields."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain
from sqlite3 import Cursor
from typing import Any, NamedTuple, get_type_hints

from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteCursor

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.row_types import Convert, asked_value, chooses, converted, kind_of
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.recorder import ROWS_AT_ONCE, SQL
from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.sqlite.view_status import clear_stop, record_skip, record_stop, status_of
from engine.ports.errors import StaleView
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from projections.projection import Projection, RowKey


class _Table(NamedTuple):
    """How rows of one projection are written and read."""

    name: str
    key: tuple[str, ...]
    row: type[Any]
    create: str
    columns: str
    upsert: str
    upserts: str
    """The same of ``ROWS_AT_ONCE`` rows."""
    encoders: tuple[tuple[int, Convert], ...]
    decoders: tuple[tuple[int, Convert], ...]
    choosers: frozenset[str]
    """Columns by which rows may be chosen."""

    def encode(self, row: tuple[Any, ...]) -> Sequence[Any]:
        return converted(row, self.encoders) if self.encoders else row

    def decode(self, values: tuple[Any, ...]) -> Any:
        return self.row._make(converted(values, self.decoders))

    def decode_some(self, columns: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
        decoders = dict(self.decoders)
        places = map(self.row._fields.index, columns)
        wanted = ((i, decoders[at]) for i, at in enumerate(places) if at in decoders)
        return tuple(converted(values, tuple(wanted)))


class SQLiteViews:
    """Rows, and the positions in the library's tracking table, in one transaction."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self._tables: dict[str, _Table] = {}

    def position(self, projection: Projection) -> int:
        with self._explained():
            return self._store.recorder.max_tracking_id(projection.tracking_name) or 0

    def reset(self, projection: Projection) -> None:
        table = self._table(projection)
        with self._explained(), self._store.writing() as c:
            _recreate(c, table, projection)
            clear_stop(c, projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        table = self._table(projection)
        same_key = " AND ".join(f"{column} = ?" for column in table.key)
        statement = f"SELECT {table.columns} FROM {table.name} WHERE {same_key}"  # noqa: S608
        rows = {}
        with self._explained(), self._store.reading() as c:
            for key in keys:
                c.execute(statement, key)
                found = c.fetchone()
                if found is not None:
                    rows[key] = table.decode(found)
        return rows

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        since: Mapping[Projection, int],
        position: int,
    ) -> None:
        tables = {projection: self._table(projection) for projection in changes}
        with self._explained(), self._store.writing() as c:
            for projection, rows in changes.items():
                stands_at = self._stands_at(c, projection)
                if stands_at != since[projection]:
                    raise StaleView(
                        view=projection.tracking_name, expected=since[projection], found=stands_at
                    )
                table = tables[projection]
                in_order = [table.encode(rows[key]) for key in sorted(rows, key=tuple)]
                whole = len(in_order) // ROWS_AT_ONCE * ROWS_AT_ONCE
                for start in range(0, whole, ROWS_AT_ONCE):
                    values = chain.from_iterable(in_order[start : start + ROWS_AT_ONCE])
                    c.execute(table.upserts, list(values))
                c.executemany(table.upsert, in_order[whole:])
                tracking = Tracking(projection.tracking_name, position)
                self._store.recorder._insert_tracking(SQLiteCursor(c), tracking)  # noqa: SLF001

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        table = self._table(projection)
        order = ", ".join(table.key)
        select = f"SELECT {table.columns} FROM {table.name}"  # noqa: S608
        where, values = _where(table, prefix, equal)
        with self._explained(), self._store.reading() as c:
            c.execute(f"{select} {where} ORDER BY {order}", values)
            return list(map(table.decode, c.fetchall()))

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        table = self._table(projection)
        where, values = _where(table, prefix, equal)
        with self._explained(), self._store.reading() as c:
            c.execute(f"SELECT count(*) FROM {table.name} {where}", values)  # noqa: S608
            return int(c.fetchone()[0])

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        table, names = self._table(projection), ", ".join(columns)
        where, values = _where(table, prefix, {})
        select = f"SELECT {names}, count(*) FROM {table.name} {where} GROUP BY {names}"  # noqa: S608
        with self._explained(), self._store.reading() as c:
            found = c.execute(select, values).fetchall()
        return {table.decode_some(columns, row[:-1]): row[-1] for row in found}

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        with self._explained(), self._store.reading() as c:
            return {each: status_of(c, each) for each in projections}

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:  # noqa: ARG002
        """Nobody leads a view of this store: there is one ``serve``."""
        return {}

    def stop(self, projection: Projection, stop: Stop) -> None:
        with self._explained(), self._store.writing() as c:
            record_stop(c, projection, stop)

    def retry(self, projection: Projection) -> None:
        with self._explained(), self._store.writing() as c:
            clear_stop(c, projection)

    def skip(self, projection: Projection, skip: Skip) -> None:
        with self._explained(), self._store.writing() as c:
            record_skip(c, projection, skip)

    def _table(self, projection: Projection) -> _Table:
        table = self._tables.get(projection.tracking_name)
        if table is None:
            table = _described(projection)
            if self.position(projection) == 0:
                self._create(table, projection)
            self._tables[projection.tracking_name] = table
        return table

    def _create(self, table: _Table, projection: Projection) -> None:
        """Make room for the view, unless another process did so and folded rows meanwhile."""
        with self._explained(), self._store.writing() as c:
            if self._stands_at(c, projection) == 0:
                _recreate(c, table, projection)

    def _stands_at(self, c: Cursor, projection: Projection) -> int:
        recorder = self._store.recorder
        return recorder._max_tracking_id(projection.tracking_name, SQLiteCursor(c)) or 0  # noqa: SLF001

    def _explained(self) -> Any:
        return explained(str(self._store.path))


def _recreate(c: Cursor, table: _Table, projection: Projection) -> None:
    c.execute(f"DROP TABLE IF EXISTS {table.name}")
    c.execute(table.create)
    c.execute(SQL["forget_position"], (projection.name,))


def _described(projection: Projection) -> _Table:
    fields: tuple[str, ...] = projection.row._fields
    key = fields[: projection.key_length]
    hints = get_type_hints(projection.row)
    name = f"view_{projection.name}"
    columns = ", ".join(fields)
    marks = ", ".join("?" * len(fields))
    upsert = f"INSERT OR REPLACE INTO {name} VALUES ({marks})"  # noqa: S608
    conversions = [(i, _conversion(hints[field])) for i, field in enumerate(fields)]
    return _Table(
        name=name,
        key=key,
        row=projection.row,
        create=f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(key)})) WITHOUT ROWID",
        columns=columns,
        upsert=upsert,
        upserts=upsert + f", ({marks})" * (ROWS_AT_ONCE - 1),
        encoders=tuple((i, both[0]) for i, both in conversions if both),
        decoders=tuple((i, both[1]) for i, both in conversions if both),
        choosers=frozenset(field for field in fields if chooses(hints[field])),
    )


def _conversion(hint: Any) -> tuple[Convert, Convert] | None:
    """How a field's type is stored; None where SQLite has it."""
    kind = kind_of(hint)
    if kind is datetime:
        return to_micros, from_micros
    if kind is dict:
        return _to_json, json.loads
    if kind is tuple:
        return _to_json, lambda text: tuple(json.loads(text))
    if kind is bool:
        return int, bool
    if issubclass(kind, StrEnum):
        return str, kind
    return None


def _to_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _where(
    table: _Table, prefix: tuple[str, ...], equal: Mapping[str, str | bool]
) -> tuple[str, list[str | bool]]:
    asked = {**dict(zip(table.key, prefix, strict=False)), **equal}
    for column in asked:
        if column not in table.choosers:
            raise ValueError(f"{table.name} has no column {column} to choose by")
    conditions = " AND ".join(f"{column} = ?" for column in asked)
    return (f"WHERE {conditions}" if asked else ""), list(map(asked_value, asked.values()))
