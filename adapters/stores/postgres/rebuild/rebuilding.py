"""Views built anew beside the ones in use, which they replace at the end in one transaction.

Until then everybody reads the old rows; whatever stops the work leaves them as they were. Meanwhile
the engine goes on, and so does whoever keeps the views.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.rows import tuple_row
from psycopg.sql import Identifier

from adapters.stores.postgres.rebuild.fold_processes import fold_in_processes
from adapters.stores.postgres.rebuild.partition import IN_HAND, beside
from adapters.stores.postgres.rebuild.plan import plan
from adapters.stores.postgres.rebuild.refusals import (
    RebuildHindered,
    RebuildUnderWay,
    SkippedMeanwhile,
)
from adapters.stores.postgres.rebuild.swapping import SQL, primary_key, take_the_place
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.tables import Table, described, names
from adapters.stores.postgres.views import PostgresViews
from engine.ports.errors import StoreError
from engine.ports.view_status import Skip, ViewStatus
from engine.projecting import ProjectionRunner
from projections.projection import Projection

Progress = Callable[[int], None]
Skips = Mapping[Projection, tuple[Skip, ...]]

PATIENCE = 10.0
"""Seconds to wait for another rebuild, whose processes end soon after it was killed."""
ATTEMPTS = 10
PAUSE = 0.5
"""Seconds between two attempts to put the new views in the place of the old ones."""


def rebuild(
    store: PostgresStore,
    projections: Sequence[Projection],
    progress: Progress = lambda _position: None,
    *,
    processes: int = 2,
    in_hand: int = IN_HAND,
) -> int:
    """Fold the whole history into these views. Answers the position reached.

    Events that an operator had a view skip are passed over here too. A view that is stopped goes
    on, if it takes the event by now. ``in_hand``: rows of one view in the memory of a process.
    Raises ``UnreadableEvent`` or ``StoreError``, and then no view has changed.
    """
    with store.explained(), store.connection() as connection, _alone(connection):
        end = store.last_position()
        if end == 0:
            return ProjectionRunner(store, PostgresViews(store), projections).catch_up(progress)
        try:
            under_way = Rebuilding(store, connection, projections)
            under_way.fold(end, progress, processes, in_hand)
            return under_way.take_the_place(progress)
        finally:
            with suppress(StoreError), store.explained(), store.connection() as another:
                _clean(another)


class Rebuilding:
    """One rebuild, which nobody else does at the same time."""

    def __init__(
        self, store: PostgresStore, connection: Connection[Any], projections: Sequence[Projection]
    ) -> None:
        self._store = store
        self._connection = connection
        self._built = {each: beside(each) for each in projections}
        self._skips = self._skips_now()

    def fold(self, end: int, progress: Progress, processes: int, in_hand: int) -> None:
        """The log up to ``end``; what comes meanwhile is left for later."""
        for each in self._built.values():
            self._make_room(described(each))
        passed = {each: ViewStatus(skips=skips).passes_over for each, skips in self._skips.items()}
        fold_in_processes(self._store, plan(passed, end, processes, in_hand), progress)
        for each in self._built.values():
            self._complete(each, end)

    def take_the_place(self, progress: Progress) -> int:
        """Of the views in use, when nobody has been holding one of them for long."""
        views = ViewsBeside(self._store, self._skips)
        runner = ProjectionRunner(self._store, views, [*self._built.values()])

        def last_events() -> int:
            self._refuse_other_skips()
            return runner.catch_up()

        for _ in range(ATTEMPTS):
            runner.catch_up(progress)
            with suppress(LockNotAvailable, DeadlockDetected), self._connection.transaction():
                cursor = self._connection.cursor(row_factory=tuple_row)
                return take_the_place(cursor, self._built, last_events)
            time.sleep(PAUSE)
        raise RebuildHindered

    def _make_room(self, table: Table) -> None:
        """Without an index, which is quicker made when the rows are there."""
        create = sql.SQL("CREATE TABLE {} ({})")
        self._connection.execute(create.format(table.name, table.columns))

    def _complete(self, new: Projection, end: int) -> None:
        table = described(new)
        add_key = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})")
        key = names(table.type.key)
        with self._connection.transaction():
            self._connection.execute(SQL["ample_memory"])
            self._connection.execute(add_key.format(table.name, primary_key(new), key))
            for index in table.indexes:
                self._connection.execute(index)
            self._connection.execute(sql.SQL("ANALYZE {}").format(table.name))
            self._connection.execute(SQL["begin_at"], (new.tracking_name, end))

    def _skips_now(self) -> Skips:
        statuses = PostgresViews(self._store).statuses([*self._built])
        return {each: status.skips for each, status in statuses.items()}

    def _refuse_other_skips(self) -> None:
        if self._skips_now() != self._skips:
            raise SkippedMeanwhile


class ViewsBeside(PostgresViews):
    """The views being built. They pass over what the views in use do, and are never stopped."""

    def __init__(self, store: PostgresStore, skips: Skips) -> None:
        super().__init__(store)
        self._skips = {beside(each): skipped for each, skipped in skips.items()}

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {
            each: ViewStatus(self.position(each), skips=self._skips[each]) for each in projections
        }


@contextmanager
def _alone(connection: Connection[Any]) -> Iterator[None]:
    """One rebuild at a time; its processes take part, and who comes next waits for their end."""
    deadline = time.monotonic() + PATIENCE
    while not _first(connection, "begin_alone"):
        if time.monotonic() > deadline:
            raise RebuildUnderWay
        time.sleep(0.1)
    try:
        _clean(connection)
        connection.execute(SQL["take_part"])
        connection.execute(SQL["let_others_take_part"])
        yield
    finally:
        with suppress(psycopg.Error):
            connection.execute(SQL["leave"])


def _clean(connection: Connection[Any]) -> None:
    """Nothing is left of this rebuild, or of one that was killed."""
    cursor = connection.cursor(row_factory=tuple_row)
    for (name,) in cursor.execute(SQL["left_behind"]).fetchall():
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(Identifier(name)))
    cursor.execute(SQL["forget_positions_beside"])


def _first(connection: Connection[Any], name: str) -> Any:
    found = connection.cursor(row_factory=tuple_row).execute(SQL[name]).fetchone()
    assert found is not None
    return found[0]
