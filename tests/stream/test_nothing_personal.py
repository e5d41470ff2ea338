"""What is told outside names no recipient and no secret (F1)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.ports.store import Store
from engine.stream.cloud_events import CloudEvent
from engine.work.ports import Person
from tests.law.story import (
    ANN,
    NINE_DAYS,
    NOON,
    SECOND,
    accepted,
    assign,
    fail,
    hear_from,
    import_recipients,
    reserve,
    unknown,
)
from tests.stream.told import PUBLISHED, TELLER, entries_of, headers_of
from tests.work.test_import_recipients import Importing, Listed
from tests.work.test_mailboxes import Office, by_password
from tests.workplace import ACME, Workplace

EVE = Person("eve.planted@example.org", "Eve Planted", {"company": "Planted & Sons"})
PLANTED = ("planted", "hunter2")

IDS = {
    "account_id": "the user's own mailbox",
    **dict.fromkeys(
        ("slot_id", "campaign_id", "recipient_id", "send_id", "incident_id", "check_id"), "opaque"
    ),
    **dict.fromkeys(("supersedes", "superseded_by"), "an incident"),
    **dict.fromkeys(("command_id", "correlation_id", "causation_id", "workspace"), "ids"),
}
OUR_WORDS = {
    "cause": "user, or connection and an account",
    "channel": "through which a notice went",
    "classifier": "name and version of ours",
    "code": "of a refusal",
    "command": "a class's name",
    "actor": "who of the user's own people, or what",
    "configuration": "a digest",
    "credentials": "a reference into the vault",
    "detail": "what a channel of ours says of a notice to the user's own people",
    "evidence_digest": "a digest",
    "provider": "one of ours",
    "reason": "a code or a sentence of ours, or an operator's, without an address",
    "digests": "by recipient, under salts that the directory alone has",
    "domain": "of a provider or a company",
    "mail_id": "drawn at random",
    "name": "of a step, the user's own",
    **dict.fromkeys(("step", "steps"), "a step's name"),
    **dict.fromkeys(("subject", "text", "html"), "templates, the user's own, for everybody"),
    "zone": "of the time",
    **dict.fromkeys(("begins", "ends"), "times of day"),
    "signature": "the user's own",
    "sender_name": "the user's own",
    "taken_by": "digests",
    "schedule": "the user's own",
    "folders": "the user's own",
}
"""Every field that may hold any text at all, and why it names no recipient and no secret."""
SECRETS = ("password", "token", "secret", "authorization", "cookie")


def free_texts(schema: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """The fields of a schema whose value is any text."""
    if schema.get("type") == "string" and not schema.keys() & {"enum", "format", "const"}:
        yield name
    for field, each in schema.get("properties", {}).items():
        yield from free_texts(each, field)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from free_texts(schema[key], name)


def field_names(schema: Mapping[str, Any]) -> Iterator[str]:
    for field, each in schema.get("properties", {}).items():
        yield field
        yield from field_names(each)
    if "items" in schema:
        yield from field_names(schema["items"])


@pytest.mark.rule("F1")
def test_every_field_that_may_hold_any_text_is_known_and_why() -> None:
    found = {field for schema in PUBLISHED.values() for field in free_texts(schema)}

    assert found == {*IDS, *OUR_WORDS}


@pytest.mark.rule("F1")
@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_no_field_is_called_like_a_secret_and_a_recipient_s_event_has_ids_only(name: str) -> None:
    assert not [each for each in field_names(PUBLISHED[name]) if each in SECRETS]
    if "recipient_id" in PUBLISHED[name]["properties"]:
        assert {*free_texts(PUBLISHED[name])} <= {*IDS, "reason", "step", "steps"}


# A history with planted names.


def told(store: Store, refused: list[str]) -> list[CloudEvent]:
    return [TELLER.record(each) for each in entries_of(store, refused)]


def planted_in(records: list[CloudEvent]) -> list[str]:
    """Of what was planted, what stands in any of them."""
    texts = [
        b"\n".join([each.key, each.value, *(name.encode() + text for name, text in each.headers)])
        for each in records
    ]
    return [word for word in PLANTED if any(word.encode() in text.lower() for text in texts)]


def mistyped(workplace: Workplace) -> list[str]:
    """Commands in which somebody gave an address for an id; each is refused and remembered."""
    address = EVE.address
    commands = [
        reserve(address, address),
        reserve(ANN, address),
        accepted(address, EVE.name),
        unknown(address),
        assign(address, ANN),
        import_recipients(address, campaign=address),
        fail(address),
    ]
    ids = [f"mistyped-{number}" for number in range(len(commands))]
    for command_id, command in zip(ids, commands, strict=True):
        assert workplace.tell(command, command_id).refusal is not None, command
    return ids


@pytest.mark.rule("F1")
def test_no_recipient_s_name_or_address_is_told(tmp_path: Path) -> None:
    importing = Importing(tmp_path)
    workplace, store = importing.workplace, importing.workplace.store
    assert importing.run(Listed(EVE)).taken == 1
    (eve,) = importing.ids([EVE])
    workplace.given(hear_from(ANN, eve), fail(ANN))
    workplace.at(NOON + NINE_DAYS + SECOND).tick()
    assert importing.run(Listed(EVE)).stopped == 1
    refused = mistyped(workplace)

    records = told(store, refused)

    kept = [store.envelope(ACME, each) for each in refused]
    assert any("planted" in ((each and each.rejection) or "") for each in kept)
    types = {headers_of(each)["ce_type"] for each in records}
    assert {"sendledger.RecipientStopped.v1", "sendledger.RecipientImportRefused.v1"} <= types
    assert [json.loads(each.value)["rejection"] for each in records[-len(refused) :]] == [
        {"code": json.loads(each.rejection)["code"]} for each in kept if each and each.rejection
    ]
    assert planted_in(records) == []
    assert planted_in([records[0]._replace(value=EVE.address.encode())]) == ["planted"]
    store.close()


@pytest.mark.rule("F1")
def test_no_password_is_told() -> None:
    office = Office()
    office.provider.lets_in = "hunter2"
    assert office.connect(by_password("hunter2")) is None
    assert office.reconnect(by_password("hunter2-mistyped")) == "still_failing"
    assert office.reconnect(by_password("hunter2")) is None

    records = told(office.desk.workplace.store, [])

    assert any(b'"credentials":' in each.value for each in records)
    assert "hunter2" in office.kept()
    assert planted_in(records) == []
