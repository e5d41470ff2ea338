"""What a transaction writes to the embedded store, and how envelopes and timers stand in it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain, islice
from sqlite3 import Cursor
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.sqlite.recorder import SQL
from engine.appending import Continuation
from engine.ports.transactions import Append, Run, in_runs
from events.recorded import Envelope
from processors.timers import Key, Timer

ROWS_AT_ONCE = 50
"""Rows of one INSERT: a third less time than one by one, and no more with longer ones."""
_MARKS = re.compile(r"\(\?(, \?)*\)")


def append_all(c: Cursor, append: Append, workspace: str, now: datetime) -> int:
    """Everything of one append, inside its transaction. Answers after which position.

    Positions are rowids: the writer's lock makes them consecutive, in order of commit.
    """
    after: int = c.execute(SQL["last_position"]).fetchone()[0]
    for rows in in_runs(append.events):
        if isinstance(rows, Run):
            _insert_run(c, rows)
        else:
            insert_rows(c, SQL["insert_event"], rows)
    placed = [each.after(after) for each in append.envelopes]
    c.executemany(SQL["insert_envelope"], map(_envelope_values, placed))
    _set_timers(c, workspace, append.timers)
    c.executemany(SQL["enrol"], [(workspace, *entry) for entry in append.roster])
    c.execute(SQL["set_recorded_at"], (workspace, to_micros(now)))
    return after


def append_recorded(c: Cursor, found: Continuation) -> None:
    """What was recorded before, likewise; a trigger numbers what has no event."""
    insert_rows(c, SQL["insert_event"], (row[1:] for row in found.rows))
    c.executemany(SQL["insert_envelope"], map(_envelope_values, found.envelopes))
    grown = found.workspaces.items()
    rows = [(workspace, to_micros(each.recorded_at)) for workspace, each in grown]
    c.executemany(SQL["set_recorded_at"], rows)


def insert_rows(c: Cursor, insert: str, rows: Iterable[Sequence[Any]]) -> int:
    """``insert`` is for one row. Answers how many were inserted."""
    inserted, each, many = 0, iter(rows), _of_many(insert)
    while len(some := list(islice(each, ROWS_AT_ONCE))) == ROWS_AT_ONCE:
        inserted += c.execute(many, list(chain.from_iterable(some))).rowcount
    return inserted + c.executemany(insert, some).rowcount


@cache
def _of_many(insert: str) -> str:
    return _MARKS.sub(lambda one: ", ".join([one[0]] * ROWS_AT_ONCE), insert)


def _insert_run(c: Cursor, run: Run) -> None:
    """In one statement: the states are put together where they are written."""
    stream, version, topic, (before, texts, after) = run
    first = c.execute(SQL["last_position"]).fetchone()[0] + 1
    listed = json.dumps(texts, ensure_ascii=False)
    values = (first, stream, version, topic, before.decode(), after.decode(), listed)
    c.execute(SQL["insert_run"], values)


def _set_timers(c: Cursor, workspace: str, timers: Mapping[Key, Timer | None]) -> None:
    found = [timer_values(workspace, timer) for timer in timers.values() if timer]
    c.executemany(SQL["set_timer"], found)
    cleared = [(workspace, _text(key)) for key, timer in timers.items() if timer is None]
    c.executemany(SQL["clear_timer"], cleared)


def timer_values(workspace: str, timer: Timer) -> tuple[Any, ...]:
    due_at, key, set_by, correlation_id = timer
    return (workspace, _text(key), to_micros(due_at), set_by, correlation_id)


def timer_of(row: Sequence[Any]) -> Timer:
    due_at, key, set_by, correlation_id = row
    return Timer(from_micros(due_at), tuple(json.loads(key)), set_by, correlation_id)


def _text(key: Key) -> str:
    return json.dumps(key)


def _envelope_values(envelope: Envelope) -> tuple[Any, ...]:
    return (*envelope[:3], to_micros(envelope.recorded_at), *envelope[4:])


def envelope_of(row: Sequence[Any]) -> Envelope:
    return Envelope._make((*row[:3], from_micros(row[3]), *row[4:]))
