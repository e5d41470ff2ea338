"""An entry of the log as a CloudEvent 1.0, in Kafka's binary mode: key, headers and value."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from pydantic_core import from_json, to_json

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
OCCURRED_AT = b'"occurred_at"'
DIGITS = 20
"""The digits of positions and entries in headers: as text, they sort like numbers."""

Header = tuple[str, bytes]


class CloudEvent(NamedTuple):
    """A record of a topic. The value of an event is its stored state, octet for octet."""

    key: bytes
    """The workspace: the law orders events within a workspace."""
    headers: Sequence[Header]
    """Absent attributes have no header."""
    value: bytes


class Teller:
    """Turns the entries of one store into records, each of which names the store.

    What many entries share, by type and by envelope, is encoded once.
    """

    def __init__(self, store: StoreIdentity) -> None:
        self.source = f"urn:sendledger:store:{store.store_id}"
        self._id = f"{store.store_id}.{store.generation}".encode()
        self._types: dict[str, list[Header]] = {}
        self._last: tuple[Envelope | None, bytes, list[Header]] = None, b"", []
        """The last entry's envelope, which the next one may share, with its key and headers."""
        self._occurred_at = "", b""
        """The last event's time, as stored and as in its header."""
        self._begins = b"\0"
        """The beginning of a state that has the same time, so that it need not be parsed."""

    def record(self, entry: Entry) -> CloudEvent:
        """The record: of an event for the topic of events, of an envelope without events for that
        of refusals.

        Raises ``CorruptEvent`` for a state without its time of occurrence.
        """
        number, envelope, row = entry
        last, key, shared = self._last
        if envelope is not last:
            key, shared = envelope.workspace.encode(), _encoded(of_command(envelope))
            self._last = envelope, key, shared
        if row is None:
            headers = self._of_envelope(number, envelope)
            return CloudEvent(key, headers + shared, told_without_events(envelope))
        return CloudEvent(key, self._of_event(number, row) + shared, row[4])

    def _of_event(self, number: int, row: Row) -> list[Header]:
        position, stream, version, topic, _ = row
        return [
            *(self._types.get(topic) or self._of_type(topic)),
            ("ce_id", b"%b:%d" % (self._id, position)),
            ("ce_entry", b"%0*d" % (DIGITS, number)),
            ("ce_time", self.time(row)),
            ("ce_subject", stream.encode()),
            ("ce_streamversion", b"%d" % version),
            ("ce_sequence", b"%0*d" % (DIGITS, position)),
        ]

    def _of_envelope(self, number: int, envelope: Envelope) -> list[Header]:
        topic = EnvelopeWithoutEvents.__name__
        return [
            *(self._types.get(topic) or self._of_type(topic)),
            ("ce_id", b"%b:entry:%d" % (self._id, number)),
            ("ce_entry", b"%0*d" % (DIGITS, number)),
            ("ce_time", instant(envelope.recorded_at).encode()),
        ]

    def _of_type(self, topic: str) -> list[Header]:
        self._types[topic] = _encoded(of_type(topic, self.source))
        return self._types[topic]

    def time(self, row: Row) -> bytes:
        """The time of occurrence, which every event of any version has.

        Raises ``CorruptEvent`` for a state without it.
        """
        state = row[4] or b""
        if state.startswith(self._begins) and state.count(OCCURRED_AT) == 1:
            return self._occurred_at[1]
        try:
            text = from_json(state)["occurred_at"]
            if text != self._occurred_at[0] or not text:
                self._occurred_at = text, instant(datetime.fromisoformat(text)).encode()
                self._begins = b"{%b:%b," % (OCCURRED_AT, to_json(text))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            where = f"position {row[0]} ({row[1]}, version {row[2]})"
            problem = f"it says no time of occurrence ({error!r})"
            raise CorruptEvent(topic=row[3], where=where, problem=problem) from error
        return self._occurred_at[1]


def of_command(envelope: Envelope) -> dict[str, str]:
    """The attributes that all events of a command have in common."""
    told = {
        "recordedtime": instant(envelope.recorded_at),
        "partitionkey": envelope.workspace,
        "commandid": envelope.command_id,
        "command": envelope.command,
        "place": f"{envelope.first_position}/{envelope.event_count}",
        "correlationid": envelope.correlation_id,
        "actor": envelope.actor,
        "traceparent": traceparent(envelope),
    }
    if envelope.causation_id is not None:
        told["causationid"] = envelope.causation_id
    if (code := rejection_code(envelope)) is not None:
        told["rejection"] = code
    return told


def of_type(topic: str, source: str) -> dict[str, str]:
    """The attributes that all events of a type have in common."""
    event_type = type_of(topic)
    return {
        "datacontenttype": CONTENT_TYPE,
        "specversion": "1.0",
        "source": source,
        "type": event_type,
        "dataschema": schema_id(event_type),
    }


WITHOUT_PREFIX = {"datacontenttype": "content-type", "traceparent": "traceparent"}


@cache
def header_of(attribute: str) -> str:
    """Kafka's header for an attribute."""
    return WITHOUT_PREFIX.get(attribute) or f"ce_{attribute}"


def _encoded(told: Mapping[str, str]) -> list[Header]:
    return [(header_of(name), text.encode()) for name, text in told.items()]


def name_of(topic: str) -> str:
    """``<Name>.v<n>`` for the name under which an event is stored (``Name`` or ``Name/<n>``)."""
    name, _, version = topic.partition("/")
    return f"{name}.v{version or 1}"


def type_of(topic: str) -> str:
    """The CloudEvent's type for it: ``sendledger.<Name>.v<n>``."""
    return f"sendledger.{name_of(topic)}"


WITHOUT_EVENTS = type_of(EnvelopeWithoutEvents.__name__)
"""The type of an envelope without events."""


def schema_id(event_type: str) -> str:
    """The ``$id`` of the JSON Schema for this type's values."""
    return f"urn:sendledger:schema:{event_type}"


def instant(moment: datetime) -> str:
    """The moment in RFC 3339, in UTC, with six decimals."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"
