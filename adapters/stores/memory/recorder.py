"""The library's in-memory recorder, which also keeps envelopes, timers and roster."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOProcessRecorder

from engine.entries import Numbered
from engine.ports.log import Row
from events.recorded import Envelope
from processors.timers import Key, Timer


class Tables(NamedTuple):
    """What a workspace's transaction reads beside the events."""

    last_position: int
    recorded_at: Mapping[str, datetime]
    envelopes: Mapping[tuple[str, str], Envelope]
    timers: Mapping[tuple[str, Key], Timer]
    roster: Mapping[tuple[str, str], Mapping[str, None]]


class MemoryLedgerRecorder(POPOProcessRecorder):
    def __init__(self) -> None:
        super().__init__()
        self.envelopes: dict[tuple[str, str], Envelope] = {}
        self.filled: list[Envelope] = []
        """Envelopes that hold events, in order of position."""
        self.without_events: list[Numbered] = []
        self.timers: dict[tuple[str, Key], Timer] = {}
        self.roster: dict[tuple[str, str], dict[str, None]] = {}
        self.recorded_at: dict[str, datetime] = {}
        """By workspace, when something was last recorded there."""
        self._moment: Tables | None = None
        """A copy of the tables, until one of them changes."""

    def tables(self) -> Tables:
        """As they are, and go on to change."""
        end = len(self._stored_events)
        return Tables(end, self.recorded_at, self.envelopes, self.timers, self.roster)

    def tables_of_this_moment(self) -> Tables:
        with self._database_lock:
            if self._moment is None:
                end, recorded_at, envelopes, timers, roster = self.tables()
                copied = {entry: dict(campaigns) for entry, campaigns in roster.items()}
                self._moment = Tables(end, dict(recorded_at), dict(envelopes), dict(timers), copied)
            return self._moment

    def rows(self, after: int, limit: int) -> list[Row]:
        """At most so many after that position, without the library's object for each."""
        after = max(after, 0)
        found = self._stored_events[after : after + max(limit, 0)]
        return [
            (place, str(each.originator_id), each.originator_version, each.topic, each.state)
            for place, each in enumerate(found, after + 1)
        ]

    def stream(self, stream_id: str, after: int, until: int) -> Iterator[Row]:
        """The stream's events after a version, up to a position."""
        places = self._stored_events_index.get(stream_id, {})
        for version in count(after + 1):
            place = places.get(version, until)
            if place >= until:
                return
            event = self._stored_events[place]
            yield (place + 1, stream_id, version, event.topic, event.state)

    def _assert_uniqueness(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super()._assert_uniqueness(stored_events, **kwargs)
        commands = [(each.workspace, each.command_id) for each in kwargs.get("envelopes", ())]
        if len({*commands}) < len(commands) or not self.envelopes.keys().isdisjoint(commands):
            raise IntegrityError("A command is recorded already")

    def _update_table(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        positions = super()._update_table(stored_events, **kwargs)
        self._moment = None
        self.recorded_at.update(kwargs.get("recorded_at", {}))
        for envelope in kwargs.get("envelopes", ()):
            self.envelopes[envelope.workspace, envelope.command_id] = envelope
            if envelope.event_count:
                self.filled.append(envelope)
            else:
                number = len(self.without_events) + 1
                entry = envelope.first_position + number - 2
                self.without_events.append(Numbered(number, entry, envelope))
        for workspace, timers in kwargs.get("timers", {}).items():
            self.set_timers(workspace, timers)
        for workspace, roster in kwargs.get("roster", {}).items():
            self.enrol((workspace, *entry) for entry in roster)
        return positions or ()

    def set_timers(self, workspace: str, timers: Mapping[Key, Timer | None]) -> None:
        for key, timer in timers.items():
            if timer is None:
                self.timers.pop((workspace, key), None)
            else:
                self.timers[workspace, key] = timer

    def enrol(self, entries: Iterable[tuple[str, str, str]]) -> None:
        for workspace, entry, campaign_id in entries:
            self.roster.setdefault((workspace, entry), {})[campaign_id] = None

    def replace_indexes(
        self, timers: Iterable[tuple[str, Timer]], roster: Iterable[tuple[str, str, str]]
    ) -> None:
        self.timers = {(workspace, timer.key): timer for workspace, timer in timers}
        self.roster = {}
        self.enrol(roster)
        self._moment = None

    def envelopes_between(self, first: int, last: int) -> Sequence[Envelope]:
        begin = max(bisect_right(self.filled, first, key=lambda e: e.first_position) - 1, 0)
        end = bisect_right(self.filled, last, key=lambda e: e.first_position)
        return self.filled[begin:end]
