"""How the views of the embedded store stand: two tables, made when something is first written."""

from pathlib import Path
from sqlite3 import Cursor

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.view_checks import check_skip, check_stop
from engine.ports.view_status import Skip, Stop, ViewStatus, view_status
from projections.projection import Projection

SQL = statements(Path(__file__).with_suffix(".sql"))
TABLES = ("standings", "skips")


def position_of(c: Cursor, projection: Projection) -> int:
    return c.execute(SQL["position_of"], (projection.tracking_name,)).fetchone()[0] or 0


def status_of(c: Cursor, projection: Projection) -> ViewStatus:
    name = (projection.tracking_name,)
    position = position_of(c, projection)
    if not _are_there(c):
        return ViewStatus(position)
    stop = c.execute(SQL["stop_of"], name).fetchone()
    skips = c.execute(SQL["skips_of"], name).fetchall()
    return view_status(
        position,
        Stop(stop[0], stop[1], from_micros(stop[2])) if stop else None,
        [Skip(at, reason, actor, from_micros(since)) for at, reason, actor, since in skips],
    )


def record_stop(c: Cursor, projection: Projection, stop: Stop) -> None:
    check_stop(projection, status_of(c, projection), stop)
    for table in TABLES:
        c.execute(SQL[table])
    values = (projection.tracking_name, stop.position, stop.error, to_micros(stop.since))
    c.execute(SQL["stop"], values)


def clear_stop(c: Cursor, projection: Projection) -> None:
    if _are_there(c):
        c.execute(SQL["clear_stop"], (projection.tracking_name,))


def record_skip(c: Cursor, projection: Projection, skip: Skip) -> None:
    check_skip(projection, status_of(c, projection), skip)
    c.execute(SQL["skip"], (projection.tracking_name, *skip[:-1], to_micros(skip.skipped_at)))
    clear_stop(c, projection)


def _are_there(c: Cursor) -> bool:
    return bool(c.execute(SQL["tables_there"]).fetchone()[0] == len(TABLES))
