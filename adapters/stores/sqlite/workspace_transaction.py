"""One workspace of the embedded store: as it is in a cursor's transaction."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from sqlite3 import Cursor
from typing import Any

from eventsourcing.persistence import StoredEvent

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.sqlite.append import append_all, envelope_of, timer_of
from adapters.stores.sqlite.recorder import SQL
from engine.ports.log import Row
from engine.ports.transactions import Append
from events.recorded import Envelope
from processors.timers import Timer


class Looked:
    """A workspace that is only read."""

    def __init__(self, c: Cursor, workspace: str, clock: datetime) -> None:
        self._c = c
        self._workspace = workspace
        recorded_at = self._first("recorded_at", workspace)
        self.now = clock if recorded_at is None else max(clock, from_micros(recorded_at[0]))
        self.last_position: int = self._all("last_position")[0][0]

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        return self._c.execute(SQL["read_stream"], (stream_id, after))

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        found = self._first("snapshot_of", stream_id, topic)
        return StoredEvent(stream_id, found[0], topic, found[1]) if found else None

    def envelope(self, command_id: str) -> Envelope | None:
        found = self._first("envelope_of_command", self._workspace, command_id)
        return envelope_of(found) if found else None

    def timers(self, until: datetime) -> Sequence[Timer]:
        found = self._all("timers_until", self._workspace, to_micros(until))
        return list(map(timer_of, found))

    def roster(self, entry: str) -> Sequence[str]:
        return [row[0] for row in self._all("roster_of", self._workspace, entry)]

    def _all(self, name: str, *values: Any) -> list[Any]:
        self._c.execute(SQL[name], values)
        found: list[Any] = self._c.fetchall()
        return found

    def _first(self, name: str, *values: Any) -> Any:
        self._c.execute(SQL[name], values)
        return self._c.fetchone()


class Entered(Looked):
    """A workspace under the file's lock."""

    def __init__(
        self, c: Cursor, workspace: str, clock: datetime, command_ids: Sequence[str]
    ) -> None:
        super().__init__(c, workspace, clock)
        self.appended_after = self.last_position
        found = self._all("envelopes_of_commands", workspace, json.dumps([*command_ids]))
        known = {each.command_id: each for each in map(envelope_of, found)}
        self._known = {each: known.get(each) for each in command_ids}

    def envelope(self, command_id: str) -> Envelope | None:
        if command_id in self._known:
            return self._known[command_id]
        return super().envelope(command_id)

    def append(self, append: Append) -> None:
        self.appended_after = append_all(self._c, append, self._workspace, self.now)
