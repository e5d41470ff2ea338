"""Rows of a view on their way into its table, many with one statement."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, count, islice, takewhile
from operator import eq
from sqlite3 import Cursor
from typing import Any

from adapters.stores.sqlite.append import ROWS_AT_ONCE
from adapters.stores.sqlite.tables import Table

_MARKS = re.compile(r"\(\?(, \?)*\)")


def upsert_rows(c: Cursor, table: Table, rows: Iterable[Any]) -> None:
    """Sorted by key, with which a row begins, so that neighbours come together."""
    in_order = sorted(rows)
    rest = len(in_order) // ROWS_AT_ONCE * ROWS_AT_ONCE
    for start in range(0, rest, ROWS_AT_ONCE):
        _upsert(c, table, in_order[start : start + ROWS_AT_ONCE])
    c.executemany(table.upsert, map(table.type.encode, in_order[rest:]))


def _upsert(c: Cursor, table: Table, rows: Sequence[Any]) -> None:
    """What the first and the last of these begin with, all begin with: it is bound once."""
    alike = sum(1 for _ in takewhile(bool, map(eq, rows[0], rows[-1])))
    columns = table.type.columns(rows)
    values = [column[0] for column in columns[:alike]]
    values.extend(chain.from_iterable(zip(*columns[alike:], strict=True)))
    c.execute(_of_many(table.upsert, alike), values)


@cache
def _of_many(upsert: str, alike: int) -> str:
    """Of as many rows, in which so many of the first columns are the same."""
    columns = upsert.count("?")
    same = [f"?{number}" for number in range(1, alike + 1)]
    others = (f"?{number}" for number in count(alike + 1))
    marks = ([*same, *islice(others, columns - alike)] for _ in range(ROWS_AT_ONCE))
    return _MARKS.sub(", ".join(f"({', '.join(row)})" for row in marks), upsert)
