"""From what a store keeps to entries: events and envelopes without events, in one order."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.decoding import GapInLog, MissingEnvelope
from engine.ports.errors import StoreError
from engine.ports.log import Entry, Page, Row
from events.recorded import Envelope


class EntryRange(NamedTuple):
    """What a run of entries is made of. All below a log's end is fixed, so it may be read later."""

    numbered_before: int
    """Number of the last envelope without events before the run; 0 for none."""
    last_numbered: int
    position_before: int
    last_position: int

    @property
    def events(self) -> int:
        return max(self.last_position - self.position_before, 0)


class Numbered(NamedTuple):
    """An envelope without events, as the store has numbered it."""

    number: int
    """From 1, in the order of commits."""
    entry: int
    envelope: Envelope | None
    """None where the store has lost it."""


class GapInEntries(StoreError):
    sentence = (
        "The log has no entry {expected} where one must be; {found}. "
        "Restore the store from a backup; nothing was skipped."
    )


def merged(
    after: int, run: EntryRange, page: Page, numbered: Sequence[Numbered]
) -> Iterator[Entry]:
    """The entries of a run that begins after ``after``.

    The event at position *P* is entry *(P - 1)* plus the number of envelopes without events before
    it. Raises ``GapInEntries``, ``GapInLog`` and ``MissingEnvelope``.
    """
    entry, count = after, run.numbered_before
    waiting = deque(numbered)
    for row, envelope in _in_envelopes(page):
        while waiting and waiting[0].entry <= row[0] - 1 + count:
            entry, count = entry + 1, count + 1
            yield _without_events(entry, count, waiting.popleft())
        entry += 1
        if row[0] != entry + 1 - count:
            raise GapInLog(expected=entry + 1 - count, found=row[0])
        yield Entry(entry, envelope, row)
    for further, each in enumerate(waiting, 1):
        yield _without_events(entry + further, count + further, each)


def _without_events(entry: int, number: int, found: Numbered) -> Entry:
    envelope = found.envelope
    if envelope is None or envelope.event_count:
        raise GapInEntries(expected=entry, found=f"envelope {number} without events is none")
    derived = envelope.first_position + number - 2
    if (found.number, found.entry, derived) != (number, entry, entry):
        told = f"the next one is {found.entry}, envelope {found.number} without events"
        raise GapInEntries(expected=entry, found=f"{told}, by its position {derived}")
    return Entry(entry, envelope, None)


def _in_envelopes(page: Page) -> Iterator[tuple[Row, Envelope]]:
    envelopes = iter(page.envelopes)
    envelope, last = None, -1
    for row in page.rows:
        while envelope is None or row[0] > last:
            envelope = next(envelopes, None)
            if envelope is None or envelope.first_position > row[0]:
                raise MissingEnvelope(position=row[0], topic=row[3])
            last = envelope.last_position
        yield row, envelope
