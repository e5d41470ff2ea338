"""Workspaces under their locks: one round trip to enter, one to append, commit and leave.

BEGIN travels with what enters, COMMIT with what appends. Both are said aloud: a transaction that a
pipeline only implies counts as busy, and the server would never cut a client that hangs in it.
Until the commit nothing is written, so whatever goes wrong before it leaves nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from adapters.postgres.append import LARGE, Placed, append_few, append_many, size, timer_of
from adapters.postgres.recorder import SQL
from engine.store import Append, Row
from events.recorded import Envelope
from processors.timers import Timer

STREAM_PAGE = 50_000
"""Events of a stream fetched at once; about 25 MB."""


class Entry:
    """``opened`` has the workspaces that were free, or all of them if it is ``patient``."""

    def __init__(
        self,
        connection: Connection[Any],
        asked: Mapping[str, Sequence[str]],
        *,
        patient: bool,
        told_now: datetime | None,
    ) -> None:
        self._connection = connection
        command_ids = [each for ids in asked.values() for each in ids]
        values = (sorted(asked), command_ids, patient, told_now)
        with connection.pipeline():
            connection.execute("BEGIN")
            found = self._cursor().execute(SQL["enter"], values)
        told = map(Told._make, found.fetchall())
        cursor = self._cursor(binary=True)
        self.opened = {
            each.workspace: Entered(cursor, each, asked[each.workspace]) for each in told
        }

    def commit(self) -> None:
        """What was appended is there for everybody, and on the disk."""
        pending = [
            Placed(each.workspace, each.now, each.pending)
            for each in self.opened.values()
            if each.pending is not None
        ]
        if pending:
            behind = self._appended(pending)
            for each in self.opened.values():
                if each.pending is not None:
                    each.appended_behind = behind
                    behind += len(each.pending.events)
        else:
            self._leave(on_disk=any(each.recognised for each in self.opened.values()))

    def _appended(self, pending: Sequence[Placed]) -> int:
        cursor = self._cursor()
        if size(pending) >= LARGE:
            behind = append_many(pending, cursor)
            self._leave(on_disk=True)
            return behind
        with self._connection.pipeline():
            append_few(pending, cursor)
            self._leave(on_disk=True)
        found = cursor.fetchone()
        assert found is not None
        return int(found[0])

    def _leave(self, *, on_disk: bool) -> None:
        with self._connection.pipeline():
            self._connection.execute("COMMIT")
            if on_disk:
                self._connection.execute(SQL["on_disk"])

    def _cursor(self, *, binary: bool = False) -> Cursor[Any]:
        return self._connection.cursor(binary=binary, row_factory=tuple_row)


class Told(NamedTuple):
    """What the store tells of a workspace that is entered."""

    workspace: str
    now: datetime
    last_position: int
    due: Sequence[Sequence[Any]] | None
    known: Sequence[Mapping[str, Any]] | None
    """Envelopes of the commands that were asked for."""


class Entered:
    """One workspace under its lock."""

    def __init__(self, cursor: Cursor[Any], told: Told, command_ids: Sequence[str]) -> None:
        self.workspace = told.workspace
        self.now = told.now
        self.last_position = told.last_position
        self.appended_behind = told.last_position
        self.pending: Append | None = None
        self.recognised = False
        """Somebody is answered by what another transaction did."""
        self._cursor = cursor
        self._due = list(map(timer_of, told.due or ()))
        self._known: dict[str, Envelope | None] = dict.fromkeys(command_ids)
        for each in told.known or ():
            self._known[each["command_id"]] = _envelope(each)

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        while True:
            self._cursor.execute(SQL["read_stream"], (stream_id, after, STREAM_PAGE))
            rows = self._cursor.fetchall()
            yield from rows
            if len(rows) < STREAM_PAGE:
                return
            after = rows[-1][2]

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        found = self._cursor.execute(SQL["snapshot_of"], (stream_id, topic)).fetchone()
        return StoredEvent(stream_id, found[0], topic, found[1]) if found else None

    def envelope(self, command_id: str) -> Envelope | None:
        if command_id not in self._known:
            self._cursor.execute(SQL["envelope_of_command"], (self.workspace, command_id))
            found = self._cursor.fetchone()
            self._known[command_id] = Envelope._make(found) if found else None
        envelope = self._known[command_id]
        self.recognised |= envelope is not None
        return envelope

    def timers(self, until: datetime) -> Sequence[Timer]:
        if until <= self.now:
            return [timer for timer in self._due if timer.due_at <= until]
        found = self._cursor.execute(SQL["timers_until"], (self.workspace, until)).fetchall()
        return list(map(timer_of, found))

    def roster(self, entry: str) -> Sequence[str]:
        found = self._cursor.execute(SQL["roster_of"], (self.workspace, entry)).fetchall()
        return [row[0] for row in found]

    def append(self, append: Append) -> None:
        assert self.pending is None, "one append in a transaction"
        self.pending = append


def _envelope(columns: Mapping[str, Any]) -> Envelope:
    recorded_at = datetime.fromisoformat(columns["recorded_at"])
    return Envelope(**{**columns, "recorded_at": recorded_at})
