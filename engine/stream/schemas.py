"""JSON Schema of what is told: an event as it is stored, in the newest version.

Stored JSON is thin, so a field that may be none is either absent or of its type. A field without a
default is always there. Objects are open: a later version may say more. Every schema stands for
itself, without references.
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
    """``<Name>.v<n>`` to schema: of every event's newest version, and of what comes without one."""
    events = {name_of(topic): cls for cls, (topic, _) in catalogue.encoders.items()}
    told = {**events, name_of(EnvelopeWithoutEvents.__name__): EnvelopeWithoutEvents}
    return {name: _schema(name, cls) for name, cls in told.items()}


def names(catalogue: Catalogue = CATALOGUE) -> set[str]:
    """Of every version that a log may hold, superseded ones too."""
    return {name_of(topic) for topic in (*catalogue.decoders, EnvelopeWithoutEvents.__name__)}


def sentence_of(cls: type) -> str:
    """The first paragraph of its docstring, in one line."""
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
    """Without references, without ``null``, and open."""
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
