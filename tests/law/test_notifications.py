"""Notifications: who is told, when, and how often (N1-N3)."""

from datetime import datetime, timedelta

import pytest

from aggregates.command import DEFAULT_POLICY, ClockReading, Policy
from aggregates.email_account.commands import IssueNotice, RecordNoticeAttempt
from events.email_account import (
    AccountDisconnected,
    ConnectionFailed,
    NoticeAttempted,
    NoticeIssued,
)
from events.vocabulary import ClockOutcome, FailureClass, IncidentKind, NoticeKind, Stake
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOLD_SENDER,
    HOUR,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    REPLIED,
    SECOND,
    SLOTS,
    SOLO,
    SPRING,
    SUMMER,
    Move,
    World,
    accepted,
    add_sender,
    ann,
    attempt_notice,
    connect,
    connected,
    create,
    create_single,
    disconnect,
    fail,
    failed,
    hear_from,
    incident,
    office,
    one_click,
    pass_check,
    remove_sender,
    request_check,
    reserve,
    signal,
    start,
    user_check,
)

FAILURE, DISCONNECT = NoticeKind.FAILURE, NoticeKind.DISCONNECT
ENDED, CURED = NoticeKind.ENDED, NoticeKind.CURED
AT_ONCE = timedelta(0)


def issued(world: World) -> list[NoticeIssued]:
    return [fact for fact in world.facts(NoticeIssued) if isinstance(fact, NoticeIssued)]


def days_pass(world: World, until: timedelta, step: timedelta = HOUR) -> World:
    """A worker takes its turn every hour."""
    moment = world.time.time
    while moment < NOON + until:
        moment += step
        world.tick(moment)
    return world


@pytest.mark.rule("N1")
@pytest.mark.parametrize("policy", [DEFAULT_POLICY, HOLD_SENDER])
def test_a_failure_is_told_at_once_and_after_3_7_and_8_days_and_when_it_ended(
    policy: Policy,
) -> None:
    world = days_pass(office(policy).given(hear_from(ANN, R1), fail(ANN)), 12 * DAY)

    assert world.notices() == [
        (FAILURE, AT_ONCE),
        (FAILURE, 3 * DAY),
        (FAILURE, 7 * DAY),
        (FAILURE, 8 * DAY),
        (ENDED, NINE_DAYS),
    ]
    assert [notice.number for notice in issued(world)] == [1, 2, 3, 4, 5]


@pytest.mark.rule("N1")
def test_a_reminder_is_never_early() -> None:
    world = office().given(fail(ANN)).tick(NOON + 3 * DAY - MICROSECOND)
    assert world.notices() == [(FAILURE, AT_ONCE)]

    world.tick(NOON + 3 * DAY)

    assert world.notices()[1:] == [(FAILURE, 3 * DAY)]


@pytest.mark.rule("N1")
@pytest.mark.parametrize("campaigns", [[], [create_single("s1"), start(SOLO)]])
def test_a_failure_is_told_whatever_campaigns_use_the_account(campaigns: Move) -> None:
    world = World().given(connect(ANN), campaigns, fail(ANN))

    days_pass(world, 12 * DAY, step=DAY)

    assert [kind for kind, _ in world.notices()] == [FAILURE] * 4
    assert [notice.at_stake for notice in issued(world)] == [0] * 4


@pytest.mark.rule("N1")
def test_a_disconnect_is_told_at_once_after_45_minutes_and_when_it_ended() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN))

    days_pass(world, 2 * HOUR, step=MINUTE)

    assert world.notices() == [(DISCONNECT, AT_ONCE), (DISCONNECT, 45 * MINUTE), (ENDED, HOUR)]


@pytest.mark.rule("N1")
def test_no_reminder_of_a_disconnect_where_no_clock_runs() -> None:
    world = World().given(connect(ANN), disconnect(ANN))

    days_pass(world, 2 * HOUR, step=MINUTE)

    assert world.notices() == [(DISCONNECT, AT_ONCE)]


@pytest.mark.rule("N1")
def test_one_notice_covers_all_campaigns_of_the_incident() -> None:
    world = office().given(create(ANN, campaign=SUMMER), start(SUMMER))
    world.given(hear_from(ANN, R1, R2), hear_from(ANN, R1, campaign=SUMMER))

    world.when(fail(ANN)).tick(NOON + NINE_DAYS)

    first, ended = issued(world)[0], issued(world)[-1]
    for notice in (first, ended):
        assert notice.campaigns == (
            Stake(campaign_id=SPRING, recipients=2),
            Stake(campaign_id=SUMMER, recipients=1),
        )
        assert notice.at_stake == 3
        assert notice.deadline_at == NOON + NINE_DAYS
    assert len(issued(world)) == 2


@pytest.mark.rule("N1")
def test_a_reminder_tells_the_number_that_is_at_stake_by_then() -> None:
    world = office().given(hear_from(ANN, R1, R2), fail(ANN), signal(REPLIED, R1))

    world.tick(NOON + 3 * DAY)

    assert [notice.at_stake for notice in issued(world)] == [2, 1]


@pytest.mark.rule("N1")
@pytest.mark.parametrize("cured_at", [NOON, NOON + HOUR])
def test_the_end_tells_only_of_the_campaigns_whose_clock_ran_out(cured_at: datetime) -> None:
    world = office().given(create(ANN, campaign=SUMMER), start(SUMMER))
    world.given(hear_from(ANN, R1), hear_from(ANN, R2, campaign=SUMMER), disconnect(ANN))

    world.given(connect(ANN)).at(cured_at).given(add_sender(ANN)).tick(NOON + HOUR)

    ended = issued(world)[-1]
    assert ended.kind is ENDED
    assert ended.campaigns == (Stake(campaign_id=SUMMER, recipients=1),)


@pytest.mark.rule("N1")
@pytest.mark.parametrize(
    ("clock", "reminders"),
    [(4 * DAY, [3 * DAY]), (3 * DAY, []), (3 * DAY + MICROSECOND, [3 * DAY])],
)
def test_a_reminder_due_at_or_after_the_deadline_is_not_sent(
    clock: timedelta, reminders: list[timedelta]
) -> None:
    policy = Policy(resolution_window=clock)
    world = days_pass(office(policy).given(fail(ANN)), 10 * DAY)

    assert [at for kind, at in world.notices() if kind is FAILURE] == [AT_ONCE, *reminders]


@pytest.mark.rule("N1")
@pytest.mark.parametrize(
    ("clock", "reminders"),
    [
        (timedelta(0), ()),
        (45 * MINUTE - MICROSECOND, ()),
        (45 * MINUTE, ()),
        (45 * MINUTE + MICROSECOND, (45 * MINUTE,)),
    ],
)
def test_no_reminder_is_planned_at_or_after_the_deadline(
    clock: timedelta, reminders: tuple[timedelta, ...]
) -> None:
    policy = Policy(grace_period=clock, resolution_window=clock, failure_reminders=(45 * MINUTE,))
    world = office(policy).given(disconnect(ANN), fail(BOB))

    for fact in world.facts(AccountDisconnected, ConnectionFailed):
        assert isinstance(fact, AccountDisconnected | ConnectionFailed)
        assert fact.remind_at == tuple(NOON + after for after in reminders)


@pytest.mark.rule("N1")
def test_of_the_reminders_missed_in_a_downtime_only_the_latest_is_sent() -> None:
    world = office().given(fail(ANN)).tick(NOON + 7 * DAY + HOUR)

    assert world.notices() == [(FAILURE, AT_ONCE), (FAILURE, 7 * DAY + HOUR)]
    assert issued(world)[-1].due_at == NOON + 7 * DAY
    days_pass(world, 8 * DAY + HOUR)
    assert world.notices()[2:] == [(FAILURE, 8 * DAY)]


@pytest.mark.rule("N1")
def test_a_downtime_over_the_deadline_leaves_only_the_end_to_be_told() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + 10 * DAY)

    assert [kind for kind, _ in world.notices()] == [FAILURE, ENDED]


@pytest.mark.rule("N1")
def test_a_command_of_a_user_sends_no_reminder_in_the_place_of_a_worker() -> None:
    world = office().given(fail(ANN)).at(NOON + 4 * DAY)

    world.given(remove_sender(BOB))

    assert world.notices() == [(FAILURE, AT_ONCE)]


@pytest.mark.rule("N1")
def test_a_further_failure_is_told_no_further() -> None:
    world = office().given(fail(ANN)).at(NOON + HOUR).when(fail(ANN))

    assert world.notices() == [(FAILURE, AT_ONCE)]


@pytest.mark.rule("N1", "T2")
def test_a_superseded_incident_sends_no_further_reminders() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + DAY).given(disconnect(ANN))

    days_pass(world, 10 * DAY, step=15 * MINUTE)

    assert world.notices() == [
        (FAILURE, AT_ONCE),
        (DISCONNECT, DAY),
        (DISCONNECT, DAY + 45 * MINUTE),
        (ENDED, DAY + HOUR),
    ]


@pytest.mark.rule("N1")
def test_a_clock_that_a_send_in_flight_started_late_is_told_when_it_ended() -> None:
    world = office().given(reserve(ANN, R1), remove_sender(ANN), fail(ANN))

    world.at(NOON + 2 * DAY).given(accepted(R1)).tick(NOON + NINE_DAYS)

    ended = issued(world)[-1]
    assert (ended.kind, ended.at_stake) == (ENDED, 1)


@pytest.mark.rule("N2")
def test_each_attempt_is_an_event_with_its_outcome_tied_to_the_incident() -> None:
    world = office().given(fail(ANN))

    world.when(
        attempt_notice(ANN, incident(ANN), delivered=False),
        attempt_notice(ANN, incident(ANN), delivered=True),
    )

    attempts = [
        (fact.incident_id, fact.number, fact.delivered)
        for fact in world.facts(NoticeAttempted)
        if isinstance(fact, NoticeAttempted)
    ]
    assert attempts == [(incident(ANN), 1, False), (incident(ANN), 1, True)]
    (notice,) = world.answers.notices()
    assert (notice.attempts, notice.delivered) == (2, True)


@pytest.mark.rule("N2")
def test_an_attempt_says_through_what_it_went_which_is_not_the_failing_mailbox() -> None:
    world = office().given(fail(ANN)).when(attempt_notice(ANN, incident(ANN), delivered=True))

    attempt = world.recorded(NoticeAttempted).event
    assert isinstance(attempt, NoticeAttempted)
    assert attempt.channel != ANN


def attempt(number: int, about: str) -> RecordNoticeAttempt:
    return RecordNoticeAttempt(
        account_id=ANN, incident_id=about, number=number, channel="maildir", delivered=True
    )


@pytest.mark.rule("N2")
@pytest.mark.parametrize(
    ("number", "about"),
    [
        (0, incident(ANN)),
        (2, incident(ANN)),
        (1, incident(ANN, 0)),
        (1, incident(ANN, 2)),
        (1, incident(BOB)),
        (1, "nonsense"),
        (1, ANN),
    ],
)
def test_only_of_notices_there_are_an_attempt_is_recorded(number: int, about: str) -> None:
    world = office().given(fail(ANN), fail(BOB))

    told = world.refuses(attempt(number, about), because="unknown_notice")

    assert told == f"No notice {number} was issued about incident {about}. Name one that was."
    assert world.facts(NoticeAttempted) == []


@pytest.mark.rule("N2")
def test_the_last_notice_of_an_incident_that_is_over_is_attempted_too() -> None:
    world = office().given(fail(ANN), one_click(ANN))

    world.when(attempt(2, incident(ANN)))

    world.refuses(attempt(3, incident(ANN)), because="unknown_notice")


@pytest.mark.rule("N2")
@pytest.mark.parametrize("account", [ANN, "o#hara@acme.test"])
def test_an_attempt_is_recorded_though_newer_incidents_followed(account: str) -> None:
    world = World().given(connect(account, slot="s1"))
    world.given(*[fail(account), one_click(account)] * 2, fail(account))

    world.when(*(attempt_notice(account, incident(account, n), delivered=True) for n in (1, 2, 3)))

    unheard_of = attempt_notice(account, incident(account, 4), delivered=True)
    world.refuses(unheard_of, because="unknown_notice")
    world.refuses(attempt(0, incident(account)), because="unknown_notice")
    assert len(world.facts(NoticeAttempted)) == 3


@pytest.mark.rule("N3")
def test_a_cured_failure_sends_no_further_reminders_and_one_all_is_well() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + DAY).given(one_click(ANN))

    days_pass(world, 12 * DAY, step=DAY)

    assert world.notices() == [(FAILURE, AT_ONCE), (CURED, DAY)]
    assert issued(world)[-1].at_stake == 0


@pytest.mark.rule("N3")
def test_a_disconnect_is_all_well_when_its_last_clock_is_cured() -> None:
    world = office().given(create(ANN, campaign=SUMMER)).given(disconnect(ANN), connect(ANN))
    world.at(NOON + MINUTE).when(add_sender(ANN))
    assert world.notices() == [(DISCONNECT, AT_ONCE)]

    world.at(NOON + 2 * MINUTE).when(add_sender(ANN, SUMMER))
    days_pass(world, 2 * HOUR, step=MINUTE)

    assert world.notices() == [(DISCONNECT, AT_ONCE), (CURED, 2 * MINUTE)]


@pytest.mark.rule("N3")
def test_nothing_is_all_well_if_one_of_its_clocks_ran_out() -> None:
    world = office().given(create(ANN, campaign=SUMMER), hear_from(ANN, R1))
    world.given(disconnect(ANN), connect(ANN), add_sender(ANN, SUMMER))

    world.tick(NOON + HOUR).given(add_sender(ANN))

    assert [kind for kind, _ in world.notices()].count(CURED) == 0


@pytest.mark.rule("N3")
def test_nothing_is_all_well_after_the_nine_days_ran_out() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + NINE_DAYS)

    world.at(NOON + 10 * DAY).when(one_click(ANN))

    assert [kind for kind, _ in world.notices()] == [FAILURE, ENDED]


@pytest.mark.rule("N3")
def test_an_incident_that_had_no_clock_ends_without_a_word() -> None:
    world = World().given(connect(CLEO), disconnect(CLEO), connect(CLEO))

    assert world.notices() == [(DISCONNECT, AT_ONCE)]


WAITING = [connect(ANN), create_single(SLOTS[ANN]), start(SOLO), fail(ANN)]
"""A failure without clocks: only a single-sender campaign uses the account."""


@pytest.mark.rule("N3")
@pytest.mark.parametrize("cured_at", [DAY, NINE_DAYS, 20 * DAY])
def test_a_failure_without_clocks_is_all_well_whenever_it_is_cured(cured_at: timedelta) -> None:
    world = days_pass(World().given(WAITING), cured_at, step=DAY)
    before = world.notices()

    world.when(one_click(ANN))

    days_pass(world, 40 * DAY, step=DAY)
    assert world.notices() == [*before, (CURED, cured_at)]
    assert issued(world)[-1].campaigns == ()


@pytest.mark.rule("N3")
def test_each_incident_without_clocks_has_an_all_well_of_its_own() -> None:
    world = World().given(WAITING, one_click(ANN), fail(ANN), one_click(ANN), one_click(ANN))

    told = [(notice.incident_id, notice.kind) for notice in issued(world)]

    assert told == [
        (incident(ANN), FAILURE),
        (incident(ANN), CURED),
        (incident(ANN, 2), FAILURE),
        (incident(ANN, 2), CURED),
    ]


@pytest.mark.rule("N1", "N3")
def test_a_reminder_missed_in_a_downtime_is_not_sent_after_the_cure() -> None:
    world = World().given(WAITING).at(NOON + 3 * DAY + HOUR).when(one_click(ANN))

    world.tick(NOON + 4 * DAY).tick(NOON + 10 * DAY)

    assert world.notices() == [(FAILURE, AT_ONCE), (CURED, 3 * DAY + HOUR)]


@pytest.mark.rule("N3", "C6")
def test_a_cure_that_counts_as_of_its_request_is_told_as_of_then() -> None:
    world = World().given(WAITING).at(NOON + DAY).given(request_check(ANN, "c"))

    world.at(NOON + DAY + 30 * SECOND).when(user_check(ANN, check_id="c"))

    assert world.notices() == [(FAILURE, AT_ONCE), (CURED, DAY)]
    assert issued(world)[-1].due_at == NOON + DAY


@pytest.mark.rule("N3", "T2")
def test_a_failure_without_clocks_that_a_disconnect_supersedes_is_not_all_well() -> None:
    world = World().given(WAITING, disconnect(ANN), connect(ANN, SLOTS[ANN]))

    assert [kind for kind, _ in world.notices()] == [FAILURE, DISCONNECT]


@pytest.mark.rule("N3", "C6")
@pytest.mark.parametrize(
    ("result", "last"), [(None, (CURED, NINE_DAYS)), (FailureClass.THROTTLED, (ENDED, NINE_DAYS))]
)
def test_while_a_clock_still_waits_for_its_check_nothing_is_all_well(
    result: FailureClass | None, last: tuple[NoticeKind, timedelta]
) -> None:
    """A later check restores the account, too late for the clock, which waits for its own."""
    world = office().given(hear_from(ANN, R1), fail(ANN))
    world.at(NOON + NINE_DAYS).given(request_check(ANN, "c"))

    world.at(NOON + NINE_DAYS + 10 * SECOND).given(pass_check(ANN))
    assert [kind for kind, _ in world.notices()] == [FAILURE]

    world.at(NOON + NINE_DAYS + 20 * SECOND).given(user_check(ANN, result, check_id="c"))
    world.tick(NOON + 10 * DAY)
    assert (world.notices()[1]) == last


# What an account decides of notices by itself, whatever it is asked.


def tell(kind: NoticeKind, *outcomes: ClockOutcome, due_at: datetime = NOON) -> IssueNotice:
    clocks = tuple(
        ClockReading(
            campaign_id=f"campaign-{number}",
            outcome=outcome,
            ended_at=None if outcome is ClockOutcome.RUNNING else NOON,
            at_stake=5,
            stopped=3,
        )
        for number, outcome in enumerate(outcomes)
    )
    return IssueNotice(
        account_id=ANN, incident_id=incident(ANN), kind=kind, due_at=due_at, clocks=clocks
    )


def was_told(kind: NoticeKind, number: int = 1, due_at: datetime = NOON) -> NoticeIssued:
    return NoticeIssued(
        account_id=ANN,
        incident_id=incident(ANN),
        incident_kind=IncidentKind.FAILURE,
        kind=kind,
        number=number,
        at_stake=0,
        campaigns=(),
        deadline_at=NOON + NINE_DAYS,
        due_at=due_at,
        occurred_at=due_at,
    )


ILL = [connected(ANN), failed(ANN)]


@pytest.mark.rule("N1")
def test_nothing_due_by_the_last_notice_is_told_again() -> None:
    told = ann.given(ILL, was_told(FAILURE, due_at=NOON + 3 * DAY))
    asks = [NOON, NOON + 3 * DAY, NOON + 3 * DAY + MICROSECOND]

    notices = [told.when(tell(FAILURE, due_at=due_at)).facts() for due_at in asks]

    assert [len(each) for each in notices] == [0, 0, 1]


@pytest.mark.rule("N1")
@pytest.mark.parametrize("last", [ENDED, CURED])
def test_after_the_last_word_of_an_incident_no_reminder_follows(last: NoticeKind) -> None:
    over = ann.given(ILL, was_told(FAILURE), was_told(last, number=2))

    over.when(tell(FAILURE, due_at=NOON + 3 * DAY)).then_nothing()


@pytest.mark.rule("N3")
@pytest.mark.parametrize(
    ("earlier", "outcomes", "count"),
    [
        ([], [ClockOutcome.CURED], 1),
        ([], [ClockOutcome.CURED, ClockOutcome.SUPERSEDED], 1),
        ([], [], 1),
        ([], [ClockOutcome.CURED, ClockOutcome.RUNNING], 0),
        ([], [ClockOutcome.CURED, ClockOutcome.EXPIRED], 0),
        ([was_told(ENDED, number=2)], [ClockOutcome.CURED], 0),
        ([was_told(ENDED, number=2), was_told(ENDED, number=3)], [ClockOutcome.CURED], 0),
        ([was_told(CURED, number=2)], [ClockOutcome.CURED], 0),
        ([was_told(CURED, number=2)], [], 0),
    ],
)
def test_all_is_well_only_if_no_clock_runs_or_ever_ran_out(
    earlier: list[NoticeIssued], outcomes: list[ClockOutcome], count: int
) -> None:
    decision = ann.given(ILL, was_told(FAILURE), earlier).when(tell(CURED, *outcomes))

    assert len(decision.facts()) == count


@pytest.mark.rule("N1")
def test_a_reminder_counts_running_clocks_only() -> None:
    asked = tell(FAILURE, ClockOutcome.CURED, ClockOutcome.RUNNING, ClockOutcome.SUPERSEDED)

    (notice,) = ann.given(ILL).when(asked).facts()

    assert isinstance(notice, NoticeIssued)
    assert notice.campaigns == (Stake(campaign_id="campaign-1", recipients=5),)
