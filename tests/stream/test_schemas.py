"""The published schemas: one per event and version, kept for ever, true of every recorded line."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator

from engine.stream.cloud_events import name_of
from engine.stream.headers import COMMON, OF_EVENTS
from engine.stream.schemas import DIALECT, Schema, names, schemas, sentence_of
from engine.stream.without_events import EnvelopeWithoutEvents
from events.base import Event, fact
from events.catalogue import CATALOGUE, Catalogue
from events.vocabulary import AccountId, Instant
from tests.events.golden import recorded, topic_of
from tests.stream.told import PUBLISHED, TELLER, breaches, complaints
from tests.stream_contract import (
    FOLDER,
    HEADERS,
    asyncapi_page,
    examples,
    grown,
    json_page,
    published,
)

LINES = recorded()
TOLD = [*CATALOGUE.classes.values(), EnvelopeWithoutEvents]


# What is published.


def test_every_version_of_every_event_has_its_published_schema() -> None:
    assert {*PUBLISHED} == names(), "run python -m tests.stream_contract"


def test_published_schemas_say_what_the_program_writes() -> None:
    assert grown(PUBLISHED, schemas(), names()) == PUBLISHED


def test_generated_pages_are_up_to_date() -> None:
    told = "run python -m tests.stream_contract"
    assert (FOLDER / "asyncapi.yaml").read_text("utf-8") == asyncapi_page(), told
    for name, schema in HEADERS.items():
        assert (FOLDER / f"{name}.json").read_text("utf-8") == json_page(schema), told


def test_the_page_names_every_header() -> None:
    page = (FOLDER.parent / "stream-contract.md").read_text("utf-8")
    assert not [name for name in {**COMMON, **OF_EVENTS} if f"`{name}`" not in page]


def test_nothing_else_is_published_beside_them() -> None:
    files = {each.name for each in FOLDER.iterdir()}
    contract = {f"{name}.json" for name in (*PUBLISHED, *HEADERS)}
    assert files == contract | {"asyncapi.yaml"}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_schema_is_named_as_the_header_names_it_and_stands_for_itself(name: str) -> None:
    schema = PUBLISHED[name]

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert schema["$id"] == f"urn:sendledger:schema:sendledger.{name}"
    assert "$ref" not in {key for node in nodes(schema) for key in node}
    assert "null" not in {node.get("type") for node in nodes(schema)}
    assert all(node.get("additionalProperties") is not False for node in nodes(schema))


def nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value
    for each in children if isinstance(value, dict | list) else ():
        yield from nodes(each)


@pytest.mark.parametrize("cls", TOLD, ids=lambda cls: cls.__name__)
def test_every_event_says_in_a_sentence_what_it_says(cls: type) -> None:
    sentence = sentence_of(cls)

    assert sentence.endswith(".")
    assert not sentence.startswith(f"{cls.__name__}(")
    assert "``" not in sentence


# They are true.


@pytest.mark.parametrize("line", LINES, ids=topic_of)
def test_a_recorded_line_keeps_to_its_version_s_schema(line: str) -> None:
    assert complaints(PUBLISHED[name_of(topic_of(line))], json.loads(line)["state"]) == []


@pytest.mark.parametrize("entry", [*examples()], ids=lambda each: str(each.number))
def test_an_example_s_headers_and_value_keep_to_their_schemas(entry: Any) -> None:
    assert breaches(TELLER.record(entry)) == []


@pytest.mark.parametrize("line", LINES, ids=topic_of)
def test_a_line_that_was_tampered_with_does_not(line: str) -> None:
    schema, state = PUBLISHED[name_of(topic_of(line))], json.loads(line)["state"]

    for field in state:
        assert complaints(schema, {**state, field: None}), field
    for field in schema["required"]:
        assert complaints(schema, {key: each for key, each in state.items() if key != field})
    assert complaints(schema, {**state, "occurred_at": "yesterday"})
    assert complaints(schema, {**state, "occurred_at": "2026-03-02T12:00:00+01:00"})
    assert complaints(schema, {**state, "of_a_later_version": 1}) == []


def test_a_value_that_no_enum_has_and_a_span_that_is_none_are_found() -> None:
    (state,) = (json.loads(each)["state"] for each in LINES if topic_of(each) == "ConnectionFailed")
    schema = PUBLISHED["ConnectionFailed.v1"]

    assert complaints(schema, {**state, "failure_class": "bad_luck"})
    assert complaints(schema, {**state, "resolution_window": "nine days"})


# They stay.


@fact
class ParcelSent(Event):
    """A parcel left."""

    grams: int
    account_id: AccountId
    to: str | None = None


@fact
class LaterParcelSent(ParcelSent):
    """A parcel left."""

    version: ClassVar[int] = 2
    insured_until: Instant | None = None


def drawn(cls: type[Event]) -> Schema:
    renamed = type("ParcelSent", (cls,), {"__doc__": cls.__doc__, "__module__": __name__})
    (schema,) = (
        schema
        for name, schema in schemas(
            Catalogue([renamed], {"ParcelSent": (dict,) * (cls.version - 1)})
        ).items()
        if name == f"ParcelSent.v{cls.version}"
    )
    return schema


BEFORE = {"ParcelSent.v1": drawn(ParcelSent)}


def test_a_new_event_and_a_new_version_stand_beside_the_others() -> None:
    later = {"ParcelSent.v2": drawn(LaterParcelSent), "Other.v1": drawn(ParcelSent)}

    assert grown(BEFORE, later, {*BEFORE, *later}) == {**BEFORE, **later}


def test_a_new_event_without_its_file_is_noticed() -> None:
    assert names(Catalogue([ParcelSent], {})) - {*PUBLISHED} == {"ParcelSent.v1"}


def test_a_lost_file_of_a_superseded_version_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"Restore the published schema of ParcelSent\.v1"):
        grown({}, {"ParcelSent.v2": drawn(LaterParcelSent)}, {"ParcelSent.v1", "ParcelSent.v2"})


def test_a_published_schema_does_not_change_even_where_nobody_would_be_hurt() -> None:
    wider = deepcopy(BEFORE["ParcelSent.v1"])
    wider["properties"]["insured"] = {"type": "boolean"}

    with pytest.raises(
        ValueError, match=r"raise the event's version. ParcelSent\.v1: insured is new"
    ):
        grown(BEFORE, {"ParcelSent.v1": wider}, {*BEFORE})


def test_a_description_may_be_put_better_and_stays_as_published() -> None:
    better = {"ParcelSent.v1": BEFORE["ParcelSent.v1"] | {"description": "A parcel was sent."}}

    assert grown(BEFORE, better, {*BEFORE}) == BEFORE


def test_a_version_that_breaks_the_one_before_is_to_be_a_new_event() -> None:
    broken = deepcopy(BEFORE["ParcelSent.v1"])
    broken["properties"]["pounds"] = broken["properties"].pop("grams")

    with pytest.raises(ValueError, match=r"Name a new event.*grams was removed or renamed"):
        grown(BEFORE, {"ParcelSent.v2": broken}, {*BEFORE})


def test_the_command_that_writes_new_schemas_leaves_the_published_ones() -> None:
    before = {each.name: each.read_bytes() for each in FOLDER.iterdir()}
    from tests import stream_contract

    stream_contract.main()

    assert {each.name: each.read_bytes() for each in FOLDER.iterdir()} == before
    assert published() == PUBLISHED
