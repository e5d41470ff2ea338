"""What breaks a consumer is found, between any two versions; what does not is let through."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from engine.stream.schemas import Schema
from tests.stream.compatibility import differences, incompatible
from tests.stream.told import PUBLISHED

BASE: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:sendledger:schema:sendledger.Parcel.v1",
    "title": "Parcel.v1",
    "description": "A parcel left.",
    "type": "object",
    "required": ["grams", "sent_at", "address"],
    "properties": {
        "grams": {"type": "integer"},
        "sent_at": {"type": "string", "format": "date-time"},
        "note": {"type": "string"},
        "speed": {"type": "string", "enum": ["slow", "fast"]},
        "limit": {"type": "integer", "default": 50},
        "address": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string"}, "zone": {"type": "string"}},
        },
        "legs": {"type": "array", "items": {"type": "string", "enum": ["road", "air"]}},
        "counted": {
            "type": "object",
            "propertyNames": {"enum": ["box", "bag"]},
            "additionalProperties": {"type": "integer"},
        },
    },
}
Change = Callable[[dict[str, Any]], object]


def after(change: Change) -> Schema:
    changed = deepcopy(BASE)
    change(changed)
    return changed


def fields(schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"]
    return found


def rename(schema: Schema) -> None:
    fields(schema)["weight"] = fields(schema).pop("grams")
    schema["required"] = ["weight", "sent_at", "address"]


BREAKING: dict[str, tuple[Change, str]] = {
    "a removed field": (lambda s: fields(s).pop("note"), "note was removed or renamed"),
    "a renamed field": (rename, "grams was removed or renamed"),
    "a retyped field": (
        lambda s: fields(s)["grams"].update(type="string"),
        "grams has another type: integer, then string",
    ),
    "a newly required old field": (lambda s: s["required"].append("note"), "note became required"),
    "a required new field": (
        lambda s: (fields(s).update(to={"type": "string"}), s["required"].append("to")),
        "to is new",
    ),
    "a field that need not be there any more": (
        lambda s: s["required"].remove("grams"),
        "grams need not be there any more",
    ),
    "a narrowed enum": (
        lambda s: fields(s)["speed"].update(enum=["slow"]),
        "speed has no value 'fast' any more",
    ),
    "a new enum": (lambda s: fields(s)["note"].update(enum=["a"]), "note is an enum now"),
    "an enum no more": (lambda s: fields(s)["speed"].pop("enum"), "speed is an enum no more"),
    "a new format": (
        lambda s: fields(s)["note"].update(format="date"),
        "note has another format: none, then date",
    ),
    "another format": (
        lambda s: fields(s)["sent_at"].update(format="date"),
        "sent_at has another format: date-time, then date",
    ),
    "a format no more": (
        lambda s: fields(s)["sent_at"].pop("format"),
        "sent_at has another format: date-time, then none",
    ),
    "a bound": (
        lambda s: fields(s)["grams"].update(minimum=1),
        "grams has another minimum: none, then 1",
    ),
    "another default": (
        lambda s: fields(s)["limit"].update(default=60),
        "limit has another default: 50, then 60",
    ),
    "a removed field below": (
        lambda s: fields(s)["address"]["properties"].pop("zone"),
        "address.zone was removed or renamed",
    ),
    "a newly required field below": (
        lambda s: fields(s)["address"]["required"].append("zone"),
        "address.zone became required",
    ),
    "a narrowed enum in a list": (
        lambda s: fields(s)["legs"]["items"].update(enum=["road"]),
        "legs[items] has no value 'air' any more",
    ),
    "other items": (
        lambda s: fields(s)["legs"].update(items={"type": "integer"}),
        "legs[items] has another type: string, then integer",
    ),
    "a narrowed name": (
        lambda s: fields(s)["counted"]["propertyNames"].update(enum=["box"]),
        "counted[propertyNames] has no value 'bag' any more",
    ),
    "other counts": (
        lambda s: fields(s)["counted"]["additionalProperties"].update(type="number"),
        "counted[additionalProperties] has another type: integer, then number",
    ),
    "a closed object": (
        lambda s: s.update(additionalProperties=False),
        "the event has another additionalProperties: none, then False",
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda _: None,
    "a field that need not be there": lambda s: fields(s).update(to={"type": "string"}),
    "such a field below": lambda s: fields(s)["address"]["properties"].update(
        street={"type": "string"}
    ),
    "a new value of an enum": lambda s: fields(s)["speed"].update(
        enum=["slow", "fast", "same_day"]
    ),
    "another description": lambda s: s.update(description="A parcel was sent.", title="Parcel.v2"),
    "another order of what is required": lambda s: s["required"].reverse(),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_is_found_and_named(name: str) -> None:
    change, said = BREAKING[name]

    found = [*incompatible({"Parcel.v1": BASE, "Parcel.v2": after(change)})]

    assert f"Parcel.v2 breaks v1: {said}" in found


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_is_let_through(name: str) -> None:
    assert [*incompatible({"Parcel.v1": BASE, "Parcel.v2": after(HARMLESS[name])})] == []


@pytest.mark.parametrize("name", [*BREAKING, *HARMLESS])
def test_within_a_version_any_change_of_meaning_is_found(name: str) -> None:
    change = BREAKING[name][0] if name in BREAKING else HARMLESS[name]
    free = {"nothing", "another description", "another order of what is required"}

    assert bool([*differences(BASE, after(change))]) == (name not in free)


def test_every_version_is_held_against_every_earlier_one() -> None:
    """Numbered as numbers: version 10 comes after 9."""
    first = {**BASE, "properties": {**fields(BASE), "to": {"type": "string"}}}
    tenth = {**BASE, "properties": {**fields(BASE), "to": {"type": "integer"}}}

    found = [*incompatible({"Parcel.v2": first, "Parcel.v9": first, "Parcel.v10": tenth})]

    said = "to has another type: string, then integer"
    assert found == [f"Parcel.v10 breaks v2: {said}", f"Parcel.v10 breaks v9: {said}"]


def test_events_are_not_held_against_each_other() -> None:
    assert [*incompatible({"Parcel.v1": BASE, "Letter.v2": {"type": "object"}})] == []


def test_what_is_published_is_compatible() -> None:
    assert [*incompatible(PUBLISHED)] == []
