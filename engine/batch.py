"""One decided command with its events, on the way to the log."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

from aggregates.command import Command
from engine.ports.transactions import NewRow, NewRows, Run
from engine.reply import Refusal
from events.alike import Alike, runs
from events.base import Event
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from processors.timers import Timer


class Cause(NamedTuple):
    """Who or what a command comes from (F2)."""

    command_id: str
    actor: str
    correlation_id: str
    causation_id: str | None = None
    requested: bool = False
    """Somebody waits for the answer, so it is remembered even if nothing happened."""

    @classmethod
    def of_timer(cls, workspace: str, timer: Timer) -> "Cause":
        """The event that set the timer is what brings the command about."""
        command_id = derived_id(workspace, *timer.key, timer.due_at.isoformat())
        began_with = timer.correlation_id or command_id
        return cls(command_id, "clock", began_with, timer.set_by or None)

    def of_reaction(self, event_id: str, name: str, number: int) -> "Cause":
        """The same event always causes the same command ids."""
        command_id = derived_id(event_id, name, str(number))
        return Cause(command_id, f"processor:{name}", self.correlation_id, event_id)

    def envelope(
        self,
        command: Command,
        workspace: str,
        recorded_at: datetime,
        *,
        first_position: int,
        event_count: int,
        refusal: Refusal | None,
    ) -> Envelope:
        return Envelope(
            command_id=self.command_id,
            command=type(command).__name__,
            workspace=workspace,
            recorded_at=recorded_at,
            actor=self.actor,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            first_position=first_position,
            event_count=event_count,
            rejection=_kept(refusal, self.command_id) if refusal else None,
        )


KEEPS_FACTS = "http."
"""Programs of before read refusals without facts; none of them repeats a command of such an id."""


def _kept(refusal: Refusal, command_id: str) -> str:
    kept = refusal._asdict()
    if not command_id.startswith(KEEPS_FACTS):
        del kept["facts"]
    return json.dumps(kept)


class Batch(NamedTuple):
    """The envelope and the events. Positions count from 1 until the transaction commits."""

    envelope: Envelope
    stream_id: str
    first_version: int
    events: Sequence[Event]
    decided_at: int = 0
    """By ``time.perf_counter_ns``, for whoever observes."""

    def recorded(self, after: int) -> list[Recorded]:
        """As the log has them, when the transaction's events were appended after that position."""
        counted, stream_id, version, events, _ = self
        envelope = counted.after(after)
        position = envelope.first_position
        return [
            Recorded(position + index, stream_id, version + index, event, envelope)
            for index, event in enumerate(events)
        ]

    def pieces(self) -> Iterator[NewRow | Run]:
        _, stream_id, version, events, _ = self
        for run in runs(events):
            if isinstance(run, Alike):
                yield Run(stream_id, version, *CATALOGUE.encode_alike(run))
            else:
                yield from _rows(stream_id, version, run)
            version += len(run)

    def rows(self) -> Iterator[NewRow]:
        return _rows(self.stream_id, self.first_version, self.events)


def _rows(stream_id: str, version: int, events: Iterable[Event]) -> Iterator[NewRow]:
    encoders = CATALOGUE.encoders
    for event in events:
        topic, to_json = encoders[type(event)]
        yield stream_id, version, topic, to_json(event, exclude_none=True)
        version += 1


class Rows(NewRows):
    """The rows of these batches, encoded anew whenever they are gone through."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches
        self._count = sum(len(batch.events) for batch in batches)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[NewRow]:
        return chain.from_iterable(batch.rows() for batch in self._batches)

    def pieces(self) -> Iterator[NewRow | Run]:
        return chain.from_iterable(batch.pieces() for batch in self._batches)

    def __contains__(self, row: object) -> bool:
        return any(row == each for each in self)


def derived_id(*parts: str) -> str:
    """A command id that follows from what caused the command."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
