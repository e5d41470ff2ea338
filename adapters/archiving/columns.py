"""Events as rows of the archive: its columns, and runs that end where the day changes."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa

from adapters.kafka.consumer.event import Event, NotAnEvent

DATA = "data"
_TEXT, _WHOLE, _INSTANT = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC")
_COLUMNS = {
    "source": (_TEXT, "ce_source"),
    "entry": (_WHOLE, "ce_entry"),
    "position": (_WHOLE, "ce_sequence"),
    "id": (_TEXT, "ce_id"),
    "type": (_TEXT, "ce_type"),
    "workspace": (_TEXT, "ce_partitionkey"),
    "subject": (_TEXT, "ce_subject"),
    "stream_version": (_WHOLE, "ce_streamversion"),
    "occurred_at": (_INSTANT, "ce_time"),
    "recorded_at": (_INSTANT, "ce_recordedtime"),
    "command_id": (_TEXT, "ce_commandid"),
    "command": (_TEXT, "ce_command"),
    "correlation_id": (_TEXT, "ce_correlationid"),
    "causation_id": (_TEXT, "ce_causationid"),
    "actor": (_TEXT, "ce_actor"),
}
"""The type of each column, and the header it comes from (docs/stream-contract.md)."""
_OPTIONAL = "causation_id"
SCHEMA = pa.schema(
    [pa.field(name, kind, name == _OPTIONAL) for name, (kind, _) in _COLUMNS.items()]
    + [pa.field(DATA, _TEXT, nullable=False)]
)


class Run(NamedTuple):
    """Consecutive events of one partition, recorded by one store on one day (UTC)."""

    day: date
    source: str
    rows: pa.RecordBatch
    next_offset: int
    entry: int
    """The entry of the last event."""


def runs(events: Sequence[Event]) -> Iterator[Run]:
    """The runs. Raises ``KeyError`` and ``ValueError`` if one is not an event of a store."""
    rows = _rows(events)
    days = rows["recorded_at"].cast(pa.date32()).to_pylist()
    begin = 0
    for (day, source), group in groupby(zip(days, (each.source for each in events), strict=True)):
        end = begin + sum(1 for _ in group)
        last = events[end - 1]
        yield Run(day, source, rows.slice(begin, end - begin), last.offset + 1, last.entry)
        begin = end


def _rows(events: Sequence[Event]) -> pa.RecordBatch:
    arrays = [
        pa.array(
            [each.headers.get(h) if name == _OPTIONAL else each.headers[h] for each in events],
            _TEXT,
        ).cast(kind)
        for name, (kind, h) in _COLUMNS.items()
    ]
    values = pa.array([_json(each) for each in events], _TEXT)
    return pa.RecordBatch.from_arrays([*arrays, values], schema=SCHEMA)


def _json(event: Event) -> str:
    text = (event.value or b"").decode()
    if not isinstance(json.loads(text), dict):
        raise NotAnEvent("the value is no JSON object")
    return text
