"""Make entries from what a store keeps: events and envelopes without events, in one order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

from engine.decoding import GapInLog, MissingEnvelope
from engine.ports.errors import StoreError
from engine.ports.log import Entry, Page, Row
from events.recorded import Envelope


class EntryRange(NamedTuple):
    """What a run of entries consists of. Everything up to the log's end is fixed, so it may be read
    later."""

    numbered_before: int
    """The number of the last envelope without events before the run; 0 if there is none."""
    last_numbered: int
    position_before: int
    last_position: int

    @property
    def events(self) -> int:
        return max(self.last_position - self.position_before, 0)


class Numbered(NamedTuple):
    """An envelope without events, with the number that the store gave it."""

    number: int
    """Counts from 1, in the order of commits."""
    entry: int
    envelope: Envelope | None
    """None if the store has lost it."""


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
    for envelope, rows in _in_envelopes(page):
        while waiting and waiting[0].entry <= rows[0][0] - 1 + count:
            entry, count = entry + 1, count + 1
            yield _without_events(entry, count, waiting.popleft())
        _require_consecutive(entry + 2 - count, rows)
        numbers = range(entry + 1, entry + 1 + len(rows))
        yield from map(_entry, zip(numbers, repeat(envelope), rows))
        entry = numbers[-1]
    for further, each in enumerate(waiting, 1):
        yield _without_events(entry + further, count + further, each)


_entry: Callable[[tuple[int, Envelope, Row]], Entry] = partial(tuple.__new__, Entry)
"""Makes an entry without a Python call for each."""


def _without_events(entry: int, number: int, found: Numbered) -> Entry:
    envelope = found.envelope
    if envelope is None or envelope.event_count:
        raise GapInEntries(expected=entry, found=f"envelope {number} without events is none")
    derived = envelope.first_position + number - 2
    if (found.number, found.entry, derived) != (number, entry, entry):
        told = f"the next one is {found.entry}, envelope {found.number} without events"
        raise GapInEntries(expected=entry, found=f"{told}, by its position {derived}")
    return Entry(entry, envelope, None)


def _require_consecutive(first: int, rows: Sequence[Row]) -> None:
    if rows[0][0] != first or rows[-1][0] != first + len(rows) - 1:
        for expected, row in enumerate(rows, first):
            if row[0] != expected:
                raise GapInLog(expected=expected, found=row[0])


def _in_envelopes(page: Page) -> Iterator[tuple[Envelope, Sequence[Row]]]:
    """Each envelope with its rows. If a row is missing, those after it are not in their
    envelope."""
    rows, at = page.rows, 0
    for envelope in page.envelopes:
        if at == len(rows) or envelope.first_position > rows[at][0]:
            break
        end = at + envelope.last_position + 1 - rows[at][0]
        if end > at:
            yield envelope, rows[at:end]
            at = min(end, len(rows))
    if at < len(rows):
        raise MissingEnvelope(position=rows[at][0], topic=rows[at][3])
