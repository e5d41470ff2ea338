"""Appends to the log: a single call for a few events, COPY for the 100,000 of a stop."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, count, islice
from struct import Struct
from typing import Any, NamedTuple

from psycopg import Cursor
from psycopg.types.json import Jsonb

from adapters.stores.postgres.message import bigints, json_value, octets_of, texts
from adapters.stores.postgres.recorder import SQL
from engine.appending import Continuation
from engine.ports.errors import ZeroCharacter
from engine.ports.transactions import Append, NewRow, Run, in_runs
from events.recorded import Envelope
from processors.timers import Key, Timer

LARGE = 1_000
"""Events from which on COPY is quicker than arrays."""
ROWS_AT_ONCE = 5_000
"""Rows handed to COPY together: the server takes them in while the next are joined."""
_INT = Struct(">i").pack
_SIZED_BIG = Struct(">iq").pack
COPY_HEAD, COPY_TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
"""Of what COPY takes in its binary form."""
_FIVE_FIELDS = b"\x00\x05"
_ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""Escaped, and not a backslash before the characters u0000."""
_json = json.JSONEncoder(separators=(",", ":")).encode


class Placed(NamedTuple):
    """An append and the workspace it goes to."""

    workspace: str
    now: datetime
    append: Append


def size(pending: Iterable[Placed]) -> int:
    return sum(len(each.append.events) for each in pending)


def few(pending: Sequence[Placed]) -> tuple[bytes, ...]:
    """The values of a call that appends all and answers after which position the events stand."""
    return *event_columns(each.append for each in pending), json_value(_extra(pending))


def event_columns(appends: Iterable[Append]) -> tuple[bytes, ...]:
    rows = storable(chain.from_iterable(each.events for each in appends))
    streams, versions, topics, states = [*zip(*rows, strict=True)] or [()] * 4
    return texts(streams), bigints(versions), texts(topics), octets_of(states)


def append_many(pending: Sequence[Placed], cursor: Cursor[Any]) -> int:
    """By COPY, in an open transaction. Answers after which position the events stand.

    Rows are made while the server takes those before them in, and others wait for the order of the
    log as long as the server needs for all, and no longer.
    """
    extra = Jsonb(_extra(pending), dumps=_json)
    cursor.execute(SQL["lock_order"])
    found = cursor.execute(SQL["last_position"]).fetchone()
    assert found is not None
    after: int = found[0]
    _copy_events(
        cursor, chain.from_iterable(in_runs(each.append.events) for each in pending), after
    )
    cursor.execute(SQL["complete"], (after, extra))
    return after


def append_recorded(cursor: Cursor[Any], found: Continuation, after: int) -> None:
    """What was recorded before, by COPY, by whoever holds the order of the log."""
    _copy_events(cursor, [(row[1:] for row in found.rows)], after)
    extra = {
        "envelopes": [_placed(each, -after) for each in found.envelopes],
        "workspaces": [
            _workspace(name, each.recorded_at, max(each.last_position - after, 0), each.events)
            for name, each in found.workspaces.items()
        ],
    }
    cursor.execute(SQL["complete"], (after, Jsonb(extra, dumps=_json)))


def _copy_events(cursor: Cursor[Any], rows: Iterable[Run | Iterable[NewRow]], after: int) -> None:
    with cursor.copy(SQL["copy_events"]) as copy:
        copy.write(COPY_HEAD)
        for octets in _binary(rows, after + 1):
            copy.write(octets)
        copy.write(COPY_TAIL)


def _events(pending: Iterable[Placed]) -> Iterator[NewRow]:
    return chain.from_iterable(each.append.events for each in pending)


def storable(rows: Iterable[NewRow]) -> Iterator[NewRow]:
    """The rows. Raises ``ZeroCharacter`` for one whose texts no view here could ever hold."""
    for row in rows:
        _require_no_zero(row[0], row[2], row[3])
        yield row


def _require_no_zero(stream: str, topic: str, octets: bytes) -> None:
    if b"\\u0000" in octets and _ZERO.search(octets):
        raise ZeroCharacter(what=f"The event {topic} of {stream}")


def _binary(several: Iterable[Run | Iterable[NewRow]], position: int) -> Iterator[bytes]:
    """The rows as COPY has them, from that position on, some at once."""
    places = count(position)
    for rows in several:
        binary = _of_run(rows, places) if isinstance(rows, Run) else _of_rows(rows, places)
        while octets := b"".join(islice(binary, ROWS_AT_ONCE)):
            yield octets


def _of_run(run: Run, places: Iterator[int]) -> Iterator[bytes]:
    stream, version, topic, (before, texts, after) = run
    _require_no_zero(stream, topic, before + "".join(texts).encode() + after)
    parts = (_FIVE_FIELDS + _sized(stream), _sized(topic), before, after)
    head, middle, start, end = (each.replace(b"%", b"%%") for each in parts)
    row = b"%b%%b%b%%b%b%%b%b%%b" % (head, middle, start, end)
    size = len(before) + len(after)
    for number, text in enumerate(map(str.encode, texts), version):
        yield row % (
            *(_SIZED_BIG(8, number), _INT(size + len(text)), text),
            _SIZED_BIG(8, next(places)),
        )


def _of_rows(rows: Iterable[NewRow], places: Iterator[int]) -> Iterator[bytes]:
    heads: dict[str, bytes] = {}
    topics: dict[str, bytes] = {}
    for stream, version, topic, state in storable(rows):
        head = heads.get(stream) or heads.setdefault(stream, _FIVE_FIELDS + _sized(stream))
        middle = topics.get(topic) or topics.setdefault(topic, _sized(topic))
        size = _INT(len(state))
        yield b"%b%b%b%b%b%b" % (
            *(head, _SIZED_BIG(8, version), middle),
            *(size, state, _SIZED_BIG(8, next(places))),
        )


def _sized(text: str) -> bytes:
    octets = text.encode()
    return _INT(len(octets)) + octets


def _extra(pending: Iterable[Placed]) -> dict[str, list[list[Any]]]:
    """All of the appends but their events; positions count from the first event of all."""
    extra: dict[str, list[list[Any]]] = {}
    events = 0
    for workspace, now, append in pending:
        for envelope in append.envelopes:
            extra.setdefault("envelopes", []).append(_placed(envelope, events))
        for key, timer in append.timers.items():
            if timer is None:
                extra.setdefault("cleared", []).append([workspace, key_text(key)])
            else:
                extra.setdefault("timers", []).append([workspace, *timer_values(timer)])
        for entry in append.roster:
            extra.setdefault("roster", []).append([workspace, *entry])
        count = len(append.events)
        events += count
        last = events if count else 0
        extra.setdefault("workspaces", []).append(_workspace(workspace, now, last, count))
    return extra


def _placed(envelope: Envelope, events: int) -> list[Any]:
    placed = list[Any](envelope.after(events))
    placed[3] = envelope.recorded_at.isoformat()
    return placed


def _workspace(name: str, recorded_at: datetime, last: int, events: int) -> list[Any]:
    return [name, recorded_at.isoformat(), str(last), events]


def timer_values(timer: Timer) -> tuple[str, str, str, str]:
    due_at, key, set_by, correlation_id = timer
    return key_text(key), due_at.isoformat(), set_by, correlation_id


def timer_of(row: Sequence[Any]) -> Timer:
    due_at, key, set_by, correlation_id = row
    moment = datetime.fromisoformat(due_at) if isinstance(due_at, str) else due_at
    return Timer(moment, tuple(json.loads(key)), set_by, correlation_id)


def key_text(key: Key) -> str:
    return json.dumps(key)
