"""No trace of a deleted row is left in a table of the PostgreSQL store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from psycopg import Cursor
from psycopg.errors import LockNotAvailable

from adapters.stores.named_sql import statements
from engine.work.ports import TracesRemain

SQL = statements(Path(__file__).with_suffix(".sql"))


def write_anew(
    writing: Callable[[], AbstractContextManager[Cursor[Any]]], store: str, table: str
) -> None:
    """Write the rows into files of their own, and drop the old ones.

    VACUUM FULL would copy the deleted rows too, as long as an old snapshot may see them. Raises
    ``TracesRemain`` where somebody holds the table longer than the store's lock timeout.
    """
    with writing() as c:
        try:
            c.execute(SQL["nobody_reads"].format(table=table))
        except LockNotAvailable:
            raise TracesRemain(store=store) from None
        for step in ("keep_the_others", "drop_the_files", "write_the_others"):
            c.execute(SQL[step].format(table=table))
