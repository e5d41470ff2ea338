"""The AsyncAPI document, held by its official parser, and by jsonschema where that looks away."""

import json
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.stream.headers import headers_schema, headers_schema_without_events
from engine.stream.schemas import sentence_of
from events.catalogue import CATALOGUE
from tests.stream.told import PUBLISHED, complaints
from tests.stream_contract import FOLDER

ROOT = Path(__file__).parents[2]
PARSER = ROOT / ".venv" / "asyncapi"
WARNING = 1
"""Of the parser's severities: 0 is an error, 2 advice."""
DOCUMENT: Mapping[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
MESSAGES: Mapping[str, Any] = DOCUMENT["components"]["messages"]
SCHEMAS: Mapping[str, Any] = DOCUMENT["components"]["schemas"]


def parsed(document: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What the official parser has against it, and the messages it found."""
    assert (PARSER / "node_modules").is_dir(), "run .ci/install-servers: the parser is missing"
    said = subprocess.run(
        ["node", str(Path(__file__).parent / "parser" / "check.mjs"), str(PARSER)],
        input=yaml.safe_dump(dict(document)),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    answer = json.loads(said)
    serious = [each for each in answer["diagnostics"] if each["severity"] <= WARNING]
    return [f"{each['path']}: {each['message']}" for each in serious], answer["messages"]


def test_the_official_parser_has_nothing_against_it_and_finds_every_event() -> None:
    found, messages = parsed(DOCUMENT)

    assert found == []
    assert sorted(messages) == sorted(PUBLISHED)


def without_an_address(document: dict[str, Any]) -> None:
    document["channels"]["events"]["address"] = 7


def with_a_lost_schema(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["SlotOccupied.v1"]


def with_an_unknown_binding(document: dict[str, Any]) -> None:
    document["channels"]["events"]["bindings"]["kafka"]["partitions"] = "twelve"


@pytest.mark.parametrize(
    "damage", [without_an_address, with_a_lost_schema, with_an_unknown_binding]
)
def test_the_parser_finds_what_is_wrong(damage: Any) -> None:
    damaged = deepcopy(dict(DOCUMENT))
    damage(damaged)

    assert parsed(damaged)[0] != []


def schema_of(message: Mapping[str, Any]) -> str:
    return str(message["payload"]["schema"]["$ref"]).rpartition("/")[2]


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_message_has_its_schema_a_sentence_an_example_and_its_retention(name: str) -> None:
    message = MESSAGES[name]
    (example,) = message["examples"]
    headers = SCHEMAS[message["headers"]["$ref"].rpartition("/")[2]]

    assert schema_of(message) == name
    assert SCHEMAS[name] == embedded(PUBLISHED[name])
    assert complaints(PUBLISHED[name], example["payload"]) == []
    assert complaints(headers, example["headers"]) == []
    assert example["headers"]["ce_type"] == message["name"] == f"sendledger.{name}"
    assert message["summary"].endswith(".")
    assert message["x-retention"] == "for ever"


def embedded(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in schema.items() if key not in {"$schema", "$id"}}


@pytest.mark.parametrize("cls", CATALOGUE.classes.values(), ids=lambda cls: cls.__name__)
def test_every_version_is_told_in_the_sentence_of_today(cls: type) -> None:
    told = {
        each["summary"] for name, each in MESSAGES.items() if name.startswith(f"{cls.__name__}.")
    }

    assert told == {sentence_of(cls)}


def test_headers_have_their_schemas() -> None:
    assert SCHEMAS["headers"] == embedded(headers_schema())
    assert SCHEMAS["headersWithoutEvents"] == embedded(headers_schema_without_events())


def test_events_and_refusals_have_a_channel_each_kept_for_ever() -> None:
    events, refusals = DOCUMENT["channels"]["events"], DOCUMENT["channels"]["refusals"]

    assert (events["address"], refusals["address"]) == (
        "sendledger.events",
        "sendledger.events.refusals",
    )
    assert {*events["messages"]} | {*refusals["messages"]} == {*PUBLISHED}
    assert {*refusals["messages"]} == {"EnvelopeWithoutEvents.v1"}
    for channel in (events, refusals):
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == 12
        assert kafka["topicConfiguration"] == {"cleanup.policy": ["delete"], "retention.ms": -1}
