"""Folds a page of one partition into the views of its store: the effect of ``project``.

No row depends on the order between workspaces: the key of every shipped view begins with the
workspace, and a workspace is in one partition. So each partition is folded by itself, from its own
position; a process that takes one over continues from the position in the database.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from adapters.kafka.consumer.consumer import Refused
from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox
from adapters.projecting import places
from adapters.stores.postgres.tables import described
from adapters.stores.postgres.views import fetch_rows, write_rows
from engine.decoding import decode_rows
from engine.folding import fold, shared_out
from engine.gc_pause import gc_paused
from engine.ports.log import Row
from engine.stream.cloud_events import CloudEvent
from engine.stream.reading import Reader, Told
from events.recorded import Envelope, Recorded
from projections.shipped import SHIPPED

STORE_ID = re.compile(r"[0-9a-f]{32}")


class Folding:
    """Folds for one consumer, in its transactions. A record with an error is poison."""

    def __init__(self) -> None:
        self._reader = Reader()

    def take(self, events: Sequence[Event], inbox: Inbox, c: Any) -> None:
        """Raises ``UnreadableRecord``, ``UnreadableEvent``, ``CannotTake`` and ``Refused``."""
        with gc_paused():
            told = [self._reader.read(_record(each)) for each in events]
            page = _page(told)
            if not page:
                return
            topic, partition = events[0].topic, events[0].partition
            store_id = _store_of(told)
            places.bind(c, places.Binding(topic, store_id, inbox.group))
            after = places.position_of(c, topic, partition)
            last = told[-1].entry
            at = places.Reached(page[-1].position, last.number, last.envelope.recorded_at)
            places.move(c, topic, partition, at)
            places.go_there(c, store_id)
            _fold(c, page, after)


def _record(event: Event) -> CloudEvent:
    headers = [(name, text.encode()) for name, text in event.headers.items()]
    return CloudEvent(event.key or b"", headers, event.value or b"")


def _page(told: Sequence[Told]) -> list[Recorded]:
    found: list[tuple[Row, Envelope]] = [
        (each.entry.row, each.entry.envelope) for each in told if each.entry.row is not None
    ]
    events = decode_rows(row for row, _ in found)
    return [
        Recorded(row[0], row[1], row[2], event, envelope)
        for (row, envelope), event in zip(found, events, strict=True)
    ]


def _store_of(told: Sequence[Told]) -> str:
    stores = {each.store.store_id for each in told}
    if len(stores) > 1 or not all(map(STORE_ID.fullmatch, stores)):
        names = ", ".join(sorted(each[:40] for each in stores))
        raise Refused(f"Nothing is projected: the topic tells no single store, but {names!r}.")
    return stores.pop()


def _fold(c: Any, page: Sequence[Recorded], after: int) -> None:
    with c.connection.cursor(binary=True) as reading:
        for projection, share in shared_out(page, SHIPPED).items():
            rows = fold(projection, share, after, (), partial(fetch_rows, reading))
            if rows:
                write_rows(c, described(projection), rows, projection.appends)
