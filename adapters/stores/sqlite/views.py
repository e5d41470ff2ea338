"""Projections' rows in the embedded store, and their positions, in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Cursor
from typing import Any

from adapters.stores.sqlite.bulk import upsert_rows
from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.sqlite.tables import Table, described
from adapters.stores.sqlite.view_status import (
    SQL,
    clear_stop,
    position_of,
    record_skip,
    record_stop,
    status_of,
)
from adapters.stores.view_checks import check_move
from adapters.stores.view_rows import StoredRows
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from engine.ports.views import Changes, Since
from projections.projection import Projection, RowKey


class SQLiteViews(StoredRows):
    """A table for each view, made when the view is first asked for.

    A read-only store makes none: a view that was never built reads as one without rows.
    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self._there: set[Projection] = set()

    def position(self, projection: Projection) -> int:
        with self._store.explained(), self._store.reading() as c:
            return position_of(c, projection)

    def reset(self, projection: Projection) -> None:
        with self._store.explained(), self._store.writing() as c:
            recreate(c, projection)
            clear_stop(c, projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        table = described(projection)
        with self._reading(projection) as c:
            found = (c.execute(table.fetch, key).fetchone() for key in {*keys}) if c else ()
            rows = [table.type.decode(row) for row in found if row is not None]
        return {row[: projection.key_length]: row for row in rows}

    def save(self, changes: Changes, since: Since, position: int) -> None:
        for projection in changes:
            self._make_room(projection)
        with self._store.explained(), self._store.writing() as c:
            for projection, rows in changes.items():
                check_move(projection, position_of(c, projection), since[projection], position)
                upsert_rows(c, described(projection), rows.values())
                c.execute(SQL["set_position"], (projection.tracking_name, position))

    def _table(self, projection: Projection) -> Table:
        return described(projection)

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        with self._store.explained(), self._store.reading() as c:
            return {each: status_of(c, each) for each in projections}

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:  # noqa: ARG002
        """Nobody leads a view of this store: there is one ``serve``."""
        return {}

    def names(self) -> frozenset[str]:
        with self._store.explained(), self._store.reading() as c:
            return frozenset(name for (name,) in c.execute(SQL["names"]))

    @contextmanager
    def of_one_moment(self, projections: Sequence[Projection]) -> Iterator[None]:  # noqa: ARG002
        with self._store.explained(), self._store.reading():
            yield

    def stored(self, projection: Projection) -> Iterator[tuple[RowKey, Any]]:
        table = described(projection)
        if not self._store.has_table(table.view):
            return
        with self._store.explained(), self._store.reading() as c:
            yield from map(table.type.stored, c.execute(table.select(table.fields, {})))

    def stop(self, projection: Projection, stop: Stop) -> None:
        with self._store.explained(), self._store.writing() as c:
            record_stop(c, projection, stop)

    def retry(self, projection: Projection) -> None:
        with self._store.explained(), self._store.writing() as c:
            clear_stop(c, projection)

    def skip(self, projection: Projection, skip: Skip) -> None:
        with self._store.explained(), self._store.writing() as c:
            record_skip(c, projection, skip)

    @contextmanager
    def _reading(self, projection: Projection) -> Iterator[Cursor | None]:
        """None where there are no rows of this view and none may be made room for."""
        if not self._store.read_only:
            self._make_room(projection)
        with self._store.explained(), self._store.reading() as c:
            built = not self._store.read_only or position_of(c, projection) > 0
            yield c if built else None

    def _make_room(self, projection: Projection) -> None:
        """Unless another process did so and folded rows meanwhile."""
        if projection in self._there:
            return
        if self.position(projection) == 0:
            with self._store.explained(), self._store.writing() as c:
                if position_of(c, projection) == 0:
                    recreate(c, projection)
        self._there.add(projection)


def recreate(c: Cursor, projection: Projection) -> None:
    table = described(projection)
    c.execute(f"DROP TABLE IF EXISTS {table.view}")
    c.execute(table.create)
    c.execute(SQL["forget_positions"], (projection.name,))
