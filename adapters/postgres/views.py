"""Projections' rows in PostgreSQL: a table each, rows and position in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from psycopg import Cursor, sql
from psycopg.sql import Composed, Identifier
from psycopg.types.json import Jsonb

from adapters.postgres.standings import SQL as STANDINGS
from adapters.postgres.standings import (
    clear_stop,
    hold_the_fence,
    keepers_of,
    record_skip,
    record_stop,
    standings_of,
)
from adapters.postgres.store import PostgresStore
from adapters.row_types import asked_value, chooses, kind_of
from engine.standing import Keeper, Skip, Standing, Stop
from engine.store import StaleView, StoreError
from projections.projection import Projection, RowKey

Convert = Callable[[Any], Any]

MANY = 200
"""Rows from which on COPY through a staging table is quicker than one upsert after the other."""

_TYPES: Mapping[type[Any], str] = {
    datetime: "timestamptz",
    bool: "boolean",
    int: "bigint",
    dict: "jsonb",
    tuple: "text[]",
}
_TEXT = 'text COLLATE "C"'
"""In the order of code points, as Python's."""

_POSITION = "SELECT notification_id FROM tracking WHERE application_name = %s"
_BEGIN = "INSERT INTO tracking VALUES (%s, %s) ON CONFLICT DO NOTHING"
_GO_ON = (
    "UPDATE tracking SET notification_id = %s WHERE application_name = %s AND notification_id = %s"
)
_FORGET = "DELETE FROM tracking WHERE application_name LIKE %s || '/%%'"


class Table(NamedTuple):
    """How rows of one projection are written and read."""

    name: Identifier
    key: tuple[str, ...]
    fields: tuple[str, ...]
    row: type[Any]
    columns: Composed
    """Names and types, and the primary key."""
    encoders: tuple[tuple[int, Convert], ...]
    decoders: tuple[tuple[int, Convert], ...]
    choosers: frozenset[str]
    """Columns by which rows may be chosen."""
    staging: Identifier
    indexes: tuple[Composed, ...]
    """What makes them."""

    def encode(self, row: Sequence[Any]) -> Sequence[Any]:
        return _converted(row, self.encoders) if self.encoders else row

    def decode(self, values: Sequence[Any]) -> Any:
        return self.row._make(_converted(values, self.decoders))

    @property
    def names(self) -> Composed:
        return _list(self.fields)

    def create(self) -> Composed:
        return sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(
            self.name, self.columns, _list(self.key)
        )

    def on_conflict(self) -> Composed:
        rest = [field for field in self.fields if field not in self.key]
        if not rest:
            return Composed([sql.SQL("ON CONFLICT DO NOTHING")])
        sets = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(Identifier(each)) for each in rest
        )
        return sql.SQL("ON CONFLICT ({}) DO UPDATE SET {}").format(_list(self.key), sets)


class PostgresViews:
    """Rows, and the positions in the library's tracking table, in one transaction.

    Saves wait for no disk: a server that crashes goes back to rows and positions that fit each
    other and the log, and folding goes on from there.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._there: set[str] = set()
        self._epochs: Mapping[Projection, int] | None = None

    def fenced(self, epochs: Mapping[Projection, int]) -> "PostgresViews":
        """The same for whoever leads these, in these epochs: it writes nothing of any other view.

        Raises ``Fenced`` when it tries to, and when somebody else has begun a newer epoch.
        """
        views = PostgresViews(self._store)
        views._there, views._epochs = self._there, dict(epochs)
        return views

    def position(self, projection: Projection) -> int:
        with self._store.explained(), self._store.cursor() as cursor:
            return _stands_at(cursor, projection)

    def reset(self, projection: Projection) -> None:
        with self._changing(projection) as cursor:
            recreate(cursor, projection)
            clear_stop(cursor, projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        if not keys:
            return {}
        table = self._table(projection)
        with self._store.explained(), self._store.cursor(binary=True) as cursor:
            found = cursor.execute(_fetch(table), list(map(list, zip(*keys, strict=True))))
            rows = map(table.decode, found.fetchall())
            return {row[: len(table.key)]: row for row in rows}

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        since: Mapping[Projection, int],
        position: int,
    ) -> None:
        tables = {projection: self._table(projection) for projection in changes}
        with self._changing(*changes) as cursor:
            for projection in sorted(changes, key=lambda each: each.name):
                _move(cursor, projection, since[projection], position)
                write_rows(cursor, tables[projection], changes[projection], projection.appends)
            cursor.execute(STANDINGS["told"])

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        table = self._table(projection)
        where, values = chosen(table, prefix, equal)
        select = sql.SQL("SELECT {} FROM {} {} ORDER BY {}").format(
            table.names, table.name, where, _list(table.key)
        )
        with self._store.explained(), self._store.cursor(binary=True) as cursor:
            return list(map(table.decode, cursor.execute(select, values).fetchall()))

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        table = self._table(projection)
        where, values = chosen(table, prefix, equal)
        select = sql.SQL("SELECT count(*) FROM {} {}").format(table.name, where)
        with self._store.explained(), self._store.cursor() as cursor:
            found = cursor.execute(select, values).fetchone()
        return int(found[0]) if found else 0

    def standings(self, projections: Sequence[Projection]) -> dict[Projection, Standing]:
        with self._store.explained(), self._store.cursor() as cursor:
            return standings_of(cursor, projections)

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        with self._store.explained(), self._store.cursor() as cursor:
            return keepers_of(cursor, projections)

    def stop(self, projection: Projection, stop: Stop) -> None:
        with self._changing(projection) as cursor:
            record_stop(cursor, projection, stop)

    def retry(self, projection: Projection) -> None:
        with self._store.explained(), self._store.writing() as cursor:
            clear_stop(cursor, projection)
            cursor.execute(STANDINGS["wake_workers"])

    def skip(self, projection: Projection, skip: Skip) -> None:
        with self._store.explained(), self._store.writing() as cursor:
            record_skip(cursor, projection, skip)
            cursor.execute(STANDINGS["wake_workers"])

    @contextmanager
    def _changing(self, *projections: Projection) -> Iterator[Cursor[Any]]:
        """A transaction behind the fence."""
        with self._store.explained(), self._store.writing() as cursor:
            hold_the_fence(cursor, self._epochs, projections)
            yield cursor

    def _table(self, projection: Projection) -> Table:
        """Make room for the view, unless another process did so and folded rows meanwhile."""
        if projection.tracking_name not in self._there:
            with self._store.explained(), self._store.writing() as cursor:
                cursor.execute(_LOCK, (projection.name,))
                if _stands_at(cursor, projection) == 0:
                    recreate(cursor, projection)
            self._there.add(projection.tracking_name)
        return described(projection)


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.view_' || %s, 0))"


def recreate(cursor: Cursor[Any], projection: Projection) -> None:
    table = described(projection)
    cursor.execute(_LOCK, (projection.name,))
    cursor.execute(_FORGET, (projection.name,))
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table.name))
    cursor.execute(table.create())
    for index in table.indexes:
        cursor.execute(index)


def write_rows(
    cursor: Cursor[Any], table: Table, rows: Mapping[RowKey, Any], appends: bool
) -> None:
    """Sorted by key, so that neighbours come together and two writers never wait in a circle."""
    in_order = [table.encode(rows[key]) for key in sorted(rows, key=tuple)]
    if len(in_order) < MANY:
        cursor.executemany(_upsert(table), in_order)
    elif appends:
        copy_rows(cursor, table, table.name, in_order)
    else:
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(
                table.staging, table.name
            )
        )
        copy_rows(cursor, table, table.staging, in_order)
        cursor.execute(
            sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {2} {3}").format(
                table.name, table.names, table.staging, table.on_conflict()
            )
        )


def copy_rows(
    cursor: Cursor[Any], table: Table, into: Identifier, rows: Iterable[Sequence[Any]]
) -> None:
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(into, table.names)) as copy:
        for row in rows:
            copy.write_row(row)


@cache
def described(projection: Projection) -> Table:
    fields: tuple[str, ...] = projection.row._fields
    hints = get_type_hints(projection.row)
    kinds = [kind_of(hints[field]) for field in fields]
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(Identifier(field), sql.SQL(_TYPES.get(kind, _TEXT)))
        for field, kind in zip(fields, kinds, strict=True)
    )
    return Table(
        name=Identifier(f"view_{projection.name}"),
        key=fields[: projection.key_length],
        fields=fields,
        row=projection.row,
        columns=columns,
        encoders=tuple((i, _ENCODERS[kind]) for i, kind in enumerate(kinds) if kind in _ENCODERS),
        decoders=tuple((i, kind) for i, kind in enumerate(kinds) if kind not in _AS_THEY_ARE),
        choosers=frozenset(field for field in fields if chooses(hints[field])),
        indexes=tuple(
            sql.SQL("CREATE INDEX {} ON {} ({})").format(
                index_of(projection, field),
                Identifier(f"view_{projection.name}"),
                Identifier(field),
            )
            for field in projection.indexed
        ),
        staging=Identifier(f"staged_{projection.name}_{projection.version}"),
    )


_ENCODERS: Mapping[type[Any], Convert] = {dict: Jsonb, tuple: list}
_AS_THEY_ARE = {datetime, bool, int, dict, str}


def _index(projection: Projection, field: str) -> Composed:
    name = Identifier(f"view_{projection.name}")
    return sql.SQL("CREATE INDEX {} ON {} ({})").format(
        index_of(projection, field), name, Identifier(field)
    )


def index_of(projection: Projection, field: str) -> Identifier:
    return Identifier(f"view_{projection.name}_{field}")


def _converted(values: Sequence[Any], conversions: tuple[tuple[int, Convert], ...]) -> list[Any]:
    converted = list(values)
    for index, convert in conversions:
        value = converted[index]
        if value is not None:
            converted[index] = convert(value)
    return converted


def chosen(
    table: Table, prefix: Sequence[str], equal: Mapping[str, str | bool]
) -> tuple[Composed, list[str | bool]]:
    """The condition that chooses these rows, and its values."""
    asked = {**dict(zip(table.key, prefix, strict=False)), **equal}
    for column in asked:
        if column not in table.choosers:
            raise ValueError(f"{table.name.as_string(None)} has no column {column} to choose by")
    conditions = [sql.SQL("{} = %s").format(Identifier(column)) for column in asked]
    where = sql.SQL("WHERE {}" if asked else "").format(sql.SQL(" AND ").join(conditions))
    return where, list(map(asked_value, asked.values()))


def _fetch(table: Table) -> Composed:
    """OFFSET 0 keeps the planner at one look into the index per key, however many there are."""
    arrays = sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in table.key)
    same = sql.SQL(" AND ").join(
        sql.SQL("v.{0} = k.{0}").format(Identifier(each)) for each in table.key
    )
    return sql.SQL(
        "SELECT {} FROM unnest({}) AS k ({}) CROSS JOIN LATERAL "
        "(SELECT v.* FROM {} v WHERE {} OFFSET 0) AS v"
    ).format(
        sql.SQL(", ").join(sql.SQL("v.{}").format(Identifier(each)) for each in table.fields),
        arrays,
        _list(table.key),
        table.name,
        same,
    )


def _upsert(table: Table) -> Composed:
    marks = sql.SQL(", ").join(sql.SQL("%s") for _ in table.fields)
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) {}").format(
        table.name, table.names, marks, table.on_conflict()
    )


def _list(names: Iterable[str]) -> Composed:
    return sql.SQL(", ").join(map(Identifier, names))


def _stands_at(cursor: Cursor[Any], projection: Projection) -> int:
    found = cursor.execute(_POSITION, (projection.tracking_name,)).fetchone()
    return int(found[0]) if found else 0


def _move(cursor: Cursor[Any], projection: Projection, since: int, position: int) -> None:
    """The position is the fence: who folded from another one has written nothing."""
    name = projection.tracking_name
    if since == 0:
        moved = cursor.execute(_BEGIN, (name, position)).rowcount
    else:
        moved = cursor.execute(_GO_ON, (position, name, since)).rowcount
    stands_at = since if moved else _stands_at(cursor, projection)
    if stands_at != since:
        raise StaleView(name, since, stands_at)
    if position <= since:
        raise StoreError(f"View {name} stands at {since} already.")
