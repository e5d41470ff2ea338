"""Workspaces under their locks: one round trip to enter, one to append, commit and leave.

Each of the two is one message of several statements, ``BEGIN`` and ``COMMIT`` among them. Between
them the server knows that it waits for us in a transaction, and cuts a client that hangs there; one
that only implies its transaction counts as busy, and a client that hangs in it is never cut. Until
the commit nothing is written, so whatever goes wrong before it leaves nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from eventsourcing.persistence import StoredEvent
from psycopg import ClientCursor, Connection
from psycopg.rows import tuple_row

from adapters.stores.postgres.append import LARGE, Placed, append_many, few, size, timer_of
from adapters.stores.postgres.message import (
    BEGIN,
    COMMIT,
    ON_DISK,
    answered,
    flag,
    moment,
    moment_of,
    number_of,
    rows,
    texts,
)
from adapters.stores.postgres.recorder import SQL
from engine.ports.log import Row
from engine.ports.transactions import Append
from events.recorded import Envelope
from processors.timers import Timer

STREAM_PAGE = 50_000
"""Events of a stream fetched at once; about 25 MB."""

_LOOK = f"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {SQL['look']}"
_LEAVE = (COMMIT, ON_DISK)

Ask = Callable[..., list[Any]]
"""A statement by its name, and its values: its rows."""


def looked_at(connection: Connection[Any], workspace: str, told_now: datetime | None) -> "Looked":
    """Begins a transaction that writes nothing, locks nothing, and sees one moment."""
    cursor = ClientCursor(connection, row_factory=tuple_row)
    cursor.execute(_LOOK, (told_now, workspace))
    cursor.nextset()
    now, last_position = cursor.fetchall()[0]
    return Looked(partial(_ask, connection), workspace, now, last_position)


def _ask(connection: Connection[Any], name: str, *values: Any) -> list[Any]:
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    return cursor.execute(SQL[name], values).fetchall()


class EnteredWorkspaces:
    """``opened`` has the workspaces that were free, or all of them if it is ``patient``.

    Whoever lent the connection rolls back what is not committed.
    """

    def __init__(
        self,
        connection: Connection[Any],
        asked: Mapping[str, Sequence[str]],
        *,
        patient: bool,
        told_now: datetime | None,
    ) -> None:
        self._connection = connection
        ask = partial(_ask, connection)
        asked_in = [name for name, command_ids in asked.items() for _ in command_ids]
        command_ids = texts([each for ids in asked.values() for each in ids])
        values = (texts(sorted(asked)), texts(asked_in), command_ids, flag(patient))
        _, entered = answered(connection, BEGIN, ("enter", (*values, moment(told_now))))
        told = [_told(*row) for row in rows(entered)]
        self.opened = {each.workspace: Entered(ask, each, asked[each.workspace]) for each in told}

    def commit(self) -> None:
        """What was appended is there for everybody, and on the disk."""
        pending = [
            Placed(each.workspace, each.now, each.pending)
            for each in self.opened.values()
            if each.pending is not None
        ]
        if pending:
            after = self._appended(pending)
            for each in self.opened.values():
                if each.pending is not None:
                    each.appended_after = after
                    after += len(each.pending.events)
        else:
            recognised = any(each.recognised for each in self.opened.values())
            answered(self._connection, *(_LEAVE if recognised else (COMMIT,)))

    def _appended(self, pending: Sequence[Placed]) -> int:
        if size(pending) >= LARGE:
            after = append_many(pending, self._connection.cursor(row_factory=tuple_row))
            answered(self._connection, *_LEAVE)
            return after
        appended, *_ = answered(self._connection, ("append", few(pending)), *_LEAVE)
        ((after,),) = rows(appended)
        return number_of(after)


class Told(NamedTuple):
    """What the store tells of a workspace that is entered."""

    workspace: str
    now: datetime
    last_position: int
    due: Sequence[Sequence[Any]] | None
    known: Sequence[Mapping[str, Any]] | None
    """Envelopes of the commands that were asked for."""


def _told(name: bytes, now: bytes, position: bytes, due: bytes | None, known: bytes | None) -> Told:
    lists = (json.loads(each) if each else None for each in (due, known))
    return Told(name.decode(), moment_of(now), number_of(position), *lists)


class Looked:
    """One workspace that is only read."""

    def __init__(self, ask: Ask, workspace: str, now: datetime, last_position: int) -> None:
        self.workspace = workspace
        self.now = now
        self.last_position = last_position
        self._ask = ask

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        while True:
            rows = self._ask("read_stream", stream_id, after, STREAM_PAGE)
            yield from rows
            if len(rows) < STREAM_PAGE:
                return
            after = rows[-1][2]

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        for version, state in self._ask("snapshot_of", stream_id, topic):
            return StoredEvent(stream_id, version, topic, state)
        return None

    def envelope(self, command_id: str) -> Envelope | None:
        found = self._ask("envelope_of_command", self.workspace, command_id)
        return Envelope._make(found[0]) if found else None

    def timers(self, until: datetime) -> Sequence[Timer]:
        return list(map(timer_of, self._ask("timers_until", self.workspace, until)))

    def roster(self, entry: str) -> Sequence[str]:
        return [row[0] for row in self._ask("roster_of", self.workspace, entry)]


class Entered(Looked):
    """One workspace under its lock."""

    def __init__(self, ask: Ask, told: Told, command_ids: Sequence[str]) -> None:
        super().__init__(ask, told.workspace, told.now, told.last_position)
        self.appended_after = told.last_position
        self.pending: Append | None = None
        self.recognised = False
        """Somebody is answered by what another transaction did."""
        self._due = list(map(timer_of, told.due or ()))
        self._known: dict[str, Envelope | None] = dict.fromkeys(command_ids)
        for each in told.known or ():
            self._known[each["command_id"]] = _envelope(each)

    def envelope(self, command_id: str) -> Envelope | None:
        if command_id not in self._known:
            self._known[command_id] = super().envelope(command_id)
        envelope = self._known[command_id]
        self.recognised |= envelope is not None
        return envelope

    def timers(self, until: datetime) -> Sequence[Timer]:
        if until <= self.now:
            return [timer for timer in self._due if timer.due_at <= until]
        return super().timers(until)

    def append(self, append: Append) -> None:
        assert self.pending is None, "one append in a transaction"
        self.pending = append


def _envelope(columns: Mapping[str, Any]) -> Envelope:
    recorded_at = datetime.fromisoformat(columns["recorded_at"])
    return Envelope(**{**columns, "recorded_at": recorded_at})
