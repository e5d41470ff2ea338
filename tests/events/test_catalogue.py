"""Older shapes are lifted to the newest; what a fact may not say it cannot be made to say."""

import json
from collections import Counter
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar, Literal, get_args, get_origin

import pytest
from pydantic import ValidationError

from events.base import Event, fact
from events.campaign import CampaignEvent, RecipientAdded, RecipientEvent
from events.catalogue import CATALOGUE, Catalogue, CorruptEvent, UnknownTopic, Upcaster
from events.email_account import EmailAccountEvent
from events.recipient import PeopleCommitted, RecipientForgotten
from events.slot import SlotEvent
from events.suppression import PersonReleased, PersonSuppressed, SuppressionEvent
from events.vocabulary import (
    RecipientStatus,
    RefusalFault,
    SearchResult,
    StopReason,
    SuppressedBecause,
)
from tests.law.story import NOON

# Upcasting.


@fact
class ParcelSent(Event):
    """Version 1 had ``weight`` in pounds, version 2 ``grams``, version 3 says to which country."""

    version: ClassVar[int] = 3

    grams: int
    country: str


def in_grams(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "grams": round(data["weight"] * 453.59237)}


def to_a_country(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "country": "CH"}


PARCELS = Catalogue([ParcelSent], {"ParcelSent": (in_grams, to_a_country)})
LOG = [
    ("ParcelSent", b'{"occurred_at":"2026-03-02T12:00:00Z","weight":2}'),
    ("ParcelSent/2", b'{"occurred_at":"2026-03-02T12:00:00Z","grams":907}'),
    ("ParcelSent/3", b'{"occurred_at":"2026-03-02T12:00:00Z","grams":907,"country":"CH"}'),
]


def test_every_version_in_a_log_is_read_as_the_newest() -> None:
    read = [PARCELS.decode(topic, state, "position 1") for topic, state in LOG]

    assert read == [ParcelSent(grams=907, country="CH", occurred_at=NOON)] * 3


def test_only_the_newest_version_is_written() -> None:
    parcel = ParcelSent(grams=907, country="CH", occurred_at=NOON)

    assert PARCELS.encode(parcel) == LOG[-1]


@pytest.mark.parametrize("steps", [(), (in_grams,), (in_grams, to_a_country, to_a_country)])
def test_a_version_without_its_upcasters_is_no_catalogue(steps: tuple[Upcaster, ...]) -> None:
    with pytest.raises(ValueError, match=f"of version 3 and has {len(steps)} upcasters"):
        Catalogue([ParcelSent], {"ParcelSent": steps})


@pytest.mark.parametrize("state", [b"{}", b"[]", b"7", b'{"weight":"heavy"}', b"{"])
def test_an_older_shape_that_cannot_be_lifted_is_corrupt(state: bytes) -> None:
    with pytest.raises(CorruptEvent, match="'ParcelSent' at position 7"):
        PARCELS.decode("ParcelSent", state, "position 7")


def test_a_version_that_is_not_known_yet_is_an_unknown_type() -> None:
    with pytest.raises(UnknownTopic, match=r"'ParcelSent/4' at position 7.*Upgrade this program"):
        PARCELS.decode("ParcelSent/4", LOG[-1][1], "position 7")


# Moments.


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-02T13:00:00+01:00",
        "2026-03-02T12:00:00",
        "2026-03-02",
        "noon",
    ],
)
def test_a_moment_that_is_not_in_utc_is_refused_on_the_wire(moment: str) -> None:
    state = json.dumps({"campaign_id": "spring", "recipient_id": "r1", "occurred_at": moment})

    with pytest.raises(CorruptEvent, match="occurred_at"):
        CATALOGUE.decode("RecipientAdded", state.encode(), "position 1")


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 3, 2, 12), NOON.astimezone(timezone(timedelta(hours=1)))],  # noqa: DTZ001
)
def test_a_moment_that_is_not_in_utc_is_refused_in_the_program(moment: datetime) -> None:
    with pytest.raises(ValidationError, match="occurred_at"):
        RecipientAdded(campaign_id="spring", recipient_id="r1", occurred_at=moment)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_keeps_its_microseconds(moment: datetime) -> None:
    event = RecipientAdded(campaign_id="spring", recipient_id="r1", occurred_at=moment)

    again = CATALOGUE.decode(*CATALOGUE.encode(event), "position 1")

    assert again == event
    assert again.occurred_at.tzinfo is not None
    assert again.occurred_at.utcoffset() == timedelta(0)


def test_a_fact_cannot_be_changed() -> None:
    event = RecipientAdded(campaign_id="spring", recipient_id="r1", occurred_at=NOON)

    with pytest.raises(AttributeError):
        event.recipient_id = "r2"  # type: ignore[misc]


# Names.


def test_no_two_facts_share_a_name_on_the_wire() -> None:
    unions = (EmailAccountEvent, CampaignEvent, SlotEvent, SuppressionEvent)
    alone = (RecipientForgotten, PeopleCommitted)
    classes = (*(cls for union in unions for cls in get_args(union)), *alone)
    names = Counter(cls.__name__ for cls in classes)

    assert set(names.values()) == {1}
    assert set(names) == set(CATALOGUE.classes)


# What a fact about a recipient may say (F1).

OPAQUE = {"campaign_id", "recipient_id", "incident_id", "send_id"}
"""Ids that name no person; resolved, if at all, by the directory."""
OUR_OWN = {
    "account_id": "the user's own mailbox",
    "address_unknown": "a yes, or nothing",
    "reason": "the code of a refusal, or an operator's words without an address",
    "step": "its name in the campaign's sequence",
    "steps": "their names in the campaign's sequence",
}
HOLDS_NO_TEXT = (
    *(datetime, date, timedelta, bool, int),
    *(RecipientStatus, RefusalFault, StopReason, SearchResult, SuppressedBecause),
)
OF_RECIPIENTS = [
    *(cls for cls in CATALOGUE.classes.values() if issubclass(cls, RecipientEvent)),
    *(RecipientForgotten, PersonSuppressed, PersonReleased),
]
SECRETS = ("password", "token", "secret", "key", "authorization", "cookie")
PERSONAL = ("name", "address", "email", "phone", "body", "subject", "text")


@pytest.mark.rule("F1")
@pytest.mark.parametrize("kind", OF_RECIPIENTS, ids=lambda each: each.__name__)
def test_no_field_of_a_recipients_fact_can_hold_a_name_or_an_address(kind: type[Event]) -> None:
    for field in fields(kind):
        if field.name in OPAQUE or field.name in OUR_OWN:
            continue
        assert types_of(field.type) <= {*HOLDS_NO_TEXT, type(None)}, field.name
        assert not any(word in field.name for word in PERSONAL)


@pytest.mark.rule("F1")
@pytest.mark.parametrize("kind", CATALOGUE.classes.values(), ids=lambda each: each.__name__)
def test_no_field_of_any_fact_is_called_like_a_secret(kind: type[Event]) -> None:
    for field in fields(kind):
        assert not any(word in field.name for word in SECRETS)


def types_of(hint: Any) -> set[Any]:
    """The classes a field's annotation is made of."""
    if get_origin(hint) is Literal:
        return set(map(type, get_args(hint)))
    arguments = [each for each in get_args(hint) if isinstance(each, type) or get_args(each)]
    return set().union(*map(types_of, arguments)) if arguments else {hint}


def test_a_field_that_could_hold_a_name_would_be_found() -> None:
    assert types_of(str | None) == {str, type(None)}
    assert types_of(tuple[RecipientStatus, ...]) == {RecipientStatus}
    assert types_of(dict[RecipientStatus, str]) == {RecipientStatus, str}
    assert types_of(Literal[RecipientStatus.REPLIED]) == {RecipientStatus}
