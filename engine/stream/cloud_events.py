"""An entry of the log as a CloudEvent 1.0, in Kafka's binary mode: key, headers and value."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from engine.ports.log import Entry, Row, StoreIdentity
from engine.stream.trace_context import traceparent
from events.recorded import Envelope

CONTENT_TYPE = "application/json"
WITHOUT_EVENTS = "sendledger.EnvelopeWithoutEvents.v1"
"""The type of an envelope without events."""
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
    """Says the entries of one store, which is named in each of them."""

    def __init__(self, store: StoreIdentity) -> None:
        self._store = store
        self.source = f"urn:sendledger:store:{store.store_id}"

    def record(self, entry: Entry) -> CloudEvent:
        """Of an event for the topic, of an envelope without events for ``<topic>.refusals``."""
        envelope = entry.envelope
        about = self._of_envelope(entry) if entry.row is None else self._of_event(entry, entry.row)
        told = about | _of_command(envelope)
        headers = [(name, text.encode()) for name, text in told.items() if text is not None]
        value = _as_json(envelope) if entry.row is None else entry.row[4]
        return CloudEvent(envelope.workspace.encode(), headers, value)

    def _of_event(self, entry: Entry, row: Row) -> dict[str, str | None]:
        position, stream, version, topic, state = row
        event_type = ce_type(topic)
        return self._common(entry, f"{position}") | {
            "ce_type": event_type,
            "ce_time": occurred_at(state),
            "ce_subject": stream,
            "ce_streamversion": str(version),
            "ce_sequence": f"{position:0{DIGITS}}",
            "ce_causationid": entry.envelope.causation_id,
            "ce_dataschema": f"urn:sendledger:schema:{event_type}",
        }

    def _of_envelope(self, entry: Entry) -> dict[str, str | None]:
        envelope = entry.envelope
        return self._common(entry, f"entry:{entry.number}") | {
            "ce_type": WITHOUT_EVENTS,
            "ce_time": instant(envelope.recorded_at),
            "ce_causationid": envelope.causation_id,
            "ce_dataschema": f"urn:sendledger:schema:{WITHOUT_EVENTS}",
        }

    def _common(self, entry: Entry, place: str) -> dict[str, str | None]:
        return {
            "content-type": CONTENT_TYPE,
            "ce_specversion": "1.0",
            "ce_id": f"{self._store.store_id}.{self._store.generation}:{place}",
            "ce_source": self.source,
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
        "ce_actor": envelope.actor,
        "traceparent": traceparent(envelope),
    }


def ce_type(topic: str) -> str:
    """``sendledger.<Name>.v<n>`` of the name under which an event is stored."""
    name, _, version = topic.partition("/")
    return f"sendledger.{name}.v{version or 1}"


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, with six digits."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def occurred_at(state: bytes) -> str:
    """Of a stored state, whatever its event and version: the field is every event's."""
    return instant(datetime.fromisoformat(json.loads(state)["occurred_at"]))


def _as_json(envelope: Envelope) -> bytes:
    """What is told of a command that left no event."""
    told = envelope._asdict() | {"recorded_at": instant(envelope.recorded_at)}
    told["rejection"] = json.loads(envelope.rejection) if envelope.rejection else None
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
