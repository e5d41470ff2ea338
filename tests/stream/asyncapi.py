"""The stream as an AsyncAPI 3 document: channels, and every event with schema and example."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.ports.log import Entry
from engine.stream.cloud_events import WITHOUT_EVENTS, CloudEvent, Teller
from engine.stream.headers import headers_schema, headers_schema_without_events
from engine.stream.schemas import Schema, sentence_of
from engine.stream.topics import (
    CLEANUP_POLICY,
    EVENTS,
    PARTITIONS,
    RETENTION_MS,
    refusals_of,
)
from engine.stream.without_events import EnvelopeWithoutEvents
from events.catalogue import CATALOGUE

Document = dict[str, Any]
KAFKA = {"bindingVersion": "0.5.0"}
KEY = {"type": "string", "description": "The workspace."}
SCHEMA_FORMAT = "application/schema+json;version=draft-07"
"""Our schemas are of 2020-12 and use nothing that draft 07 reads otherwise."""
RETENTION = "for ever"
ABOUT = (
    "The log of one Sendledger store, told as CloudEvents 1.0 in Kafka's binary mode. A "
    "read_committed consumer sees every position in order within each workspace, none missing, "
    "none twice. Names of topics are defaults."
)
EVENTS_ABOUT = "Every event of the log. Key: the workspace. Value: the event as it is stored."
REFUSALS_ABOUT = (
    "Commands that left no event: refused, or without effect. In the same transactions."
)


def document(
    published: Mapping[str, Schema], examples: Iterable[Entry], teller: Teller
) -> Document:
    """Of these schemas, by ``<Name>.v<n>``; each has one example."""
    told = {_type_of(record): record for record in map(teller.record, examples)}
    messages = {
        name: _message(name, schema, told[f"sendledger.{name}"])
        for name, schema in sorted(published.items())
    }
    refused = WITHOUT_EVENTS.removeprefix("sendledger.")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Sendledger's stream", "version": "1.0.0", "description": ABOUT},
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel(EVENTS, EVENTS_ABOUT, [n for n in messages if n != refused]),
            "refusals": _channel(refusals_of(EVENTS), REFUSALS_ABOUT, [refused]),
        },
        "operations": {"relayEvents": _sends("events"), "relayRefusals": _sends("refusals")},
        "components": {
            "messages": messages,
            "schemas": {
                "headers": _embedded(headers_schema()),
                "headersWithoutEvents": _embedded(headers_schema_without_events()),
                **{name: _embedded(schema) for name, schema in sorted(published.items())},
            },
        },
    }


def _channel(address: str, about: str, names: Iterable[str]) -> Document:
    return {
        "address": address,
        "description": about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "partitions": PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": [CLEANUP_POLICY],
                    "retention.ms": RETENTION_MS,
                },
                **KAFKA,
            }
        },
    }


def _sends(channel: str) -> Document:
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}


def _message(name: str, schema: Schema, example: CloudEvent) -> Document:
    headers = "headersWithoutEvents" if f"sendledger.{name}" == WITHOUT_EVENTS else "headers"
    return {
        "name": f"sendledger.{name}",
        "title": name,
        "summary": _sentence(name, schema),
        "contentType": "application/json",
        "headers": {"$ref": f"#/components/schemas/{headers}"},
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$ref": f"#/components/schemas/{name}"},
        },
        "bindings": {"kafka": {"key": KEY, **KAFKA}},
        "x-retention": RETENTION,
        "examples": [_example(example)],
    }


def _sentence(name: str, schema: Schema) -> str:
    """As the event's class has it today; where there is none any more, as it was published."""
    classes = {**CATALOGUE.classes, EnvelopeWithoutEvents.__name__: EnvelopeWithoutEvents}
    cls = classes.get(name.partition(".")[0])
    return sentence_of(cls) if cls else str(schema["description"])


def _example(record: CloudEvent) -> Document:
    return {
        "headers": {name: text.decode() for name, text in record.headers},
        "payload": json.loads(record.value),
    }


def _type_of(record: CloudEvent) -> str:
    return dict(record.headers)["ce_type"].decode()


def _embedded(schema: Schema) -> Schema:
    """A document has one dialect and one base of its own."""
    return {key: each for key, each in schema.items() if key not in {"$schema", "$id"}}
