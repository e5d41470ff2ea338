"""From stored rows to facts, for one stream or a page of the log."""

from collections.abc import Iterable, Iterator

from engine.store import Page, Row, StoreError
from events.base import Event
from events.catalogue import CATALOGUE
from events.recorded import Recorded


class GapInLog(StoreError):
    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"The log has no event at position {expected}; the next one is at {found}. "
            "Restore the store from a backup; nothing was skipped."
        )


def decode_rows(rows: Iterable[Row]) -> Iterator[Event]:
    """The facts of these rows. Raises ``UnreadableEvent`` naming the position."""
    decoders = CATALOGUE.decoders
    for row in rows:
        try:
            yield decoders[row[3]](row[4])
        except (KeyError, ValueError):
            yield _unreadable(row)


def decode_page(page: Page, after: int) -> Iterator[Recorded]:
    """The facts of a page that begins behind ``after``. Raises ``UnreadableEvent``, ``GapInLog``."""
    envelopes = iter(page.envelopes)
    envelope, last = None, -1
    expected = after
    for row, event in zip(page.rows, decode_rows(page.rows), strict=True):
        position, stream_id, version, _, _ = row
        expected += 1
        if position != expected:
            raise GapInLog(expected, position)
        while envelope is None or position > last:
            envelope = next(envelopes, None)
            if envelope is None:
                raise StoreError(
                    f"The event at position {position} came in no envelope. "
                    "Restore the store from a backup; nothing was skipped."
                )
            last = envelope.last_position
        yield Recorded(position, stream_id, version, event, envelope)


def _unreadable(row: Row) -> Event:
    position, stream_id, version, topic, state = row
    where = f"position {position} ({stream_id}, version {version})"
    return CATALOGUE.decode(topic, state, where)
