"""Planning: who is next, and what keeps the others waiting (M1, M3, M4, M7, M8).

What random mailings found (``tests/proof/test_mailings.py``).
"""

from datetime import datetime
from typing import Any

import pytest

from aggregates.command import DEFAULT_POLICY
from aggregates.waiting import NotBefore
from engine.planning.planner import Plan, Planner
from engine.planning.why_not_now import Moment, why_not_now
from events.sequence import Step
from events.vocabulary import AccountId, Settings, Waiting
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOLD_SENDER,
    HOUR,
    INTRO,
    MINUTE,
    NINE_DAYS,
    NO_GAP,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    REPLIED,
    SECOND,
    SPRING,
    SUMMER,
    World,
    assign,
    create,
    fail,
    mailing,
    message,
    one_click,
    pause,
    refused,
    remove_sender,
    reserve_step,
    resume,
    sent,
    set_sequence,
    signal,
    start,
    update_settings,
)

RETRY = 15 * MINUTE
ONE = Step(name=INTRO)


class Read:
    """Every inbox was read up to that moment."""

    def __init__(self, until: datetime | None) -> None:
        self._until = until

    def read_until(self, _: AccountId) -> datetime | None:
        return self._until

    def read_again(self, _: AccountId) -> None: ...


def planned(world: World, account: str, read: datetime | None = None) -> tuple[str, str] | None:
    """Who is next from the account, and in which campaign."""
    with world.engine.look(world.workspace) as now:
        planner = Planner(DEFAULT_POLICY)
        planner.begin(now)
        plan = planner.next_from(now, account, now.now, read)
    return (plan.campaign_id, plan.recipient_id) if plan else None


def wait(world: World, recipient: str, campaign: str = SPRING) -> NotBefore | None:
    with world.engine.look(world.workspace) as now:
        moment = Moment(now, now.now, DEFAULT_POLICY, Read(None))
        return why_not_now(moment, now.campaign(campaign), recipient)


def tried(account: str, recipient: str) -> list[Any]:
    """A first message that the server refused for now."""
    return [reserve_step(account, recipient), refused(recipient, message(recipient))]


@pytest.mark.rule("M7", "M8")
def test_an_exclusive_campaign_tries_nobody_again_whom_another_has_contacted_meanwhile() -> None:
    world = mailing(ONE, to=[R1], exclusive=True).given(tried(ANN, R1))
    world.given(create(BOB, to=[R1], campaign=SUMMER), set_sequence(campaign=SUMMER), start(SUMMER))
    world.given(sent(BOB, R1, campaign=SUMMER)).at(NOON + RETRY)

    assert planned(world, ANN) is None
    assert wait(world, R1) == NotBefore(None, Waiting.EXCLUSIVE)

    world.given(signal(REPLIED, R1, campaign=SUMMER))
    assert planned(world, ANN) == (SPRING, R1)


@pytest.mark.rule("M1", "M8")
def test_one_whose_first_senders_message_was_refused_for_now_is_tried_again_by_another() -> None:
    world = mailing(ONE, to=[R1]).given(reserve_step(ANN, R1), remove_sender(ANN, 0))
    world.given(refused(R1, message(R1)))

    assert planned(world, BOB) is None
    assert planned(world.at(NOON + RETRY), BOB) == (SPRING, R1)


@pytest.mark.rule("M4", "M8")
def test_a_follow_up_that_waits_for_the_inbox_keeps_no_first_message_waiting() -> None:
    world = mailing(ONE, Step(name=NUDGE), to=[R1, R2]).given(sent(ANN, R1), tried(ANN, R2))

    assert planned(world.at(NOON + HOUR), ANN) == (SPRING, R2)
    assert planned(world, ANN, read=NOON + HOUR) == (SPRING, R1)


@pytest.mark.rule("M4")
def test_no_follow_up_is_planned_before_the_inbox_was_read_up_to_the_reconnection() -> None:
    world = mailing(ONE, Step(name=NUDGE), to=[R1]).given(sent(ANN, R1), fail(ANN))
    back = NOON + MINUTE
    world.at(back).given(one_click(ANN), resume())

    assert planned(world, ANN, read=back - SECOND) is None
    assert planned(world, ANN, read=back) == (SPRING, R1)


@pytest.mark.rule("M3")
def test_what_yesterdays_refused_message_gives_back_is_not_todays() -> None:
    world = mailing(ONE, daily_limit=1).given(reserve_step(ANN, R1)).at(NOON + DAY)

    world.given(sent(BOB, R2), refused(R1, message(R1)))

    assert planned(world, ANN) is None
    assert wait(world, R3) == NotBefore(NOON + 36 * HOUR, Waiting.LIMIT)


@pytest.mark.rule("M3")
def test_a_ramp_begins_once_though_the_zone_moves_to_where_it_is_still_yesterday() -> None:
    def ramp(zone: str) -> Settings:
        limits = {"gap": 0, "ramp_start": 1, "ramp_step": 1}
        return Settings(sending_speed=9, limits=limits, schedule={"zone": zone})

    world = mailing(ONE, to=[R1, R2], settings=ramp("Pacific/Kiritimati")).given(sent(ANN, R1))
    world.given(remove_sender(BOB, 0), update_settings(ANN, ramp("Pacific/Honolulu")))

    assert wait(world, R2) == NotBefore(NOON + 22 * HOUR, Waiting.LIMIT)


@pytest.mark.rule("M3")
def test_a_ramp_that_lets_nothing_leave_today_ends_by_itself_if_it_grows() -> None:
    def ramp(start: int, step: int) -> Settings:
        limits = {"gap": 0, "ramp_start": start, "ramp_step": step}
        return Settings(sending_speed=9, limits=limits)

    world = mailing(ONE, to=[R1, R2], settings=NO_GAP).given(remove_sender(BOB, 0), sent(ANN, R1))

    world.given(update_settings(ANN, ramp(-5, 2)))
    assert wait(world, R2) == NotBefore(NOON + 12 * HOUR, Waiting.LIMIT)
    world.given(update_settings(ANN, ramp(0, 0)))
    assert wait(world, R2) == NotBefore(None, Waiting.LIMIT)


@pytest.mark.rule("S3", "M1")
def test_one_assigned_to_a_failed_sender_waits_for_the_clock_if_others_may_take_over() -> None:
    world = mailing(ONE, to=[R1, R2], policy=HOLD_SENDER).given(assign(R1, ANN), fail(ANN))

    assert wait(world, R1) == NotBefore(NOON + NINE_DAYS, Waiting.SENDER)
    assert planned(world, BOB) == (SPRING, R2)

    world.tick(NOON + NINE_DAYS).given(sent(BOB, R2))
    assert planned(world, BOB) == (SPRING, R1)


@pytest.mark.rule("S3", "M1")
def test_one_assigned_to_the_only_sender_waits_for_a_person_once_that_has_failed() -> None:
    world = mailing(ONE, to=[R1], policy=HOLD_SENDER).given(remove_sender(BOB, 0), assign(R1, ANN))

    world.given(fail(ANN))

    assert wait(world, R1) == NotBefore(None, Waiting.SENDER)


def set_aside(world: World, planner: Planner) -> Plan:
    """Ann's next message, planned and taken by a worker."""
    with world.engine.look(world.workspace) as now:
        planner.begin(now)
        plan = planner.next_from(now, ANN, now.now, None)
        assert plan is not None
        planner.set_aside(now, plan)
    return plan


@pytest.mark.rule("M1")
def test_one_whose_sender_is_removed_before_the_message_is_reserved_is_another_ones() -> None:
    """Found by a worker on a busy machine: the recipient was left alone for good."""
    world = mailing(ONE, to=[R1])
    planner = Planner(DEFAULT_POLICY)
    plan = set_aside(world, planner)
    world.given(remove_sender(ANN, 0))
    with world.engine.look(world.workspace) as now:
        assert planner.next_from(now, BOB, now.now, None) is None
        planner.refused(now, plan, now.now, None)
        assert planner.next_from(now, BOB, now.now, None) == plan._replace(account_id=BOB)


@pytest.mark.rule("P2", "M8")
def test_one_who_was_planned_when_the_campaign_was_paused_has_a_turn_after_the_resume() -> None:
    """Found by the simulation: a bounce paused the campaign in the transaction that reserved."""
    world = mailing(ONE, to=[R1])
    planner = Planner(DEFAULT_POLICY)
    plan = set_aside(world, planner)
    world.given(pause())
    with world.engine.look(world.workspace) as now:
        planner.refused(now, plan, now.now, None)
    world.given(resume())
    with world.engine.look(world.workspace) as now:
        assert planner.next_from(now, ANN, now.now, None) == plan
