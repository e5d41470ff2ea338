"""Who comes from another program: nobody hears twice, nor from somebody else, nor too early
(S4, M1-M5, M7)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.campaign.commands import MigrateRecipients, Past
from aggregates.campaign.state import Campaign
from engine.audit.commands_from_facts import command_of
from engine.planning.planner import Planner
from events.base import Event
from events.campaign import (
    CampaignFinished,
    CampaignReopened,
    RecipientAdded,
    RecipientBounced,
    RecipientEvent,
    RecipientFailed,
    RecipientFinished,
    RecipientMigrated,
    RecipientReplied,
    RecipientUnsubscribed,
    SendReserved,
)
from events.suppression import PersonSuppressed
from events.vocabulary import RecipientStatus, Signal
from tests.cli.auditing.test_check import Forged, audited, found_in, page_of
from tests.law.story import (
    ANN,
    BOB,
    BOUNCED,
    CLEO,
    DAY,
    FAILED,
    FINISHED,
    HOUR,
    INTRO,
    LAST,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    REPLIED,
    SOLO,
    SPRING,
    STEPS,
    SUMMER,
    UNSUBSCRIBED,
    World,
    connect,
    create,
    create_single,
    fail,
    finish,
    mailing,
    reserve_step,
    sent,
    set_sequence,
    signal,
    start,
    suppress,
)

THEN = NOON - 2 * DAY
ELSEWHERE = {
    REPLIED: RecipientReplied,
    BOUNCED: RecipientBounced,
    UNSUBSCRIBED: RecipientUnsubscribed,
    FINISHED: RecipientFinished,
    FAILED: RecipientFailed,
}
ACTIVE, PENDING = RecipientStatus.ACTIVE, RecipientStatus.PENDING


def past(
    recipient: str = "m1",
    step: str | None = INTRO,
    account: str | None = ANN,
    at: datetime | None = THEN,
    ended: Signal | None = None,
) -> Past:
    return Past(recipient, account, step, at, ended)


def migrate(*people: Past, campaign: str = SPRING) -> MigrateRecipients:
    return MigrateRecipients(campaign_id=campaign, people=people)


def seen(world: World, campaign: str = SPRING) -> Campaign:
    with world.engine.look(world.workspace) as now:
        return now.campaign(campaign)


@pytest.mark.rule("M2")
def test_a_step_received_elsewhere_is_never_reserved() -> None:
    world = mailing().given(migrate(past(step=NUDGE))).at(NOON + 30 * DAY)

    for step in (INTRO, NUDGE):
        world.refuses(reserve_step(ANN, "m1", step), because="not_the_next_step")
    world.given(sent(ANN, "m1", LAST, read=NOON + 30 * DAY))
    world.refuses(reserve_step(ANN, "m1", LAST), because="not_the_next_step")


@pytest.mark.rule("M1")
def test_the_sender_of_before_stays() -> None:
    world = mailing().given(migrate(past())).at(NOON + DAY)

    because = "fixed_sender_is_other"
    world.refuses(reserve_step(BOB, "m1", NUDGE, read=NOON + DAY), because=because)
    assert (world.recipient("m1").sender, world.recipient("m1").sender_fixed) == (ANN, True)
    assert (world.recipient("m1").status, world.recipient("m1").emails_received) == (ACTIVE, 1)


@pytest.mark.rule("M3", "M4")
def test_the_delay_counts_from_the_message_of_before_and_the_inbox_is_read_first() -> None:
    due = THEN + 3 * DAY
    world = mailing().given(migrate(past()))

    early = due - MICROSECOND
    world.at(early).refuses(reserve_step(ANN, "m1", NUDGE, read=early), because="not_yet")
    world.at(due).refuses(reserve_step(ANN, "m1", NUDGE), because="inbox_not_read")
    world.given(reserve_step(ANN, "m1", NUDGE, read=due))


@pytest.mark.rule("M3")
@pytest.mark.parametrize("at", [None, NOON + HOUR])
def test_the_delay_never_counts_from_before_what_is_known(at: datetime | None) -> None:
    world = mailing().given(migrate(past(at=at))).at(NOON + 2 * DAY)

    world.refuses(reserve_step(ANN, "m1", NUDGE, read=NOON + 2 * DAY), because="not_yet")
    (told,) = world.facts(RecipientMigrated)
    assert getattr(told, "received_at", None) == NOON


@pytest.mark.rule("M3")
def test_what_was_sent_elsewhere_uses_up_no_limit() -> None:
    world = mailing(daily_limit=1).given(migrate(past(), past("m2")))

    world.given(sent(ANN, R1))
    assert seen(world).day_used == 1


@pytest.mark.rule("M5")
@pytest.mark.parametrize("ended", ELSEWHERE)
@pytest.mark.parametrize("step", [NUDGE, None])
def test_who_ended_elsewhere_is_terminal_from_the_beginning(
    ended: Signal, step: str | None
) -> None:
    world = mailing().given(migrate(past(step=step, ended=ended)))

    (told,) = world.facts(ELSEWHERE[ended])
    assert isinstance(told, RecipientEvent)
    assert (told.recipient_id, getattr(told, "account_id", "")) == ("m1", ANN if step else None)
    assert world.statuses()["m1"] is ended
    world.refuses(reserve_step(ANN, "m1", step or INTRO), because="recipient_terminal")


@pytest.mark.rule("M7")
def test_who_unsubscribed_elsewhere_is_suppressed_everywhere() -> None:
    world = mailing().given(create(BOB, to=("m1",), campaign=SUMMER))
    world.given(migrate(past(step=None, account=None, ended=UNSUBSCRIBED)))

    assert [each.recipient_id for each in world.facts(PersonSuppressed)] == ["m1"]  # type: ignore[attr-defined]
    assert world.statuses(SUMMER)["m1"] is UNSUBSCRIBED


@pytest.mark.rule("S4", "M2")
def test_importing_again_changes_nothing() -> None:
    people = past(), past("m2", None), past("m3", NUDGE, BOB, ended=REPLIED)
    world = mailing().given(migrate(*people))
    before = len(world.log)

    world.given(migrate(*people), migrate(past(step=LAST, account=BOB, ended=BOUNCED)))
    assert len(world.log) == before


@pytest.mark.rule("S4")
def test_who_is_known_here_is_not_touched() -> None:
    world = mailing().given(sent(ANN, R1))
    before = seen(world).recipients

    world.given(migrate(past(R1, LAST, BOB), past(R2, ended=REPLIED), past("m1", None)))
    assert seen(world).recipients.delete("m1") == before
    assert seen(world).recipients["m1"].status is PENDING


@pytest.mark.rule("S4", "M7")
def test_stopped_and_suppressed_ones_are_refused_and_the_others_taken() -> None:
    world = mailing().given(sent(ANN, R1), suppress("m2"), fail(ANN)).at(NOON + 2 * NINE_DAYS)
    world.tick()

    told = migrate(past(R1, account=BOB), past("m2", account=BOB), past("m3", account=BOB))
    world.refuses(told, because="recipient_stopped")
    assert "m2" not in world.statuses()
    assert world.statuses()["m3"] is ACTIVE


@pytest.mark.rule("M1", "M2")
@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (past(account=CLEO), "sender_not_in_campaign"),
        (past(account=None), "sender_not_in_campaign"),
        (past(step="postscript"), "unknown_step"),
    ],
)
def test_nobody_is_taken_when_one_past_cannot_be(wrong: Past, because: str) -> None:
    world = mailing()
    before = len(world.log)

    world.refuses(migrate(past("m2"), wrong), because=because)
    assert len(world.log) == before


@pytest.mark.rule("M2")
def test_without_a_sequence_nothing_of_it_was_received() -> None:
    world = World().given(connect(ANN), create(ANN, to=()))

    world.refuses(migrate(past()), because="not_set_up")
    world.given(migrate(past(step=None)))


@pytest.mark.rule("M1")
def test_a_single_sender_campaign_takes_what_its_slot_sent() -> None:
    world = World().given(connect(ANN), connect(BOB), create_single("s1", to=()))
    world.given(set_sequence(campaign=SOLO))

    world.refuses(migrate(past(account=BOB), campaign=SOLO), because="sender_not_in_campaign")
    world.given(migrate(past(ended=REPLIED), past("m2"), campaign=SOLO), start(SOLO))
    (ended,) = world.facts(RecipientReplied)
    assert getattr(ended, "account_id", "") is None
    told = reserve_step(ANN, "m2", NUDGE, campaign=SOLO, read=NOON + DAY)
    world.at(NOON + DAY).given(told)


@pytest.mark.rule("S3", "S5")
def test_who_came_from_elsewhere_is_at_stake_as_any_other() -> None:
    world = mailing().given(migrate(past(), past("m2", None), past("m3", ended=REPLIED)), fail(ANN))

    assert world.clock().at_stake == 1
    world.tick(NOON + NINE_DAYS + MINUTE)
    assert world.statuses()["m1"] is RecipientStatus.CAMPAIGN_STOPPED
    assert (world.statuses()["m2"], world.statuses()["m3"]) == (PENDING, REPLIED)


@pytest.mark.rule("M4")
def test_after_the_last_step_the_sequence_ends_as_ever() -> None:
    world = mailing().given(migrate(past(step=LAST))).at(NOON + 5 * DAY)

    world.given(finish("m1", read=NOON + 5 * DAY))
    (told,) = world.facts(RecipientFinished)
    assert told.occurred_at == THEN + 7 * DAY


def test_a_campaign_finishes_only_with_its_last_recipient() -> None:
    world = mailing(to=(R1,)).given(migrate(past(ended=REPLIED)))
    assert not world.facts(CampaignFinished)

    world.given(signal(REPLIED, R1), migrate(past("m2", ended=BOUNCED)))
    assert not world.facts(CampaignReopened)
    world.given(migrate(past("m3"), past("m4", ended=BOUNCED)))
    assert world.campaign().status == "running"


def moved() -> World:
    world = mailing(to=(R1,)).given(suppress("m9"))
    told = migrate(
        past(), past("m2", NUDGE, BOB, None), past("m3", None), past("m4", ended=BOUNCED)
    )
    world.given(told, migrate(past("m5", None, None, None, UNSUBSCRIBED)))
    world.refuses(migrate(past("m9"), past("m6")), because="suppressed")
    at = THEN + 3 * DAY
    return world.at(at).given(sent(ANN, "m1", NUDGE, read=at), sent(BOB, "m3", read=at))


def test_the_auditor_finds_nothing_and_every_altered_fact() -> None:
    log = moved().log
    assert audited(page_of(log)) == []
    index = next(n for n, each in enumerate(log) if isinstance(each.event, RecipientMigrated))
    for rule, values in ALTERED:
        facts = [Forged(each.stream_id, each.event, each.envelope) for each in log]
        facts[index] = facts[index]._replace(event=replace(log[index].event, **values))
        assert rule in {found for found, _ in found_in(facts)}, values


ALTERED: list[tuple[str, dict[str, Any]]] = [
    ("M1", {"account_id": CLEO}),
    ("M2", {"steps": (NUDGE,)}),
    ("M2", {"steps": ()}),
    ("M2", {"recipient_id": R1, "steps": (INTRO, NUDGE)}),
    ("M3", {"received_at": NOON + DAY}),
]


def test_what_was_asked_is_told_from_what_it_recorded() -> None:
    log = moved().log
    envelopes = {each.envelope.first_position: each.envelope for each in log}
    told = [
        command_of([each.event for each in log if each.envelope == envelope], envelope.command)
        for envelope in envelopes.values()
        if envelope.command == "MigrateRecipients"
    ]

    first, _, refused = told
    assert isinstance(first, MigrateRecipients)
    assert isinstance(refused, MigrateRecipients)
    assert first.people == (
        *(past(), past("m2", NUDGE, BOB, NOON), past("m3", None, None, None)),
        past("m4", ended=BOUNCED),
    )
    assert refused.suppressed == {"m9"}


# Whatever came, and whenever: no step counted as sent is ever planned again.


class Moved(NamedTuple):
    """Days ago; none: nobody knows."""

    step: int
    account: str
    ago: int | None
    ended: Signal | None


people = st.lists(
    st.builds(
        Moved,
        st.integers(-1, len(STEPS) - 1),
        st.sampled_from((ANN, BOB)),
        st.none() | st.integers(0, 40),
        st.none() | st.none() | st.sampled_from(list(ELSEWHERE)),
    ),
    min_size=1,
    max_size=8,
)


def told(number: int, each: Moved) -> Past:
    step = STEPS[each.step].name if each.step >= 0 else None
    at = None if each.ago is None else NOON - each.ago * DAY
    return past(f"m{number}", step, each.account, at, each.ended)


def everything_planned(world: World, until: datetime, every: timedelta) -> Iterator[SendReserved]:
    """All that the planner lets leave, as a worker would send it, inboxes read all the time."""
    planner, now = Planner(world.engine.policy), NOON
    with world.engine.look(world.workspace) as workspace:
        planner.begin(workspace)
    while now <= until:
        world.at(now)
        for account in (ANN, BOB):
            while True:
                with world.engine.look(world.workspace) as workspace:
                    plan = planner.next_from(workspace, account, now, now)
                if plan is None:
                    break
                before = len(world.log)
                world.given(sent(plan.account_id, plan.recipient_id, plan.step, read=now))
                news: list[Event] = [each.event for each in world.log[before:]]
                with world.engine.look(world.workspace) as workspace:
                    planner.follow(workspace, news)
                yield from (each for each in news if isinstance(each, SendReserved))
        now += every


@pytest.mark.rule("M1", "M2", "M3", "M5")
@given(people, st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_step_counted_as_sent_is_ever_planned_again(moved: list[Moved], twice: bool) -> None:
    pasts = {f"m{number}": told(number, each) for number, each in enumerate(moved)}
    world = mailing(to=(R3,)).given(migrate(*pasts.values()))
    if twice:
        world.given(migrate(*pasts.values()))
    assert len(world.facts(RecipientAdded)) == 1 + len(pasts)

    names = [each.name for each in STEPS]
    left: dict[str, list[str]] = {}
    for each in everything_planned(world, NOON + 12 * DAY, 12 * HOUR):
        before = pasts.get(each.recipient_id, past(R3, None))
        left.setdefault(each.recipient_id, []).append(str(each.step))
        if before.step is not None:
            due = names.index(before.step) + 1
            assert each.account_id == before.account_id
            received = before.received_at or NOON
            assert each.occurred_at >= received + STEPS[due].after
    for name, before in pasts.items():
        done = names.index(before.step) + 1 if before.step else 0
        assert left.get(name, []) == ([] if before.ended else names[done:])
