"""No trace of a deleted row is left in an embedded store's tables."""

from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Cursor

from adapters.stores.named_sql import statements

SQL = statements(Path(__file__).with_suffix(".sql"))


def zero_what_is_freed(c: Cursor) -> None:
    """From now on in this transaction, and later on this connection."""
    c.execute(SQL["zero_what_is_freed"]).fetchall()


def write_anew(c: Cursor, table: str, made_by: Sequence[str]) -> None:
    """Copy the rows and drop the old table, whose pages are then zeroed.

    A deleted row's octets may survive in the free space of pages that were split; and VACUUM must
    not be used, because it may renumber the rowids that are the log's positions.
    """
    make, *indexes = made_by
    c.execute(make.replace(table, f"{table}_kept", 1))
    for step in ("keep_the_others", "drop_table", "rename_kept"):
        c.execute(SQL[step].format(table=table))
    for each in indexes:
        c.execute(each)
