"""The two clocks and the stop (S1-S7, S9, S10; S8 stands with sending)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.campaign import evolve, fold
from aggregates.campaign.commands import (
    CureClock,
    ExpireClock,
    RecordLostSend,
    SupersedeClock,
)
from aggregates.command import DEFAULT_POLICY, Command, Policy
from aggregates.rejections import NotConfirmed
from events.alike import Alike
from events.base import Event
from events.campaign import (
    AssignmentReleased,
    EmailOutcomeUnknown,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    HoldEnded,
    RecipientImportRefused,
    RecipientStopped,
    SenderAdded,
    SenderRemoved,
)
from events.email_account import NoticeIssued
from events.vocabulary import (
    CampaignStatus,
    IncidentKind,
    NoticeKind,
    RefusalFault,
    SearchResult,
    StopReason,
)
from processors.timers import Timer, fall_due, timers
from processors.workspace import Workspace
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    BOUNCED,
    CLEO,
    CURED,
    DAY,
    DISCONNECT,
    EXPIRED,
    FAILURE,
    FINISHED,
    HELD,
    HOLD_SENDER,
    HOUR,
    INTRO,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    PENDING,
    R1,
    R2,
    R3,
    R4,
    REPLIED,
    REVOKED,
    RUNNING,
    SECOND,
    SOLO,
    SPRING,
    STOPPED,
    SUMMER,
    UNSUBSCRIBED,
    Move,
    World,
    accepted,
    add_sender,
    assign,
    assigned,
    clock_started,
    connect,
    create,
    create_single,
    disconnect,
    fail,
    hear_from,
    heard_from,
    import_recipients,
    incident,
    mailing,
    office,
    one_click,
    pass_check,
    pause,
    refused,
    remove_sender,
    request_check,
    reserve,
    reserved,
    resume,
    rotation,
    signal,
    spring,
    start,
    unknown,
    user_check,
)
from tests.proof.judge import check_log

BOTH = [DEFAULT_POLICY, HOLD_SENDER]


# S1: which clocks start.


@pytest.mark.rule("S1")
@pytest.mark.parametrize("policy", BOTH)
def test_a_failure_starts_a_clock_in_every_rotation_campaign_that_depends_on_the_account(
    policy: Policy,
) -> None:
    world = office(policy).given(create(ANN, campaign=SUMMER), create(BOB, campaign="autumn"))

    world.when(fail(ANN))

    assert world.clock(ANN, SPRING).kind is FAILURE
    assert world.clock(ANN, SUMMER).kind is FAILURE
    assert world.clocks(ANN, "autumn") == []


@pytest.mark.rule("S1")
def test_a_fixed_sender_that_was_removed_is_still_depended_on() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1)).when(fail(ANN))

    assert world.clock(ANN).at_stake == 1


@pytest.mark.rule("S1")
def test_an_account_whose_recipients_are_all_terminal_is_not_depended_on() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1))

    world.given(signal(REPLIED, R1)).when(fail(ANN))

    assert world.clocks(ANN) == []


def removed_while_its_first_email_is_on_its_way() -> World:
    return office().given(reserve(ANN, R1), remove_sender(ANN)).given(fail(ANN))


@pytest.mark.rule("S1")
@pytest.mark.parametrize("outcome", [accepted(R1), unknown(R1)])
def test_a_campaign_comes_to_depend_on_a_failed_account_by_a_send_in_flight(
    outcome: Command,
) -> None:
    world = removed_while_its_first_email_is_on_its_way()
    assert world.clocks(ANN) == []

    world.at(NOON + 2 * DAY).when(outcome)

    assert world.clock(ANN).incident_id == incident(ANN)
    assert world.clock(ANN).started_at == NOON
    assert world.clock(ANN).deadline_at == NOON + NINE_DAYS
    assert world.clock(ANN).at_stake == 1
    world.tick(NOON + NINE_DAYS)
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("S1")
def test_a_refused_send_brings_no_dependence() -> None:
    world = removed_while_its_first_email_is_on_its_way().when(refused(R1))

    assert world.clocks(ANN) == []
    assert world.recipient(R1).sender is None


@pytest.mark.rule("S1")
def test_no_clock_starts_by_a_send_in_flight_once_the_incident_is_over() -> None:
    world = removed_while_its_first_email_is_on_its_way().given(one_click(ANN))

    world.when(accepted(R1))

    assert world.clocks(ANN) == []


@pytest.mark.rule("S1")
def test_a_send_in_flight_that_arrives_after_the_deadline_still_stops_its_recipient() -> None:
    world = removed_while_its_first_email_is_on_its_way().at(NOON + 10 * DAY)

    world.when(accepted(R1)).tick()

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).status is STOPPED
    assert world.recipient(R1).incident_id == incident(ANN)


@pytest.mark.rule("S1")
@pytest.mark.parametrize("trouble", [fail(CLEO), disconnect(CLEO)])
def test_from_email_takes_only_successful_accounts(trouble: Command) -> None:
    world = office().given(connect(CLEO), trouble)

    world.refuses(add_sender(CLEO), because="sender_not_connected")
    world.refuses(create(ANN, CLEO, campaign=SUMMER), because="sender_not_connected")


@pytest.mark.rule("S1")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
def test_a_single_sender_campaign_waits_without_limit(trouble: Command) -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO))
    world.given(hear_from(ANN, R1, campaign=SOLO), trouble)

    world.tick(NOON + 400 * DAY)

    assert world.clocks(ANN, SOLO) == []
    assert world.recipient(R1, SOLO).status is HELD
    assert world.campaign(SOLO).status is CampaignStatus.PAUSED


# S2: when they run out.

WHEN_THEY_RUN_OUT = [(fail(ANN), NINE_DAYS), (disconnect(ANN), HOUR)]


@pytest.mark.rule("S2")
@pytest.mark.parametrize(("trouble", "runs"), WHEN_THEY_RUN_OUT)
def test_a_clock_runs_from_the_moment_of_the_trouble(trouble: Command, runs: timedelta) -> None:
    moment = NOON + 5 * HOUR + MICROSECOND
    world = office().at(moment).when(trouble)

    assert world.clock(ANN).started_at == moment
    assert world.clock(ANN).deadline_at == moment + runs


@pytest.mark.rule("S2", "S7")
@pytest.mark.parametrize(("trouble", "runs"), WHEN_THEY_RUN_OUT)
def test_it_never_runs_out_early(trouble: Command, runs: timedelta) -> None:
    world = office().given(hear_from(ANN, R1), trouble).tick(NOON + runs - MICROSECOND)

    assert world.clock(ANN).outcome is RUNNING


@pytest.mark.rule("S2")
def test_at_the_end_of_the_nine_days_itself_is_in_time() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + NINE_DAYS)

    world.when(one_click(ANN))

    assert world.clock(ANN).outcome is CURED
    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("S2")
def test_a_microsecond_after_the_nine_days_is_late() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + NINE_DAYS + MICROSECOND)

    world.when(one_click(ANN))

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("S2")
def test_a_campaign_refuses_to_expire_a_clock_before_its_deadline() -> None:
    expire = ExpireClock(campaign_id=SPRING, account_id=ANN, incident_id=incident(ANN))
    history = rotation(ANN), heard_from(ANN, R1), clock_started(ANN, DISCONNECT, at_stake=1)

    spring.given(*history).when(expire, at=NOON + HOUR - MICROSECOND).then_nothing()


@pytest.mark.rule("S2", "C5", "T2")
@pytest.mark.parametrize(
    ("command", "ended"),
    [
        (CureClock(campaign_id=SPRING, account_id=ANN), GracePeriodCured),
        (
            SupersedeClock(campaign_id=SPRING, account_id=ANN, superseded_by=incident(ANN, 2)),
            GracePeriodSuperseded,
        ),
    ],
)
def test_only_a_failure_clock_is_cured_or_superseded_and_up_to_its_deadline(
    command: Command, ended: type[Event]
) -> None:
    nine_days_run = spring.given(rotation(ANN), clock_started(ANN, FAILURE))
    hour_runs = spring.given(rotation(ANN), clock_started(ANN, DISCONNECT))

    (fact,) = nine_days_run.when(command, at=NOON + NINE_DAYS).facts()
    assert (type(fact), fact.occurred_at) == (ended, NOON + NINE_DAYS)
    nine_days_run.given(fact).when(command, at=NOON + NINE_DAYS).then_nothing()
    nine_days_run.when(command, at=NOON + NINE_DAYS + MICROSECOND).then_nothing()
    hour_runs.when(command).then_nothing()
    spring.given(rotation(ANN)).when(command).then_nothing()


@pytest.mark.rule("S2", "S6")
def test_a_campaign_refuses_to_expire_a_clock_of_another_incident_or_none() -> None:
    expire = ExpireClock(campaign_id=SPRING, account_id=ANN, incident_id=incident(ANN, 2))
    running = spring.given(rotation(ANN), heard_from(ANN, R1))

    running.when(expire, at=NOON + DAY).then_nothing()
    running.given(clock_started(ANN, DISCONNECT)).when(expire, at=NOON + DAY).then_nothing()


# S3: what running out does.


@pytest.mark.rule("S3", "F0")
@pytest.mark.parametrize(
    ("kind", "deadline", "reason"),
    [
        (FAILURE, NOON + NINE_DAYS, StopReason.RESOLUTION_WINDOW_EXPIRED),
        (DISCONNECT, NOON + HOUR, StopReason.GRACE_PERIOD_EXPIRED),
    ],
)
def test_running_out_stops_who_heard_from_the_account_and_releases_who_did_not(
    kind: IncidentKind, deadline: datetime, reason: StopReason
) -> None:
    about: dict[str, Any] = {"campaign_id": SPRING, "account_id": ANN, "occurred_at": deadline}
    expire = ExpireClock(campaign_id=SPRING, account_id=ANN, incident_id=incident(ANN))

    spring.given(
        rotation(ANN, BOB, to=(R1, R2, R3, R4)),
        heard_from(ANN, R1),
        heard_from(BOB, R2),
        reserved(ANN, R3),
        assigned(R4, ANN),
        clock_started(ANN, kind, at_stake=1),
    ).when(expire, at=NOON + 20 * DAY).then(
        GracePeriodExpired(
            **about,
            incident_id=incident(ANN),
            kind=kind,
            deadline_at=deadline,
            stopped=1,
            released=1,
            in_flight=1,
            skipped={},
        ),
        RecipientStopped(**about, recipient_id=R1, incident_id=incident(ANN), reason=reason),
        AssignmentReleased(**about, recipient_id=R4),
    )


@pytest.mark.rule("S3", "S5")
def test_those_who_are_stopped_together_end_as_if_one_by_one() -> None:
    about: dict[str, Any] = {"campaign_id": SPRING, "account_id": ANN, "occurred_at": NOON}
    stop = RecipientStopped(
        **about,
        recipient_id="",
        incident_id=incident(ANN),
        reason=StopReason.GRACE_PERIOD_EXPIRED,
    )
    before = spring.given(
        rotation(ANN, BOB, to=(R1, R2, R3, R4)),
        *(heard_from(ANN, R1), heard_from(BOB, R2), reserved(ANN, R3), assigned(R4, ANN)),
    ).state
    stops = Alike(stop, "recipient_id", (R1, R2, R3, R4))

    together = fold(before, stops)

    assert together == fold(before, list(stops))
    assert together == reduce(evolve, stops, before)
    assert together.open == 0
    assert [*map(len, (together.lane(ANN).contacted, together.lane(ANN).soft))] == [0, 0]


@pytest.mark.rule("S3")
@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize(("trouble", "runs"), WHEN_THEY_RUN_OUT)
def test_the_account_leaves_and_others_may_take_its_soft_recipients(
    policy: Policy, trouble: Command, runs: timedelta
) -> None:
    world = office(policy).given(hear_from(ANN, R1), assign(R2, ANN), hear_from(BOB, R3), trouble)

    world.tick(NOON + runs)

    assert world.campaign().from_email == (BOB,)
    assert world.statuses() == {R1: STOPPED, R2: PENDING, R3: ACTIVE}
    if world.campaign().status is CampaignStatus.PAUSED:
        world.given(resume())
    world.given(hear_from(BOB, R2))
    assert world.recipient(R2).sender == BOB


@pytest.mark.rule("S3")
def test_one_email_of_unknown_outcome_is_enough_to_be_stopped() -> None:
    world = office().given(reserve(ANN, R1), unknown(R1), disconnect(ANN)).tick(NOON + HOUR)

    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("S3")
def test_the_campaign_finishes_with_its_last_recipient() -> None:
    world = office().given(hear_from(ANN, R1, R2, R3), disconnect(ANN)).tick(NOON + HOUR)

    assert world.campaign().status is CampaignStatus.FINISHED


# S4: irreversible.


def stopped_for_good() -> World:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).at(NOON + 2 * HOUR)
    return world.given(connect(ANN), add_sender(ANN), resume())


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    "moves",
    [
        signal(REPLIED, R1),
        signal(UNSUBSCRIBED, R1),
        signal(BOUNCED, R1),
        signal(FINISHED, R1),
        [one_click(ANN)],
        [pass_check(ANN)],
        [pause(), resume()],
        [disconnect(ANN), connect(ANN), add_sender(ANN)],
    ],
)
def test_no_command_leads_out_of_a_stop(moves: Move) -> None:
    world = stopped_for_good().when(moves)

    assert world.recipient(R1).status is STOPPED
    assert world.recipient(R1).stopped_at == NOON + HOUR


@pytest.mark.rule("S4", "S8")
@pytest.mark.parametrize("command", [reserve(ANN, R1), reserve(BOB, R1), assign(R1, BOB)])
def test_nothing_can_be_asked_of_a_stopped_recipient(command: Command) -> None:
    stopped_for_good().refuses(command, because="recipient_stopped")


@pytest.mark.rule("S4")
def test_an_import_takes_the_others_and_refuses_the_stopped_one() -> None:
    world = stopped_for_good()

    told = world.refuses(import_recipients(R1, R2, "r9"), because="recipient_stopped")

    assert R1 in told
    assert R2 not in told
    assert world.statuses() == {R1: STOPPED, R2: PENDING, R3: PENDING, "r9": PENDING}
    assert world.facts(RecipientImportRefused) != []


@pytest.mark.rule("S4")
def test_known_recipients_are_skipped_without_a_word() -> None:
    world = stopped_for_good()

    world.when(import_recipients(R2, R2, "r9"))

    assert list(world.statuses()) == [R1, R2, R3, "r9"]


@pytest.mark.rule("S4")
def test_another_campaign_is_free_to_take_a_stopped_recipient() -> None:
    world = stopped_for_good().given(create(ANN, to=(R1,), campaign=SUMMER), start(SUMMER))

    world.when(hear_from(ANN, R1, campaign=SUMMER))

    assert world.recipient(R1, SUMMER).status is ACTIVE


# S5: who is spared.


@pytest.mark.rule("S5")
def test_terminal_recipients_keep_their_status_and_are_counted_by_it() -> None:
    everyone = ["bounced", "done", "gone", "lost", "replied", "stays"]
    world = office().given(import_recipients(*everyone), hear_from(ANN, *everyone))
    world.given(
        signal(BOUNCED, "bounced"),
        signal(FINISHED, "done"),
        signal(UNSUBSCRIBED, "gone"),
        signal(REPLIED, "replied"),
        reserve(ANN, "lost", "again"),
        refused("lost", "again", RefusalFault.OTHER),
    )

    world.given(disconnect(ANN)).tick(NOON + HOUR)

    assert world.clock(ANN).skipped == {
        "bounced": 1,
        "finished": 1,
        "unsubscribed": 1,
        "replied": 1,
        "failed": 1,
    }
    assert world.clock(ANN).stopped == 1
    assert world.recipient("replied").status is REPLIED
    assert world.recipient("stays").status is STOPPED


@pytest.mark.rule("S5")
def test_several_of_the_same_status_are_counted_together() -> None:
    world = office().given(hear_from(ANN, R1, R2, R3), signal(REPLIED, R1, R2), fail(ANN))

    world.tick(NOON + NINE_DAYS)

    assert world.clock(ANN).skipped == {"replied": 2}
    assert world.clock(ANN).stopped == 1


@pytest.mark.rule("S5")
def test_who_never_received_from_the_account_is_not_counted() -> None:
    world = office().given(hear_from(BOB, R1), reserve(ANN, R2), assign(R3, ANN))
    world.given(refused(R2, fault=RefusalFault.RECIPIENT), signal(REPLIED, R1))
    world.given(signal(UNSUBSCRIBED, R3))

    world.given(disconnect(ANN)).tick(NOON + HOUR)

    assert world.clock(ANN).skipped == {}


@pytest.mark.rule("S5")
def test_earlier_stops_are_not_counted() -> None:
    world = stopped_for_good().given(hear_from(ANN, R2), signal(REPLIED, R2), disconnect(ANN))

    world.tick(NOON + 4 * HOUR)

    _, later = world.clocks(ANN)
    assert later.outcome is EXPIRED
    assert later.skipped == {"replied": 1}
    assert later.stopped == 0


# S6 and S7: one outcome, and lateness changes nothing.


@pytest.mark.rule("S6")
def test_a_clock_that_was_cured_cannot_run_out_and_one_that_ran_out_cannot_be_cured() -> None:
    cured = office().given(hear_from(ANN, R1), fail(ANN), one_click(ANN)).tick(NOON + 20 * DAY)
    ran_out = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + NINE_DAYS)
    ran_out.given(one_click(ANN), add_sender(ANN))

    assert cured.clock(ANN).outcome is CURED
    assert ran_out.clock(ANN).outcome is EXPIRED
    assert len(ran_out.facts(GracePeriodExpired, GracePeriodCured, GracePeriodSuperseded)) == 1


@pytest.mark.rule("S6", "M6")
def test_a_lost_send_through_an_account_whose_clock_ran_out_starts_no_second_one() -> None:
    world = mailing().given(fail(ANN)).tick(NOON + NINE_DAYS)
    lost = RecordLostSend(
        campaign_id=SPRING,
        recipient_id=R1,
        account_id=ANN,
        step=INTRO,
        result=SearchResult.INCONCLUSIVE,
    )

    world.given(lost).tick(NOON + 30 * DAY)

    check_log(world.store)
    assert world.facts(EmailOutcomeUnknown)
    assert len(world.facts(GracePeriodStarted)) == len(world.facts(GracePeriodExpired)) == 1


@pytest.mark.rule("S7", "F2")
def test_a_late_engine_records_the_due_time_and_the_time_of_recording() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).tick(NOON + 30 * DAY)

    for kind in (GracePeriodExpired, RecipientStopped):
        fact = world.recorded(kind)
        assert fact.event.occurred_at == NOON + HOUR
        assert fact.envelope.recorded_at == NOON + 30 * DAY


@pytest.mark.rule("S7")
def test_what_is_due_is_settled_before_anything_is_decided() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))

    world.at(NOON + HOUR + MICROSECOND).refuses(reserve(ANN, R1), because="recipient_stopped")


@pytest.mark.rule("S7")
def test_what_arrived_in_time_wins_however_late_the_engine() -> None:
    world = office().given(hear_from(ANN, R1, R2), disconnect(ANN))
    world.at(NOON + HOUR).given(signal(REPLIED, R1))

    world.at(NOON + HOUR + MICROSECOND).given(signal(REPLIED, R2)).tick(NOON + DAY)

    assert world.statuses() == {R1: REPLIED, R2: STOPPED, R3: PENDING}


@pytest.mark.rule("S7")
def test_several_due_times_are_settled_in_their_order() -> None:
    world = office().given(fail(ANN)).at(NOON + 8 * DAY + 23 * HOUR + MINUTE).given(disconnect(BOB))

    world.tick(NOON + 30 * DAY)

    expired = [fact.occurred_at for fact in world.facts(GracePeriodExpired)]
    assert expired == [NOON + NINE_DAYS, NOON + NINE_DAYS + MINUTE]


@pytest.mark.rule("S7")
def test_a_second_worker_finds_nothing_left_to_do() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).tick(NOON + HOUR)
    before = world.log

    world.tick().tick(NOON + 2 * HOUR)

    assert world.log == before


@pytest.mark.rule("S7", "N1", "M5")
def test_what_is_over_has_no_timer_left() -> None:
    about: dict[str, Any] = {"campaign_id": SPRING, "occurred_at": NOON}
    clock = {**about, "account_id": ANN, "incident_id": incident(ANN), "kind": FAILURE}
    reminder = NoticeIssued(
        account_id=ANN,
        incident_id=incident(ANN),
        incident_kind=FAILURE,
        kind=NoticeKind.FAILURE,
        number=2,
        at_stake=0,
        campaigns=(),
        deadline_at=NOON + NINE_DAYS,
        due_at=NOON + 3 * DAY,
        occurred_at=NOON + 4 * DAY,
    )
    of_clock = ("clock", SPRING, ANN, incident(ANN))
    due = "2026-03-05T12:00:00+00:00"

    assert dict(timers(clock_started(ANN, FAILURE))) == {of_clock: NOON + NINE_DAYS}
    assert dict(timers(GracePeriodCured(**clock))) == {of_clock: None}
    superseded = GracePeriodSuperseded(**clock, superseded_by=incident(ANN, 2))
    assert dict(timers(superseded)) == {of_clock: None}
    assert dict(timers(HoldEnded(**about, recipient_id=R1))) == {("hold", SPRING, R1): None}
    assert dict(timers(reminder)) == {("reminder", ANN, incident(ANN), "failure", due): None}


@pytest.mark.rule("S7")
def test_a_timer_of_no_known_kind_is_a_defect_and_not_passed_over() -> None:
    nowhere = cast("Workspace", None)

    with pytest.raises(ValueError, match=r"no such timer: \('egg', 'ann@acme.test'\)"):
        fall_due(nowhere, Timer(NOON, ("egg", ANN)), NOON)


TROUBLE: list[Move] = [
    fail(ANN),
    fail(BOB),
    pass_check(ANN),
    one_click(BOB),
    disconnect(ANN),
    disconnect(BOB),
    connect(ANN),
    connect(BOB),
    add_sender(ANN),
    add_sender(BOB),
    remove_sender(ANN, confirmed=1),
    resume(),
    resume(without=[ANN, BOB]),
    pause(),
    reserve(ANN, R3),
    accepted(R3),
    refused(R3),
    signal(REPLIED, R1),
    request_check(ANN, "check-1"),
    user_check(ANN, check_id="check-1"),
    user_check(ANN, REVOKED, check_id="check-1"),
]
"""What may befall the campaign; much of it is refused, depending on what came before."""

HISTORIES = st.lists(
    st.tuples(
        st.sampled_from([timedelta(0), 30 * SECOND, 20 * MINUTE, HOUR, HOUR, 4 * DAY, NINE_DAYS]),
        st.sampled_from(TROUBLE),
    ),
    max_size=12,
)


CONTACTED = [*hear_from(ANN, R1), *hear_from(BOB, R2)]


def told(history: Sequence[tuple[timedelta, Move]], *, punctually: bool) -> World:
    world = office().given(CONTACTED)
    now = NOON
    for passed, move in (*history, (20 * DAY, pause())):
        end = now + passed
        while punctually and (due := world.store.next_due()) is not None and due < end:
            world.tick(due)
        now = end
        for command in [move] if isinstance(move, Command) else move:
            world.at(now).tell(command)
    return world


@pytest.mark.rule("S7")
@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_a_late_engine_comes_to_the_same_facts_as_a_punctual_one(
    history: list[tuple[timedelta, Move]],
) -> None:
    punctual, late = (told(history, punctually=punctually) for punctually in (True, False))

    assert facts_of(late) == facts_of(punctual)


def facts_of(world: World) -> list[Event]:
    """Notices are left out: of reminders that were missed only the latest is sent (N1)."""
    return [fact for fact in world.facts(Event) if not isinstance(fact, NoticeIssued)]


@pytest.mark.rule("S6")
@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_every_clock_has_at_most_one_outcome_and_every_stop_its_expiry(
    history: list[tuple[timedelta, Move]],
) -> None:
    world = told(history, punctually=False)
    clocks = [_clock(fact) for fact in world.facts(GracePeriodStarted)]
    ended = [
        _clock(fact)
        for fact in world.facts(GracePeriodCured, GracePeriodExpired, GracePeriodSuperseded)
    ]
    expired = [_clock(fact) for fact in world.facts(GracePeriodExpired)]
    stops = [_clock(fact) for fact in world.facts(RecipientStopped)]

    assert len(clocks) == len(set(clocks))
    assert len(ended) == len(set(ended))
    assert set(ended) <= set(clocks)
    assert set(stops) <= set(expired)


def _clock(fact: Event) -> tuple[str, str, str]:
    assert isinstance(
        fact,
        GracePeriodStarted
        | GracePeriodCured
        | GracePeriodExpired
        | GracePeriodSuperseded
        | RecipientStopped,
    )
    return fact.campaign_id, fact.account_id, fact.incident_id


# S9 and S10.


@pytest.mark.rule("S9")
def test_two_accounts_in_trouble_have_independent_clocks() -> None:
    world = office().given(hear_from(ANN, R1), hear_from(BOB, R2), fail(ANN))
    world.at(NOON + DAY).given(fail(BOB))

    world.at(NOON + NINE_DAYS).given(one_click(ANN)).tick(NOON + DAY + NINE_DAYS)

    assert (world.clock(ANN).outcome, world.clock(BOB).outcome) == (CURED, EXPIRED)
    assert world.clock(BOB).ended_at == NOON + DAY + NINE_DAYS
    assert world.statuses() == {R1: ACTIVE, R2: STOPPED, R3: PENDING}


@pytest.mark.rule("S10")
def test_removing_a_connected_account_starts_no_clock_and_holds_its_recipients() -> None:
    world = office().given(hear_from(ANN, R1), assign(R2, ANN))

    world.when(remove_sender(ANN, confirmed=1)).tick(NOON + 30 * DAY)

    assert world.clocks(ANN) == []
    assert world.recipient(R1).status is HELD
    assert world.recipient(R2).sender is None
    assert world.recipient(R2).status is PENDING


@pytest.mark.rule("S10")
def test_its_recipients_go_on_once_it_is_readded() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1))

    world.when(add_sender(ANN), hear_from(ANN, R1))

    assert world.recipient(R1).status is ACTIVE
    assert world.recipient(R1).sender == ANN


@pytest.mark.rule("S10")
def test_removing_the_account_stops_no_clock_that_runs() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).when(remove_sender(ANN, confirmed=1))

    assert world.clock(ANN).outcome is RUNNING
    world.tick(NOON + NINE_DAYS)
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("S10")
@pytest.mark.parametrize("confirmed", [None, 0, 1, 3])
def test_the_removal_must_be_confirmed_with_the_number_it_holds(confirmed: int | None) -> None:
    two_at_stake = spring.given(rotation(ANN, BOB), heard_from(ANN, R1, R2))

    two_at_stake.when(remove_sender(ANN, confirmed)).refused(NotConfirmed)


@pytest.mark.rule("S10")
def test_confirmed_with_the_right_number_the_account_leaves() -> None:
    spring.given(rotation(ANN, BOB), heard_from(ANN, R1, R2)).when(remove_sender(ANN, 2)).then(
        SenderRemoved(campaign_id=SPRING, account_id=ANN, held=2, occurred_at=NOON)
    )


@pytest.mark.rule("S10")
def test_an_account_that_holds_nobody_may_leave_and_return_without_a_number() -> None:
    spring.given(rotation(ANN, BOB), heard_from(BOB, R1)).when(add_sender(CLEO)).then(
        SenderAdded(campaign_id=SPRING, account_id=CLEO, occurred_at=NOON)
    )
    spring.given(rotation(ANN, BOB), heard_from(BOB, R1)).when(remove_sender(ANN)).then(
        SenderRemoved(campaign_id=SPRING, account_id=ANN, held=0, occurred_at=NOON)
    )
