"""Trouble of sends: throttled accounts, temporary refusals, and too many bounces (M8)."""

from datetime import datetime, timedelta

import pytest

from aggregates.campaign.commands import RecordRefused
from aggregates.command import Command
from events.campaign import CampaignPaused, EmailRefused, RecipientFailed
from events.email_account import SendingThrottled, ThrottlingEnded
from events.vocabulary import CampaignStatus, RefusalFault, SearchResult, Settings
from tests.law.story import (
    ANN,
    BOB,
    BOUNCED,
    DAY,
    FAILED,
    HOUR,
    MICROSECOND,
    MINUTE,
    NOON,
    PENDING,
    R1,
    R2,
    R3,
    SPRING,
    World,
    accepted,
    mailing,
    message,
    pause,
    prove_search,
    refused,
    reserve_step,
    resume,
    search,
    sent,
    signal,
    unknown,
)

TEMPORARY, LIMIT = RefusalFault.TEMPORARY, RefusalFault.LIMIT


def too_much(recipient: str, until: datetime | None = None) -> Command:
    """The provider refuses the message because the account sends too much."""
    return RecordRefused(
        campaign_id=SPRING,
        recipient_id=recipient,
        send_id=message(recipient),
        fault=LIMIT,
        told_until=until,
    )


# Throttled accounts.


def holds(world: World) -> list[tuple[timedelta, timedelta]]:
    """How long each hold was, and until when after noon."""
    return [
        (each.held_for, each.until - NOON)
        for each in world.facts(SendingThrottled)
        if isinstance(each, SendingThrottled)
    ]


@pytest.mark.rule("M8")
def test_a_throttled_account_is_held_for_an_hour_and_others_go_on() -> None:
    world = mailing().given(reserve_step(ANN, R1), too_much(R1))

    told = world.at(NOON + HOUR - MICROSECOND).refuses(reserve_step(ANN, R1), "account_not_yet")

    assert told == f"Nothing leaves through {ANN} before 2026-03-02T13:00:00Z (hold)."
    world.given(sent(BOB, R2)).at(NOON + HOUR).given(reserve_step(ANN, R3))


@pytest.mark.rule("M8")
def test_each_further_hold_is_twice_as_long_up_to_a_day() -> None:
    world, at = mailing(), NOON
    for _ in range(7):
        world.at(at).given(reserve_step(ANN, R1), too_much(R1))
        at = NOON + holds(world)[-1][1]

    assert [held / HOUR for held, _ in holds(world)] == [1, 2, 4, 8, 16, 24, 24]


@pytest.mark.rule("M8")
@pytest.mark.parametrize("told", [NOON + MINUTE, NOON + 9 * DAY])
def test_the_providers_own_time_wins(told: datetime) -> None:
    world = mailing().given(reserve_step(ANN, R1), too_much(R1, told))

    world.at(told - MICROSECOND).refuses(reserve_step(ANN, R1), because="account_not_yet")

    world.at(told).given(reserve_step(ANN, R1))


@pytest.mark.rule("M8")
def test_a_providers_time_that_is_past_says_nothing() -> None:
    world = mailing().given(reserve_step(ANN, R1), too_much(R1, NOON - DAY))

    assert holds(world) == [(HOUR, HOUR)]


@pytest.mark.rule("M8")
def test_an_accepted_message_ends_the_doubling() -> None:
    world = mailing().given(reserve_step(ANN, R1), too_much(R1)).at(NOON + HOUR)
    world.given(sent(ANN, R1), reserve_step(ANN, R2), too_much(R2))

    assert len(world.facts(ThrottlingEnded)) == 1
    assert [held for held, _ in holds(world)] == [HOUR, HOUR]


@pytest.mark.rule("M8")
def test_a_message_that_was_on_its_way_before_the_hold_does_not_end_it() -> None:
    world = mailing().given(reserve_step(ANN, R1), reserve_step(ANN, R2), too_much(R1))

    world.given(accepted(R2, message(R2)))

    assert world.facts(ThrottlingEnded) == []
    world.refuses(reserve_step(ANN, R3), because="account_not_yet")


@pytest.mark.rule("M8")
@pytest.mark.parametrize("fault", [each for each in RefusalFault if each is not LIMIT])
def test_no_other_refusal_holds_the_account(fault: RefusalFault) -> None:
    world = mailing().given(reserve_step(ANN, R1), refused(R1, message(R1), fault))

    assert holds(world) == []
    world.given(reserve_step(ANN, R2))


# Temporary refusals.


def try_once(world: World, at: datetime, fault: RefusalFault = TEMPORARY) -> EmailRefused:
    world.at(at).given(reserve_step(ANN, R1, read=at), refused(R1, message(R1), fault))
    refusal = world.facts(EmailRefused)[-1]
    assert isinstance(refusal, EmailRefused)
    return refusal


@pytest.mark.rule("M8")
def test_after_five_temporary_refusals_the_recipient_is_failed() -> None:
    world, at, waits = mailing(), NOON, []
    for _ in range(4):
        refusal = try_once(world, at)
        assert refusal.retry_at is not None
        waits.append(refusal.retry_at - at)
        world.at(refusal.retry_at - MICROSECOND).refuses(reserve_step(ANN, R1), because="not_yet")
        at = refusal.retry_at
    assert world.statuses()[R1] is PENDING

    last = try_once(world, at)

    assert (last.tries, last.retry_at) == (5, None)
    assert waits == [15 * MINUTE, HOUR, 4 * HOUR, 16 * HOUR]
    assert world.statuses()[R1] is FAILED
    assert len(world.facts(RecipientFailed)) == 1


@pytest.mark.rule("M8")
@pytest.mark.parametrize(
    ("late", "failed"), [(2 * DAY - MICROSECOND, False), (2 * DAY, True), (9 * DAY, True)]
)
def test_a_temporary_refusal_48_hours_after_the_first_try_is_the_last(
    late: timedelta, *, failed: bool
) -> None:
    world = mailing()
    try_once(world, NOON)

    try_once(world, NOON + late)

    assert (world.statuses()[R1] is FAILED) is failed


@pytest.mark.rule("M8")
def test_an_accepted_message_begins_the_count_anew() -> None:
    world = mailing()
    for hour in range(4):
        try_once(world, NOON + hour * 5 * HOUR)
    world.at(NOON + 2 * DAY).given(sent(ANN, R1))
    due = NOON + 5 * DAY

    nudge = message(R1, "nudge")
    world.at(due).given(reserve_step(ANN, R1, "nudge", read=due), refused(R1, nudge))

    refusal = world.facts(EmailRefused)[-1]
    assert isinstance(refusal, EmailRefused)
    assert (refusal.tries, refusal.retry_at) == (1, due + 15 * MINUTE)


@pytest.mark.rule("M2")
@pytest.mark.rule("M8")
def test_a_message_that_was_not_sent_after_all_has_been_tried_as_often_as_before() -> None:
    world, at = mailing().given(prove_search(ANN)), NOON
    for _ in range(4):
        at = try_once(world, at).retry_at or at
    world.at(at).given(reserve_step(ANN, R1), unknown(R1, message(R1)))
    world.at(at + HOUR).given(search(R1, message(R1), SearchResult.ABSENT))

    last = try_once(world, at + 2 * HOUR)

    assert (last.tries, last.retry_at) == (5, None)
    assert world.statuses()[R1] is FAILED


@pytest.mark.rule("M2")
@pytest.mark.rule("M8")
def test_the_48_hours_go_on_though_a_message_was_not_sent_after_all() -> None:
    world, late = mailing().given(prove_search(ANN)), NOON + 2 * DAY
    try_once(world, NOON)
    world.at(NOON + DAY).given(reserve_step(ANN, R1), unknown(R1, message(R1)))
    world.at(NOON + DAY + HOUR).given(search(R1, message(R1), SearchResult.ABSENT))

    assert try_once(world, late).retry_at is None
    assert world.statuses()[R1] is FAILED


@pytest.mark.rule("M2")
@pytest.mark.rule("M8")
@pytest.mark.parametrize("answer", [SearchResult.FOUND, SearchResult.INCONCLUSIVE])
def test_a_message_that_counts_as_received_begins_the_count_anew(answer: SearchResult) -> None:
    world = mailing()
    try_once(world, NOON)
    world.at(NOON + HOUR).given(reserve_step(ANN, R1), unknown(R1, message(R1)))
    world.at(NOON + 2 * HOUR).given(search(R1, message(R1), answer))
    due = NOON + HOUR + 3 * DAY

    nudge = message(R1, "nudge")
    world.at(due).given(reserve_step(ANN, R1, "nudge", read=due), refused(R1, nudge))

    refusal = world.facts(EmailRefused)[-1]
    assert isinstance(refusal, EmailRefused)
    assert refusal.tries == 1


@pytest.mark.rule("M8")
@pytest.mark.parametrize("fault", [LIMIT, RefusalFault.ACCOUNT])
def test_the_accounts_trouble_is_no_try_of_the_message(fault: RefusalFault) -> None:
    world = mailing()

    tries = [try_once(world, NOON + day * DAY, fault).tries for day in range(6)]

    assert tries == [None] * 6
    assert world.statuses()[R1] is PENDING


# Bounces.


def people(number: int) -> list[str]:
    return [f"p{each}" for each in range(number)]


def after_sends(number: int, bounces: int, *, more: int = 9) -> World:
    """So many messages were accepted, and so many of them bounced."""
    world = mailing(to=people(number + more), settings=NO_LIMIT)
    for each in people(number):
        world.given(sent(ANN, each))
    return world.given(signal(BOUNCED, *people(bounces)))


NO_LIMIT = Settings(sending_speed=1_000, limits={"gap": 0})


@pytest.mark.rule("M8")
@pytest.mark.parametrize(
    ("sends", "bounces", "paused"),
    [(49, 9, False), (50, 2, False), (50, 3, True), (60, 3, False), (60, 4, True)],
)
def test_a_campaign_pauses_when_bounces_pass_5_percent_of_at_least_50_sends(
    sends: int, bounces: int, *, paused: bool
) -> None:
    world = after_sends(sends, bounces)

    row = world.campaign()
    assert (row.status is CampaignStatus.PAUSED) is paused
    assert row.pause_causes == (("bounces",) if paused else ())
    if paused:
        fact = world.recorded(CampaignPaused).event
        assert isinstance(fact, CampaignPaused)
        assert (fact.bounces, fact.sends, fact.bounce_rate) == (bounces, sends, 0.05)


@pytest.mark.rule("M8")
def test_a_refusal_because_of_the_recipient_is_a_bounce_and_a_send() -> None:
    world = after_sends(49, 2)
    late = people(50)[49]

    world.given(reserve_step(ANN, late), refused(late, message(late), RefusalFault.RECIPIENT))

    fact = world.recorded(CampaignPaused).event
    assert isinstance(fact, CampaignPaused)
    assert (fact.bounces, fact.sends) == (3, 50)


@pytest.mark.rule("M8", "P2")
def test_who_resumes_after_bounces_begins_a_new_count() -> None:
    world = after_sends(50, 3).given(resume())
    assert world.campaign().status is CampaignStatus.RUNNING

    world.given(signal(BOUNCED, *people(9)[3:]))

    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("M8", "P2")
def test_bounces_join_the_causes_of_a_paused_campaign() -> None:
    world = after_sends(50, 2).given(pause(), signal(BOUNCED, "p9"))

    assert world.campaign().pause_causes == ("bounces", "user")
