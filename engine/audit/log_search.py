"""Search the events of one workspace by type, stream, cause, time or text: newest first, or oldest
first.

A search for a subject uses the view ``histories``, and reads the log beyond it. Any other search
scans a bounded stretch, so that even among millions of events it answers soon and says how far it
got.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from engine.answers.history import History
from engine.audit.event_index import Places
from engine.audit.source import Source
from engine.decoding import decode_rows
from engine.ports.log import Page
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from projections.histories import Subject

STRETCH = 5_000
"""The most events that are read at a time."""
MOST_SCANNED = 10_000
"""The most events that one search looks at."""


class Sought(NamedTuple):
    """What to search for; a field that is None fits every event."""

    type: str | None = None
    stream: str | None = None
    subject: Subject | None = None
    correlation_id: str | None = None
    command_id: str | None = None
    actor: str | None = None
    text: str | None = None
    """Text that occurs anywhere in the payload, as stored."""
    since: datetime | None = None
    """The earliest time of recording, inclusive."""
    until: datetime | None = None


class Found(NamedTuple):
    events: Sequence[Recorded]
    looked_until: int | None
    """The position after which (newest first: before which) the search continues; None if nothing
    is left."""


def search(
    source: Source, workspace: str, sought: Sought, start: int | None, limit: int, *, newest: bool
) -> Found:
    """Up to ``limit`` events after the position ``start``, or before it with ``newest``. Raises
    ``StoreError`` and ``UnreadableEvent``."""
    if sought.subject is not None:
        return _listed(source, workspace, sought, start, limit, newest=newest)
    events: list[Recorded] = []
    beyond = (source.end + 1 if newest else 0) if start is None else start
    for first, length in _stretches(source.end, beyond, limit, newest=newest):
        found = list(_fitting(source.read(first, length), workspace, sought))
        events += reversed(found) if newest else found
        if len(events) >= limit:
            return Found(events[:limit], events[limit - 1].position)
        beyond = first + 1 if newest else first + length
    is_over = beyond <= 1 if newest else beyond >= source.end
    return Found(events, None if is_over else beyond)


def _listed(
    source: Source,
    workspace: str,
    sought: Sought,
    start: int | None,
    limit: int,
    *,
    newest: bool,
) -> Found:
    assert sought.subject is not None
    positions = Places(source, workspace)
    places = [each for each in positions(workspace, sought.subject) if each <= source.end]
    if start is not None:
        places = [each for each in places if (each < start if newest else each > start)]
    history = History(source, positions, workspace)
    ordered = places[::-1] if newest else places
    facts = (fact for place in ordered for fact in history.at([place]))
    found = list(islice((each for each in facts if _fits(each, sought)), limit))
    return Found(found, found[-1].position if len(found) == limit else None)


def _stretches(end: int, beyond: int, wanted: int, *, newest: bool) -> Iterator[tuple[int, int]]:
    """The stretches to read: after which position, and how many events; first as many as wanted,
    then ever more."""
    left, size = MOST_SCANNED, wanted
    while left > 0:
        size = min(size, STRETCH, left)
        if newest:
            first = max(min(beyond, end + 1) - 1 - size, 0)
            length = min(beyond, end + 1) - 1 - first
        else:
            first, length = beyond, min(size, end - beyond)
        if length <= 0:
            return
        yield first, length
        beyond = first + 1 if newest else first + length
        left, size = left - length, 2 * size


def _fitting(page: Page, workspace: str, sought: Sought) -> Iterator[Recorded]:
    """The events that fit, envelope by envelope; only rows that fit are decoded."""
    base = page.rows[0][0] if page.rows else 0
    for envelope in page.envelopes:
        if envelope.workspace != workspace or not _envelope_fits(envelope, sought):
            continue
        first = max(envelope.first_position - base, 0)
        rows = [
            row
            for row in page.rows[first : envelope.last_position + 1 - base]
            if _row_fits(row[1], row[3].partition("/")[0], row[4], sought)
        ]
        for row, event in zip(rows, decode_rows(rows), strict=True):
            yield Recorded(row[0], row[1], row[2], event, envelope)


def _fits(fact: Recorded, sought: Sought) -> bool:
    topic, state = CATALOGUE.encode(fact.event)
    is_sought = _row_fits(fact.stream_id, topic.partition("/")[0], state, sought)
    return is_sought and _envelope_fits(fact.envelope, sought)


def _row_fits(stream: str, type_: str, state: bytes, sought: Sought) -> bool:
    return (
        sought.type in (None, type_)
        and sought.stream in (None, stream)
        and (sought.text is None or sought.text.encode() in state)
    )


def _envelope_fits(envelope: Envelope, sought: Sought) -> bool:
    return (
        sought.correlation_id in (None, envelope.correlation_id)
        and sought.command_id in (None, envelope.command_id)
        and sought.actor in (None, envelope.actor)
        and (sought.since is None or envelope.recorded_at >= sought.since)
        and (sought.until is None or envelope.recorded_at <= sought.until)
    )
