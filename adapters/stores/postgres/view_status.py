"""How views stand in PostgreSQL: stops, skips, and the epochs in which they are led."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from psycopg import Cursor

from adapters.stores.named_sql import statements
from adapters.stores.view_checks import check_skip
from engine.ports.errors import Fenced, StaleView
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus, view_status
from projections.projection import Projection

SQL = statements(Path(__file__).with_suffix(".sql"))


def by_name(projections: Sequence[Projection]) -> dict[str, Projection]:
    return {each.tracking_name: each for each in projections}


def statuses_of(
    cursor: Cursor[Any], projections: Sequence[Projection]
) -> dict[Projection, ViewStatus]:
    named = by_name(projections)
    rows = cursor.execute(SQL["standings"], (list(named),)).fetchall()
    found = {name: _status(list(each)) for name, each in groupby(rows, itemgetter(0))}
    return {each: found[name] for name, each in named.items()}


def _status(rows: Sequence[Sequence[Any]]) -> ViewStatus:
    """Of a view's rows: one for each skip, or one without any."""
    position, stop = rows[0][1], Stop(*rows[0][2:5])
    skips = [Skip(*row[5:]) for row in rows if row[5] is not None]
    return view_status(position, stop if rows[0][2] is not None else None, skips)


def keepers_of(cursor: Cursor[Any], projections: Sequence[Projection]) -> dict[Projection, Keeper]:
    """A keeper counts while its connection holds the lock."""
    named = by_name(projections)
    found = cursor.execute(SQL["keepers"], (list(named),)).fetchall()
    return {named[name]: Keeper(keeper, since) for name, keeper, since in found}


def record_stop(cursor: Cursor[Any], projection: Projection, stop: Stop) -> None:
    values = {"projection": projection.tracking_name, **stop._asdict()}
    if cursor.execute(SQL["stop"], values).rowcount == 0:
        stands_at = statuses_of(cursor, [projection])[projection].position
        raise StaleView(view=projection.tracking_name, expected=stop.position - 1, found=stands_at)


def clear_stop(cursor: Cursor[Any], projection: Projection) -> None:
    cursor.execute(SQL["clear_stop"], (projection.tracking_name,))


def record_skip(cursor: Cursor[Any], projection: Projection, skip: Skip) -> None:
    cursor.execute(SQL["lock_standing"], (projection.tracking_name,))
    check_skip(projection, statuses_of(cursor, [projection])[projection], skip)
    cursor.execute(SQL["skip"], (projection.tracking_name, *skip))
    clear_stop(cursor, projection)


def hold_the_fence(
    cursor: Cursor[Any],
    epochs: Mapping[Projection, int] | None,
    projections: Sequence[Projection],
) -> None:
    """Nobody begins a newer epoch of these until the transaction ends.

    Raises ``Fenced`` for one that was begun already. Without ``epochs`` nobody claims to lead.
    """
    if epochs is None:
        return
    named = by_name(projections)
    newest = dict(cursor.execute(SQL["epochs"], (list(named),)).fetchall())
    for name, projection in named.items():
        led, found = epochs.get(projection, 0), newest.get(name, 0)
        if led == 0 or led != found:
            raise Fenced(view=name, epoch=led, newest=found)
