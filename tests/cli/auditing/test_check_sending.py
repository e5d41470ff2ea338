"""The auditor finds nothing in planned sending as it was, and each thing that was tampered with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregates.campaign.commands import RecordRefused
from aggregates.suppressions import ReleaseDomain, SuppressDomain
from events import campaign as c
from events import email_account as a
from events import suppression as m
from events.base import Event
from events.recorded import Recorded
from events.sequence import Step, Window
from events.vocabulary import RefusalFault, SearchResult, Settings
from tests.cli.auditing.test_check import Forged, audited, found_in, page_of
from tests.law.story import (
    ANN,
    BOB,
    BOUNCED,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    R4,
    SPRING,
    SUMMER,
    UNSUBSCRIBED,
    Move,
    complaint,
    create,
    disconnect,
    finish,
    import_recipients,
    mailing,
    message,
    one_click,
    prove_search,
    refused,
    release,
    reserve_step,
    search,
    sent,
    set_sequence,
    signal,
    start,
    suppress,
    unknown,
    update_settings,
)

WINDOW = Window(begins="09:00", ends="22:00")
STEPS = Step(name="intro"), Step(name=NUDGE, after=3 * DAY)
LIMITS = Settings(sending_speed=90, limits={"gap": 60})
R5, R6, R7 = "r5", "r6", "r7"
PEOPLE = [f"p{number}" for number in range(60)]


def sending_happens() -> list[Recorded]:
    """Every fact of planned sending, in two campaigns, one of them exclusive."""
    people = (R1, R2, R3, R4, R5, R6)
    told: dict[str, Any] = {"zone": "Europe/Berlin", "window": WINDOW, "daily_limit": 70}
    world = mailing(*STEPS, to=people, settings=LIMITS, exclusive=True, **told)
    world.given(set_sequence(*STEPS, **told | {"daily_limit": 80}, exclusive=True))
    world.given(create(BOB, to=(R2, R7, *PEOPLE), campaign=SUMMER))
    world.given(set_sequence(STEPS[0], campaign=SUMMER), start(SUMMER))
    at = NOON

    def a_minute_later(*moves: Move) -> None:
        nonlocal at
        at += MINUTE
        world.at(at).given(*moves)

    a_minute_later(sent(ANN, R1))
    a_minute_later(reserve_step(ANN, R2), unknown(R2, message(R2)), prove_search(ANN))
    a_minute_later(reserve_step(ANN, R3), refused(R3, message(R3)))
    a_minute_later(reserve_step(ANN, R4), too_much(R4))
    at += HOUR
    a_minute_later(sent(ANN, R4), search(R2, message(R2), SearchResult.ABSENT))
    a_minute_later(reserve_step(ANN, R2, read=at), unknown(R2, message(R2)))
    a_minute_later(search(R2, message(R2), SearchResult.FOUND), one_click(ANN))
    a_minute_later(reserve_step(ANN, R5), nobody_there(R5))
    a_minute_later(complaint(R4), suppress(R6), release(R6))
    a_minute_later(
        SuppressDomain(domain="acme.test"), ReleaseDomain(domain="acme.test", reason="-")
    )
    for each in PEOPLE[:50]:
        a_minute_later(sent(BOB, each, campaign=SUMMER))
    a_minute_later(signal(BOUNCED, *PEOPLE[:3], campaign=SUMMER))
    world.refuses(import_recipients(R4, "r8", campaign=SUMMER), because="suppressed")
    at = NOON + 4 * DAY
    a_minute_later(sent(ANN, R1, NUDGE, read=at + MINUTE))
    a_minute_later(reserve_step(ANN, R3), refused(R3, message(R3)))
    at += 5 * DAY
    world.at(at).given(finish(R1, read=at), signal(UNSUBSCRIBED, R2))
    world.given(update_settings(BOB, LIMITS), disconnect(BOB))
    return world.log


def too_much(recipient: str) -> RecordRefused:
    return RecordRefused(
        campaign_id=SPRING,
        recipient_id=recipient,
        send_id=message(recipient),
        fault=RefusalFault.LIMIT,
    )


def nobody_there(recipient: str) -> RecordRefused:
    """There is no such address."""
    return replace(too_much(recipient), fault=RefusalFault.RECIPIENT, address_unknown=True)


LOG = sending_happens()


def place(kind: type[Event], which: int = 0, /, **about: Any) -> int:
    """Index of a fact of that kind, of which these are true."""
    return [
        index
        for index, fact in enumerate(LOG)
        if isinstance(fact.event, kind)
        and all(getattr(fact.event, name) == value for name, value in about.items())
    ][which]


def copy() -> list[Forged]:
    return [Forged(f.stream_id, f.event, f.envelope) for f in LOG]


@pytest.mark.rule("M2", "M3", "M4", "M7", "M8")
def test_planned_sending_keeps_every_rule() -> None:
    assert audited(page_of(LOG)) == []
    seen = {type(fact.event) for fact in LOG}
    assert seen >= {
        *(c.SequenceSet, c.SentSearched, c.ComplaintReceived, c.RecipientFinished),
        *(a.SendCounted, a.SendUncounted, a.SendingThrottled, a.ThrottlingEnded),
        *(a.SentSearchProved, m.PersonSuppressed, m.PersonReleased, m.DomainSuppressed),
        *(m.DomainReleased, c.RecipientFailed, c.RecipientImportRefused, c.CampaignPaused),
    }


FIRST = {"recipient_id": R1, "step": "intro"}
FOLLOW_UP = {"recipient_id": R1, "step": NUDGE}
TRY = {"fault": RefusalFault.TEMPORARY}
LOUD = {"cause": "bounces"}


@pytest.mark.parametrize(
    ("rule", "kind", "about", "values"),
    [
        ("M2", c.CampaignCreated, {"campaign_id": SPRING}, {"mail_id": "another"}),
        ("M2", c.SendReserved, FIRST, {"send_id": "0" * 32}),
        ("M2", c.SendReserved, FIRST, {"step": NUDGE}),
        ("M2", c.SentSearched, {}, {"send_id": "0" * 32}),
        ("M2", c.SentSearched, {}, {"search_after": 9 * HOUR}),
        ("M2", c.SentSearched, {}, {"search_after": None}),
        ("M3", c.SendReserved, FIRST, {"day": (NOON + DAY).date()}),
        ("M3", c.SendReserved, FOLLOW_UP, {"occurred_at": NOON + DAY}),
        ("M3", c.SendReserved, FIRST, {"occurred_at": NOON - 9 * HOUR}),
        ("M3", a.SendCounted, {}, {"used": 7}),
        ("M3", a.SendCounted, {}, {"limit": 91}),
        ("M3", a.SendCounted, {}, {"gap": timedelta()}),
        ("M3", a.SendCounted, {}, {"day": (NOON - DAY).date()}),
        ("M3", a.SendCounted, {}, {"day_began_at": NOON}),
        ("M3", a.SendCounted, {}, {"send_id": "0" * 32}),
        ("M3", a.SendUncounted, {}, {"reserved_at": NOON}),
        ("M3", c.EmailRefused, TRY, {"reserved_at": NOON}),
        ("M4", c.SendReserved, FOLLOW_UP, {"inbox_read_until": NOON}),
        ("M4", c.SendReserved, FOLLOW_UP, {"inbox_read_until": None}),
        ("M4", c.RecipientFinished, {}, {"occurred_at": NOON}),
        ("M7", m.PersonReleased, {}, {"recipient_id": R1}),
        ("M7", m.PersonReleased, {}, {"reason": " "}),
        ("M7", m.DomainReleased, {}, {"domain": "x.test"}),
        ("M7", m.PersonSuppressed, {"recipient_id": R4}, {"recipient_id": R1}),
        ("M7", c.RecipientImportRefused, {}, {"recipient_id": "r9"}),
        ("M7", c.RecipientAdded, {"recipient_id": "r8"}, {"recipient_id": R4}),
        ("M8", a.SendingThrottled, {}, {"until": NOON}),
        ("M8", c.EmailRefused, TRY, {"tries": 3}),
        ("M8", c.EmailRefused, TRY, {"retry_at": None}),
        ("M8", c.EmailRefused, TRY, {"most_tries": 1}),
        ("M8", c.CampaignPaused, LOUD, {"bounces": 2}),
        ("M8", c.CampaignPaused, LOUD, {"sends_needed": 51}),
        ("M8", c.CampaignPaused, LOUD, {"bounce_rate": 0.1}),
    ],
    ids=lambda each: getattr(each, "__name__", None) if not isinstance(each, str) else each,
)
def test_an_altered_fact_is_caught(
    rule: str, kind: type[Event], about: dict[str, Any], values: dict[str, Any]
) -> None:
    index, facts = place(kind, **about), copy()
    facts[index] = facts[index]._replace(event=replace(facts[index].event, **values))

    assert rule in {found for found, _ in found_in(facts)}


@pytest.mark.parametrize(
    ("rule", "kind", "about"),
    [
        ("M3", c.SequenceSet, {"campaign_id": SUMMER}),
        ("M8", a.SendingThrottled, {}),
        ("M3", a.SendCounted, {}),
        ("M3", a.SendUncounted, {}),
        ("M2", a.SentSearchProved, {}),
        ("M7", m.PersonSuppressed, {"recipient_id": R6}),
        ("M7", c.RecipientUnsubscribed, {"recipient_id": R6}),
        ("M8", c.RecipientFailed, {}),
        ("M8", c.RecipientBounced, {"campaign_id": SUMMER}),
    ],
    ids=lambda each: getattr(each, "__name__", None) if not isinstance(each, str) else each,
)
def test_a_fact_left_out_is_missed(rule: str, kind: type[Event], about: dict[str, Any]) -> None:
    facts = copy()
    del facts[place(kind, **about)]

    assert rule in {found for found, _ in found_in(facts)}


@pytest.mark.rule("M7")
def test_an_exclusive_campaign_that_began_with_another_s_contact_is_caught() -> None:
    facts = copy()
    for index, fact in enumerate(facts):
        told = fact.event
        if isinstance(told, c.SendEvent) and told.recipient_id == PEOPLE[0]:
            facts[index] = fact._replace(event=replace(told, recipient_id=R2))

    before = place(c.SendReserved, recipient_id=R2)
    moved = [index for index, fact in enumerate(facts) if touches_summer(fact)]
    early = [facts[index] for index in moved]
    rest = [fact for index, fact in enumerate(facts) if index not in moved]
    assert before < moved[0]
    assert "M7" in {found for found, _ in found_in([*rest[:before], *early, *rest[before:]])}


def touches_summer(fact: Forged) -> bool:
    told = fact.event
    in_summer = isinstance(told, c.SendEvent) and told.campaign_id == SUMMER
    return in_summer and getattr(told, "recipient_id", None) == R2


def test_a_message_through_a_throttled_account_is_caught() -> None:
    index, facts = place(a.SendingThrottled), copy()
    later = replace(facts[index].event, until=NOON + 9 * DAY)  # type: ignore[call-arg]
    facts[index] = facts[index]._replace(event=later)

    assert "M8" in {found for found, _ in found_in(facts)}


@pytest.mark.rule("M2")
def test_a_changed_zone_of_a_campaign_is_caught() -> None:
    index, facts = place(c.SequenceSet, 1), copy()
    told = facts[index].event
    assert isinstance(told, c.SequenceSet)
    moved = told.sequence.model_copy(update={"zone": "Asia/Tokyo"})
    facts[index] = facts[index]._replace(event=replace(told, sequence=moved))

    assert ("M2", index + 1) in found_in(facts)


@pytest.mark.rule("M3")
def test_one_message_too_many_is_caught() -> None:
    """The store says that the account's limit was lower all along."""
    facts = copy()
    for index, fact in enumerate(facts):
        if isinstance(fact.event, a.AccountConnected) and fact.event.account_id == BOB:
            fewer = fact.event.settings.model_copy(update={"sending_speed": 20})
            facts[index] = fact._replace(event=replace(fact.event, settings=fewer))
        elif isinstance(fact.event, a.SendCounted) and fact.event.account_id == BOB:
            facts[index] = fact._replace(event=replace(fact.event, limit=20))

    found = [position for rule, position in found_in(facts) if rule == "M3"]
    assert len(found) == 30
