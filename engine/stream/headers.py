"""The headers of a record, documented for readers: which there are, their meaning, and their form.

Kafka's headers are octets; each of ours is text in UTF-8.
"""

from typing import NamedTuple

from engine.stream.schemas import DIALECT, Schema

MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
NUMBER = r"^\d{20}$"
HEADERS_ID = "urn:sendledger:schema:headers"
HEADERS_WITHOUT_EVENTS_ID = "urn:sendledger:schema:headers-without-events"


class Described(NamedTuple):
    says: str
    pattern: str = "."
    always: bool = True


COMMON = {
    "content-type": Described("What the value is.", "^application/json$"),
    "ce_specversion": Described("CloudEvents 1.0.", r"^1\.0$"),
    "ce_id": Described(
        "Unique for ever and the same on every resend: `<store id>.<generation>:<position>`, and "
        "`<store id>.<generation>:entry:<entry>` for an envelope without events.",
        r"^[^.:]+\.\d+:(entry:)?\d+$",
    ),
    "ce_source": Described("The store.", "^urn:sendledger:store:.+$"),
    "ce_type": Described("Event and version.", r"^sendledger\.[A-Za-z]+\.v\d+$"),
    "ce_dataschema": Described(
        "The `$id` of the value's JSON Schema.", r"^urn:sendledger:schema:sendledger\..+\.v\d+$"
    ),
    "ce_time": Described("When it became true, UTC.", MOMENT),
    "ce_entry": Described(
        "Place in the log's one order, events and envelopes without events alike; from 0, without "
        "a gap over both topics.",
        NUMBER,
    ),
    "ce_recordedtime": Described("When the store recorded it, UTC.", MOMENT),
    "ce_partitionkey": Described("The workspace, which is the record's key."),
    "ce_commandid": Described("The command it came by, unique within the workspace."),
    "ce_command": Described("That command's name.", "^[A-Za-z]+$"),
    "ce_place": Described(
        "Position of the first event of that command, and how many it has: `<position>/<count>`.",
        r"^\d+/\d+$",
    ),
    "ce_correlationid": Described("The command with which everything began."),
    "ce_causationid": Described("The event that brought the command about.", always=False),
    "ce_actor": Described(
        "Who sent the command: `user:…`, `check`, `mail`, `courier`, `clock`, `processor:…`."
    ),
    "ce_rejection": Described(
        "Code of the refusal, if the command was refused.", "^[a-z_]+$", always=False
    ),
    "traceparent": Described(
        "W3C trace context; the parent is the command's span.", "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$"
    ),
}
OF_EVENTS = {
    "ce_subject": Described("The stream: `<workspace>:<kind>:<id>`."),
    "ce_streamversion": Described("Version of the stream after this event, from 1.", r"^\d+$"),
    "ce_sequence": Described("Position in the log, from 1, without a gap.", NUMBER),
}


def headers_schema() -> Schema:
    """The schema of an event's headers."""
    return _schema(HEADERS_ID, "Headers of an event", {**COMMON, **OF_EVENTS})


def headers_schema_without_events() -> Schema:
    """The schema of the headers of an envelope without events."""
    title = "Headers of an envelope without events"
    return _schema(HEADERS_WITHOUT_EVENTS_ID, title, COMMON)


def _schema(identity: str, title: str, headers: dict[str, Described]) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": identity,
        "title": title,
        "type": "object",
        "properties": {
            name: {"type": "string", "description": each.says, "pattern": each.pattern}
            for name, each in headers.items()
        },
        "required": [name for name, each in headers.items() if each.always],
    }
