"""Views built anew beside the ones in use, which they replace at the end in one transaction.

Until then everybody reads the old rows; whatever stops the work leaves them as they were.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from adapters.stores.named_sql import statements
from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.sqlite.view_status import SQL as STATUS
from adapters.stores.sqlite.view_status import clear_stop
from adapters.stores.sqlite.views import SQLiteViews
from adapters.stores.sqlite.write_behind import WriteBehind
from engine.gc_pause import gc_paused
from engine.projecting import ProjectionRunner
from projections.projection import Projection

SQL = statements(Path(__file__).with_suffix(".sql"))


def rebuild(
    store: SQLiteStore,
    projections: Sequence[Projection],
    progress: Callable[[int], None] = lambda _position: None,
) -> int:
    """Fold the whole history into these views. Answers the position reached.

    Events that an operator had a view skip are passed over here too, so that live and rebuilt
    rows agree; the auditor's folds pass over nothing. A view that is stopped goes on, if it takes
    the event by now. Raises ``UnreadableEvent`` or ``StoreError``, and then no view has changed.
    """
    with gc_paused():
        return _rebuilt(store, projections, progress)


def _rebuilt(
    store: SQLiteStore, projections: Sequence[Projection], progress: Callable[[int], None]
) -> int:
    views = SQLiteViews(store)
    beside = {each: each._replace(name=f"{each.name}_rebuilt") for each in projections}
    try:
        with store.writing() as c:
            c.execute(SQL["large_cache"])
        statuses = views.statuses(projections)
        skips = {beside[each]: found.skips for each, found in statuses.items()}
        rows = WriteBehind(store, [*beside.values()], skips=skips)
        reached = ProjectionRunner(store, rows, [*beside.values()]).catch_up(progress)
        rows.write()
        _take_the_place(store, beside)
    except BaseException:
        _forget(store, beside.values())
        raise
    return reached


def _take_the_place(store: SQLiteStore, beside: dict[Projection, Projection]) -> None:
    with store.explained(), store.writing() as c:
        for old, new in beside.items():
            c.execute(f"DROP TABLE IF EXISTS view_{old.name}")
            c.execute(f"ALTER TABLE view_{new.name} RENAME TO view_{old.name}")
            c.execute(STATUS["forget_positions"], (old.name,))
            c.execute(SQL["rename_position"], (old.tracking_name, new.tracking_name))
            clear_stop(c, old)


def _forget(store: SQLiteStore, projections: Iterable[Projection]) -> None:
    with store.explained(), store.writing() as c:
        for each in projections:
            c.execute(f"DROP TABLE IF EXISTS view_{each.name}")
            c.execute(STATUS["forget_positions"], (each.name,))
