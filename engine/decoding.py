"""Decode stored rows into facts, for one stream or a page of the log."""

from collections.abc import Collection, Iterable, Iterator

from engine.ports.errors import StoreError
from engine.ports.log import Page, Row
from events.base import Event
from events.catalogue import CATALOGUE
from events.recorded import Recorded


class GapInLog(StoreError):
    sentence = (
        "The log has no event at position {expected}; the next one is at {found}. "
        "Restore the store from a backup; nothing was skipped."
    )


class GapInStream(StoreError):
    sentence = (
        "Stream {stream} has no version {expected}; the next one is {found}, at position "
        "{position}. Restore the store from a backup; nothing was skipped."
    )


class MissingEnvelope(StoreError):
    sentence = (
        "The event of type {topic!r} at position {position} came in no envelope. "
        "Restore the store from a backup; nothing was skipped."
    )


def decode_stream(rows: Iterable[Row], after: int) -> Iterator[Event]:
    """The facts of one stream after that version. Raises ``UnreadableEvent``, ``GapInStream``."""
    return decode_rows(_unbroken(rows, after))


def _unbroken(rows: Iterable[Row], after: int) -> Iterator[Row]:
    for version, row in enumerate(rows, start=after + 1):
        if row[2] != version:
            raise GapInStream(stream=row[1], expected=version, found=row[2], position=row[0])
        yield row


def decode_rows(rows: Iterable[Row]) -> Iterator[Event]:
    """The facts of these rows. Raises ``UnreadableEvent`` naming the position."""
    decoders = CATALOGUE.decoders
    for row in rows:
        try:
            yield decoders[row[3]](row[4])
        except (KeyError, ValueError, TypeError):
            yield _unreadable(row)


def decode_some(page: Page, names: Collection[str]) -> Iterator[Recorded]:
    """The facts with these names, in any version, of a stream from its first event on.

    Raises what ``decode_stream`` and ``decode_page`` raise.
    """
    rows = [row for row in _unbroken(page.rows, 0) if row[3].partition("/")[0] in names]
    return decode_page(page._replace(rows=rows), None)


def decode_page(page: Page, after: int | None) -> Iterator[Recorded]:
    """The facts of a page that begins after ``after``; None if its rows are not consecutive.

    Raises ``UnreadableEvent``, ``GapInLog`` and ``MissingEnvelope`` at the first row that does not
    make sense, after yielding all before it.
    """
    envelopes = iter(page.envelopes)
    envelope, last = None, -1
    expected = after
    for row, event in zip(page.rows, decode_rows(page.rows), strict=True):
        position, stream_id, version, topic, _ = row
        if expected is not None:
            expected += 1
            if position != expected:
                raise GapInLog(expected=expected, found=position)
        while envelope is None or position > last:
            envelope = next(envelopes, None)
            if envelope is None or envelope.first_position > position:
                raise MissingEnvelope(position=position, topic=topic)
            last = envelope.last_position
        yield Recorded(position, stream_id, version, event, envelope)


def _unreadable(row: Row) -> Event:
    position, stream_id, version, topic, state = row
    where = f"position {position} ({stream_id}, version {version})"
    return CATALOGUE.decode(topic, state, where)
