"""Entries that a store recorded before go on exactly where its log ends, in whole commands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from engine.ports.errors import StoreError
from engine.ports.log import BEGINS, Entry, Row
from events.recorded import Envelope


class NotContinued(StoreError):
    """``problem`` follows the entry's number in a sentence."""

    sentence = (
        "Entry {entry} does not continue the log: {problem}. Nothing of its page was written; "
        "make sure that nobody else is working on the store."
    )


class LogEnd(NamedTuple):
    """Where a log ends, and the streams' versions there; 0 for a stream that is not named."""

    position: int
    numbered: int
    """How many envelopes without events there are."""
    versions: Mapping[str, int]

    @property
    def entry(self) -> int:
        return self.position + self.numbered - 1


class Grown(NamedTuple):
    """What a workspace gains."""

    recorded_at: datetime
    """When something was last recorded in it."""
    last_position: int
    """0 where it gains no event."""
    events: int


class Continuation(NamedTuple):
    rows: Sequence[Row]
    envelopes: Sequence[Envelope]
    """In order of entry."""
    workspaces: Mapping[str, Grown]


def first_of_generation(generation: int, last: Entry, end: LogEnd, named: str) -> Entry:
    """It is recorded with the last one, in its workspace, where no time goes back."""
    id_ = f"{generation}:{named}"
    begins = last.envelope._replace(
        command_id=id_,
        command=BEGINS,
        actor="processor:generations",
        correlation_id=id_,
        causation_id=None,
        first_position=end.position + 1,
        event_count=0,
        rejection=None,
    )
    return Entry(end.entry + 1, begins, None)


def streams_of(entries: Iterable[Entry]) -> list[str]:
    """Those whose versions ``continuation`` has to know."""
    return list(dict.fromkeys(each.row[1] for each in entries if each.row))


def continuation(entries: Sequence[Entry], end: LogEnd) -> Continuation:
    """What is to be written so that a log that ends there has these entries too.

    Raises ``NotContinued`` unless each has the number, the position and the version of its stream
    that come next, and every command is there as a whole.
    """
    _require_order(entries, end)
    envelopes = list(_whole_commands(entries, end.position + 1))
    rows = [entry.row for entry in entries if entry.row]
    return Continuation(rows, envelopes, _grown(envelopes))


def _require_order(entries: Sequence[Entry], end: LogEnd) -> None:
    position, versions = end.position, dict(end.versions)
    for number, entry in enumerate(entries, end.entry + 1):
        if entry.number != number:
            raise NotContinued(entry=entry.number, problem=f"the next one is {number}")
        if entry.row is None:
            continue
        position += 1
        place, stream, version, *_ = entry.row
        following = versions.get(stream, 0) + 1
        if (place, version) != (position, following):
            told = f"it has position {place} and version {version} of {stream}"
            due = f"position {position} and version {following} come next"
            raise NotContinued(entry=number, problem=f"{told}, and {due}")
        versions[stream] = version


def _whole_commands(entries: Sequence[Entry], position: int) -> Iterator[Envelope]:
    """The envelopes, of which the first event takes the next position."""
    place = 0
    while place < len(entries):
        envelope, entry = entries[place].envelope, entries[place].number
        own = entries[place : place + max(envelope.event_count, 1)]
        if envelope.first_position != position:
            raise NotContinued(entry=entry, problem=f"its command does not begin at {position}")
        if sum(_is_of(envelope, each) for each in own) < max(envelope.event_count, 1):
            raise NotContinued(entry=entry, problem="its command is not there as a whole")
        yield envelope
        place += len(own)
        position += envelope.event_count


def _is_of(envelope: Envelope, entry: Entry) -> bool:
    return entry.envelope == envelope and (entry.row is None) == (envelope.event_count == 0)


def _grown(envelopes: Iterable[Envelope]) -> dict[str, Grown]:
    grown: dict[str, Grown] = {}
    for each in envelopes:
        before = grown.get(each.workspace)
        last, events = (before.last_position, before.events) if before else (0, 0)
        if each.event_count:
            last, events = each.last_position, events + each.event_count
        grown[each.workspace] = Grown(each.recorded_at, last, events)
    return grown
