"""An entry of the log as a CloudEvent 1.0, in Kafka's binary mode: key, headers and value."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from engine.ports.log import Entry, Row, StoreIdentity
from engine.stream.trace_context import traceparent
from engine.stream.without_events import (
    EnvelopeWithoutEvents,
    rejection_code,
    told_without_events,
)
from events.catalogue import CorruptEvent
from events.recorded import Envelope

CONTENT_TYPE = "application/json"
DIGITS = 20
"""Of positions and entries in headers: as texts they sort as numbers do."""

Header = tuple[str, bytes]


class CloudEvent(NamedTuple):
    """A record of a topic. The value of an event is its stored state, octet for octet."""

    key: bytes
    """The workspace: the order of the law is a workspace's order."""
    headers: Sequence[Header]
    """What is absent has no header."""
    value: bytes


class Teller:
    """Tells the entries of one store, which is named in each of them."""

    def __init__(self, store: StoreIdentity) -> None:
        self._store = store
        self.source = f"urn:sendledger:store:{store.store_id}"

    def record(self, entry: Entry) -> CloudEvent:
        """Of an event for the topic, of an envelope without events for its refusals.

        Raises ``CorruptEvent`` for a state that does not say when it happened.
        """
        envelope = entry.envelope
        about = self._of_envelope(entry) if entry.row is None else self._of_event(entry, entry.row)
        told = about | _of_command(envelope)
        headers = [(name, text.encode()) for name, text in told.items() if text is not None]
        value = told_without_events(envelope) if entry.row is None else entry.row[4]
        return CloudEvent(envelope.workspace.encode(), headers, value)

    def _of_event(self, entry: Entry, row: Row) -> dict[str, str | None]:
        position, stream, version, topic, _ = row
        return self._common(entry, f"{position}", type_of(topic)) | {
            "ce_time": _occurred_at(row),
            "ce_subject": stream,
            "ce_streamversion": str(version),
            "ce_sequence": f"{position:0{DIGITS}}",
        }

    def _of_envelope(self, entry: Entry) -> dict[str, str | None]:
        told = self._common(entry, f"entry:{entry.number}", WITHOUT_EVENTS)
        return told | {"ce_time": instant(entry.envelope.recorded_at)}

    def _common(self, entry: Entry, place: str, event_type: str) -> dict[str, str | None]:
        return {
            "content-type": CONTENT_TYPE,
            "ce_specversion": "1.0",
            "ce_id": f"{self._store.store_id}.{self._store.generation}:{place}",
            "ce_source": self.source,
            "ce_type": event_type,
            "ce_dataschema": schema_id(event_type),
            "ce_entry": f"{entry.number:0{DIGITS}}",
        }


def _of_command(envelope: Envelope) -> dict[str, str | None]:
    return {
        "ce_recordedtime": instant(envelope.recorded_at),
        "ce_partitionkey": envelope.workspace,
        "ce_commandid": envelope.command_id,
        "ce_command": envelope.command,
        "ce_place": f"{envelope.first_position}/{envelope.event_count}",
        "ce_correlationid": envelope.correlation_id,
        "ce_causationid": envelope.causation_id,
        "ce_actor": envelope.actor,
        "ce_rejection": rejection_code(envelope),
        "traceparent": traceparent(envelope),
    }


def name_of(topic: str) -> str:
    """``<Name>.v<n>`` of the name under which an event is stored (``Name`` or ``Name/<n>``)."""
    name, _, version = topic.partition("/")
    return f"{name}.v{version or 1}"


def type_of(topic: str) -> str:
    """The CloudEvent's type, likewise: ``sendledger.<Name>.v<n>``."""
    return f"sendledger.{name_of(topic)}"


WITHOUT_EVENTS = type_of(EnvelopeWithoutEvents.__name__)
"""The type of an envelope without events."""


def schema_id(event_type: str) -> str:
    """The ``$id`` of the JSON Schema that this type's values keep to."""
    return f"urn:sendledger:schema:{event_type}"


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, with six digits."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _occurred_at(row: Row) -> str:
    """Whatever the event and its version: the field is every event's."""
    position, stream, version, topic, state = row
    try:
        return instant(datetime.fromisoformat(json.loads(state)["occurred_at"]))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        where = f"position {position} ({stream}, version {version})"
        raise CorruptEvent(
            topic=topic, where=where, problem=f"it says no time of occurrence ({error!r})"
        ) from error
