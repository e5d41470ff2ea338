"""JSON Schemas of what is published: events as they are stored, in their newest version.

Stored JSON is thin, so an optional field is either absent or of its type. A field without a default
is always there. Objects are open: a later version may have more fields. Every schema is
self-contained, without references.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from engine.stream.cloud_events import name_of, schema_id
from engine.stream.without_events import EnvelopeWithoutEvents
from events.catalogue import CATALOGUE, Catalogue

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(catalogue: Catalogue = CATALOGUE) -> Mapping[str, Schema]:
    """The schemas by ``<Name>.v<n>``: of every event's newest version, and of an envelope without
    events."""
    events = {name_of(topic): cls for cls, (topic, _) in catalogue.encoders.items()}
    told = {**events, name_of(EnvelopeWithoutEvents.__name__): EnvelopeWithoutEvents}
    return {name: _schema(name, cls) for name, cls in told.items()}


def names(catalogue: Catalogue = CATALOGUE) -> set[str]:
    """The names of every version that a log may hold, including superseded ones."""
    return {name_of(topic) for topic in (*catalogue.decoders, EnvelopeWithoutEvents.__name__)}


def sentence_of(cls: type) -> str:
    """The first paragraph of the class's docstring, on one line."""
    paragraph, _, _ = (cls.__doc__ or "").partition("\n\n")
    return " ".join(paragraph.replace("``", "`").split())


def _schema(name: str, cls: type) -> Schema:
    drawn = TypeAdapter(cls).json_schema(mode="serialization", schema_generator=_WithoutTitles)
    plain = _plain(drawn, drawn.get("$defs", {}))
    del plain["title"], plain["description"]
    return {
        "$schema": DIALECT,
        "$id": schema_id(f"sendledger.{name}"),
        "title": name,
        "description": sentence_of(cls),
        **plain,
    }


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema without references and without ``null``, and with open objects."""
    match node:
        case {"$ref": str(reference), **rest}:
            return _plain({**definitions[reference.removeprefix("#/$defs/")], **rest}, definitions)
        case {"anyOf": [dict(wanted), {"type": "null"}], **rest}:
            rest.pop("default", None)
            return _plain({**wanted, **rest}, definitions)
        case {"additionalProperties": False, **rest}:
            return _plain(rest, definitions)
        case dict():
            return {key: _plain(each, definitions) for key, each in node.items() if key != "$defs"}
        case list():
            return [_plain(each, definitions) for each in node]
        case str():
            return node.replace("``", "`")
        case _:
            return node
