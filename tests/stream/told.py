"""Entries of a store on which commands were carried out, and their records held to the contract."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from pydantic import TypeAdapter

from engine.observing import Committed
from engine.ports.log import Entry, StoreIdentity
from engine.ports.store import Store
from engine.stream.cloud_events import WITHOUT_EVENTS, CloudEvent, Teller
from engine.stream.headers import headers_schema, headers_schema_without_events
from engine.stream.schemas import Schema
from events.recorded import Envelope
from tests.stream_contract import published
from tests.workplace import ACME

FORMATS = FormatChecker(formats=())
_SPAN = TypeAdapter(timedelta)


@FORMATS.checks("date-time", ValueError)
def _is_a_moment(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).utcoffset() == timedelta(0)


@FORMATS.checks("duration", ValueError)
def _is_a_duration(text: object) -> bool:
    return not isinstance(text, str) or (
        text[0] in "P-" and _SPAN.validate_python(text) is not None
    )


PUBLISHED = published()
STORE = StoreIdentity("5707e", 2)
TELLER = Teller(STORE)


def complaints(schema: Schema, value: Any) -> list[str]:
    checked = Draft202012Validator(schema, format_checker=FORMATS)
    return [f"{each.json_path}: {each.message}" for each in checked.iter_errors(value)]


def headers_of(record: CloudEvent) -> dict[str, str]:
    return {name: text.decode() for name, text in record.headers}


def breaches(record: CloudEvent) -> list[str]:
    """What the published schemas have against a record: its headers and its value."""
    headers = headers_of(record)
    without = headers["ce_type"] == WITHOUT_EVENTS
    of_headers = headers_schema_without_events() if without else headers_schema()
    schema = PUBLISHED[headers["ce_type"].removeprefix("sendledger.")]
    assert schema["$id"] == headers["ce_dataschema"]
    return complaints(of_headers, headers) + complaints(schema, json.loads(record.value))


class Commands:
    """An observer that remembers the commands that left no event."""

    def __init__(self) -> None:
        self.without_events: list[str] = []

    def committed(self, done: Committed) -> None:
        envelopes = (batch.envelope for batch in done.batches if not batch.events)
        self.without_events += (each.command_id for each in envelopes)


def entries_of(store: Store, without_events: Iterable[str]) -> Sequence[Entry]:
    """In the log's one order."""
    page = store.read(0, 1_000_000)
    found: list[tuple[int, int, Envelope, Any]] = []
    for envelope in page.envelopes:
        places = range(envelope.first_position, envelope.last_position + 1)
        found += ((place, 1, envelope, page.rows[place - 1]) for place in places)
    for command_id in without_events:
        empty = store.envelope(ACME, command_id)
        assert empty is not None
        found.append((empty.first_position, 0, empty, None))
    found.sort(key=lambda each: each[:2])
    return [Entry(number, *each[2:]) for number, each in enumerate(found)]
