"""Projections' rows in PostgreSQL: a table each, rows and position in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor, sql
from psycopg.sql import Identifier

from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.tables import Table, described
from adapters.stores.postgres.view_status import SQL as STANDINGS
from adapters.stores.postgres.view_status import (
    clear_stop,
    hold_the_fence,
    keepers_of,
    record_skip,
    record_stop,
    statuses_of,
)
from adapters.stores.view_checks import check_move
from adapters.stores.view_rows import StoredRows
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from engine.ports.views import Changes, Since
from projections.projection import Projection, RowKey

MANY = 200
"""Rows from which on COPY through a staging table is quicker than one upsert after the other."""
STREAMED = 1_000
"""Rows that come from the server at once where all are read."""

_POSITION = "SELECT notification_id FROM tracking WHERE application_name = %s"
_BEGIN = "INSERT INTO tracking VALUES (%s, %s) ON CONFLICT DO NOTHING"
_GO_ON = (
    "UPDATE tracking SET notification_id = %s WHERE application_name = %s AND notification_id = %s"
)
_FORGET = "DELETE FROM tracking WHERE application_name LIKE %s || '/%%'"


class PostgresViews(StoredRows):
    """Rows, and the positions in the library's tracking table, in one transaction.

    Saves wait for no disk: a server that crashes goes back to rows and positions that fit each
    other and the log, and folding goes on from there. A read-only store makes no table: a view that
    was never built reads as one without rows.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._there: set[Projection] = set()
        self._epochs: Mapping[Projection, int] | None = None

    def fenced(self, epochs: Mapping[Projection, int]) -> "PostgresViews":
        """The same for whoever leads these, in these epochs: it writes nothing of any other view.

        Raises ``Fenced`` when it tries to, and when somebody else has begun a newer epoch.
        """
        views = PostgresViews(self._store)
        views._there, views._epochs = self._there, dict(epochs)
        return views

    def position(self, projection: Projection) -> int:
        with self._store.explained(), self._store.reading() as cursor:
            return position_of(cursor, projection)

    def reset(self, projection: Projection) -> None:
        with self._changing(projection) as cursor:
            recreate(cursor, projection)
            clear_stop(cursor, projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        if not keys:
            return {}
        with self._reading(projection) as cursor:
            return {} if cursor is None else fetch_rows(cursor, projection, keys)

    def save(self, changes: Changes, since: Since, position: int) -> None:
        for projection in changes:
            self._make_room(projection)
        with self._changing(*changes) as cursor:
            for projection in sorted(changes, key=lambda each: each.name):
                _move(cursor, projection, since[projection], position)
                write_rows(cursor, described(projection), changes[projection], projection.appends)
            cursor.execute(STANDINGS["told"])

    def _table(self, projection: Projection) -> Table:
        return described(projection)

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        with self._store.explained(), self._store.reading() as cursor:
            return statuses_of(cursor, projections)

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        with self._store.explained(), self._store.reading() as cursor:
            return keepers_of(cursor, projections)

    def names(self) -> frozenset[str]:
        with self._store.explained(), self._store.reading() as cursor:
            return frozenset(name for (name,) in cursor.execute(STANDINGS["names"]))

    @contextmanager
    def of_one_moment(self, projections: Sequence[Projection]) -> Iterator[None]:
        """The tables are locked first: a moment does not show the rows of one that came after."""
        there = self.names()
        tables = [described(each).name for each in projections if each.name in there]
        with self._store.explained(), self._store.of_one_moment(tables):
            yield

    def stored(self, projection: Projection) -> Iterator[tuple[RowKey, Any]]:
        table = described(projection)
        if projection.name not in self.names():
            return
        select = table.select(table.fields, {})
        with self._store.explained(), self._store.reading(binary=True) as cursor:
            yield from map(table.type.stored, cursor.stream(select, size=STREAMED))

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
        """A transaction inside the fence."""
        with self._store.explained(), self._store.writing() as cursor:
            hold_the_fence(cursor, self._epochs, projections)
            yield cursor

    @contextmanager
    def _reading(self, projection: Projection) -> Iterator[Cursor[Any] | None]:
        """None where there are no rows of this view and none may be made room for."""
        if not self._store.read_only:
            self._make_room(projection)
        elif projection not in self._there and self.position(projection) > 0:
            self._there.add(projection)
        with self._store.explained(), self._store.reading(binary=True) as cursor:
            yield cursor if projection in self._there else None

    def _make_room(self, projection: Projection) -> None:
        """Unless another process did so and folded rows meanwhile."""
        if projection in self._there:
            return
        with self._store.explained(), self._store.writing() as cursor:
            cursor.execute(_LOCK, (projection.name,))
            if position_of(cursor, projection) == 0:
                recreate(cursor, projection)
        self._there.add(projection)


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.view_' || %s, 0))"


def recreate(cursor: Cursor[Any], projection: Projection) -> None:
    table = described(projection)
    cursor.execute(_LOCK, (projection.name,))
    cursor.execute(_FORGET, (projection.name,))
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table.name))
    make_table(cursor, table)


def make_table(cursor: Cursor[Any], table: Table) -> None:
    cursor.execute(table.create())
    for index in table.indexes:
        cursor.execute(index)


def fetch_rows(
    cursor: Cursor[Any], projection: Projection, keys: Sequence[RowKey]
) -> dict[RowKey, Any]:
    """Those that are there, by key; the cursor reads binary."""
    if not keys:
        return {}
    table = described(projection)
    found = cursor.execute(table.fetch(), list(map(list, zip(*{*keys}, strict=True))))
    return {row[: projection.key_length]: row for row in map(table.type.decode, found.fetchall())}


def write_rows(
    cursor: Cursor[Any], table: Table, rows: Mapping[RowKey, Any], appends: bool
) -> None:
    """Sorted by key, so that neighbours come together and two writers never wait in a circle."""
    in_order = [table.type.encode(rows[key]) for key in sorted(rows, key=tuple)]
    if len(in_order) < MANY:
        cursor.executemany(table.upsert(), in_order)
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
                table.name, table.all_fields, table.staging, table.on_conflict()
            )
        )


def copy_rows(
    cursor: Cursor[Any], table: Table, into: Identifier, rows: Iterable[Sequence[Any]]
) -> None:
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(into, table.all_fields)) as copy:
        for row in rows:
            copy.write_row(row)


def position_of(cursor: Cursor[Any], projection: Projection) -> int:
    found = cursor.execute(_POSITION, (projection.tracking_name,)).fetchone()
    return int(found[0]) if found else 0


def _move(cursor: Cursor[Any], projection: Projection, since: int, position: int) -> None:
    """The position is the fence: who folded from another one has written nothing."""
    name = projection.tracking_name
    if since == 0:
        moved = cursor.execute(_BEGIN, (name, position)).rowcount
    else:
        moved = cursor.execute(_GO_ON, (position, name, since)).rowcount
    found = since if moved else position_of(cursor, projection)
    check_move(projection, found, since, position)
