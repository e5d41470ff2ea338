"""Views built beside the ones in use take their place, in one short transaction.

While it lasts nobody keeps these views and nothing is appended to the log. So the new rows are
those of the whole log, no reader goes back in time, and whoever folded from the old rows stands
elsewhere by now and has to begin anew.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from psycopg import Cursor, sql
from psycopg.sql import Identifier

from adapters.stores.named_sql import statements
from adapters.stores.postgres.tables import described, index_of
from adapters.stores.postgres.view_status import SQL as STANDINGS
from adapters.stores.postgres.view_status import clear_stop
from projections.projection import Projection

SQL = statements(Path(__file__).with_name("rebuilding.sql"))
NOT_FOR_LONG = "2s"
"""How long others may be kept waiting for those who hold a view or the log; then: try later."""

_LOCK_TABLE = sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE")


def take_the_place(
    cursor: Cursor[Any], built: Mapping[Projection, Projection], catch_up: Callable[[], int]
) -> int:
    """In an open transaction. Answers the position that ``catch_up`` reached for the new ones.

    Raises ``psycopg.errors.LockNotAvailable`` when somebody holds a view or the log for long.
    """
    in_order = dict(sorted(built.items(), key=lambda each: each[0].tracking_name))
    cursor.execute(SQL["not_for_long"], (NOT_FOR_LONG,))
    _keep_others_out(cursor, in_order)
    reached = catch_up()
    for old, new in in_order.items():
        _replace(cursor, old, new, reached)
    cursor.execute(STANDINGS["told"])
    return reached


def _keep_others_out(cursor: Cursor[Any], built: Mapping[Projection, Projection]) -> None:
    """Keepers, writers and the server's own vacuuming; not readers. In the order of a save."""
    for old in built:
        cursor.execute(SQL["lock_view"], (old.name,))
    for old in built:
        clear_stop(cursor, old)
    for old, new in built.items():
        cursor.execute(SQL["lock_position"], (old.tracking_name,))
        cursor.execute(_LOCK_TABLE.format(described(new).name))
    cursor.execute(SQL["lock_order"])


def _replace(cursor: Cursor[Any], old: Projection, new: Projection, reached: int) -> None:
    there, here = described(old).name, described(new).name
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(there))
    cursor.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(here, there))
    cursor.execute(
        sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(
            there, primary_key(new), primary_key(old)
        )
    )
    for field in old.indexed:
        cursor.execute(
            sql.SQL("ALTER INDEX {} RENAME TO {}").format(
                index_of(new, field), index_of(old, field)
            )
        )
    for forgotten in (new, old):
        cursor.execute(SQL["forget_other_versions"], (forgotten.name, old.tracking_name))
    cursor.execute(SQL["move"], (reached, old.tracking_name))


def primary_key(projection: Projection) -> Identifier:
    return Identifier(f"view_{projection.name}_pkey")
