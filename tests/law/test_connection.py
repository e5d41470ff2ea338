"""Connection: what a check is, when it opens an incident, and what cures one (C1-C6)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from aggregates.command import Command
from aggregates.email_account.commands import RecordCheck
from aggregates.rejections import IdentityMismatch
from engine.simulated import simulated_report
from events.email_account import (
    AccountDisconnected,
    CheckFailed,
    CheckPassed,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    EmailAccountEvent,
    NoticeIssued,
    OneClickReconnected,
    OneClickRejected,
)
from events.vocabulary import (
    Asker,
    CampaignStatus,
    CheckReport,
    ConnectionStatus,
    FailureClass,
    NoticeKind,
    OnAccountTrouble,
    Settings,
    Stage,
)
from tests.law.story import (
    ANN,
    BOB,
    CURED,
    DAY,
    EXPIRED,
    HOUR,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    REVOKED,
    RUNNING,
    SECOND,
    STOPPED,
    UNREACHABLE,
    WELL,
    Move,
    World,
    add_sender,
    ann,
    connect,
    connected,
    create,
    disconnect,
    fail,
    hear_from,
    incident,
    office,
    one_click,
    pass_check,
    request_check,
    resume,
    start,
    user_check,
)

Ask = Callable[..., Command]

PERMANENT = [
    FailureClass.AUTH_BAD_CREDENTIALS,
    FailureClass.AUTH_REVOKED,
    FailureClass.AUTH_INSUFFICIENT_SCOPE,
    FailureClass.AUTH_USER_ACTION,
    FailureClass.AUTH_ADMIN_POLICY,
]
TRANSIENT = [
    FailureClass.TRANSIENT_SERVER,
    FailureClass.UNREACHABLE,
    FailureClass.TLS_UNTRUSTED,
    FailureClass.UNKNOWN,
]
NEVER = [FailureClass.THROTTLED, FailureClass.PROVIDER_APP_FAULT]
MISSES = (NOON + MINUTE, NOON + 8 * MINUTE, NOON + 16 * MINUTE)
"""Three checks, the last exactly 15 minutes after the first."""


def check_failed(found: FailureClass, misses: int, asked_by: Asker) -> CheckFailed:
    return CheckFailed(
        account_id=ANN,
        asked_by=asked_by,
        report=simulated_report(found),
        misses=misses,
        occurred_at=NOON,
    )


@pytest.mark.rule("C1")
def test_a_check_goes_through_every_stage_in_order() -> None:
    assert WELL.passed == (
        Stage.NAME,
        Stage.TCP,
        Stage.TLS,
        Stage.LOGIN,
        Stage.IMAP,
        Stage.SMTP,
    )
    assert WELL.failed_at is None
    assert WELL.successful


@pytest.mark.rule("C1")
@pytest.mark.parametrize("found", list(FailureClass))
def test_a_failed_check_says_where_it_stopped_and_passed_nothing_after(found: FailureClass) -> None:
    report = simulated_report(found)

    assert not report.successful
    assert report.failed_at is not None
    stages = tuple(Stage)
    assert report.passed == stages[: stages.index(report.failed_at)]


@pytest.mark.rule("C1")
@pytest.mark.parametrize("missing", list(Stage))
def test_a_check_that_left_a_stage_out_is_no_successful_check(missing: Stage) -> None:
    passed = tuple(stage for stage in Stage if stage is not missing)

    assert not CheckReport(passed=passed, classifier="simulated/1").successful


@pytest.mark.rule("C1")
def test_stages_class_classifier_and_digest_are_kept_in_the_event() -> None:
    report = CheckReport(
        passed=(Stage.NAME, Stage.TCP, Stage.TLS),
        failed_at=Stage.LOGIN,
        failure_class=REVOKED,
        classifier="imap/3",
        evidence_digest="ab" * 32,
    )
    world = office().when(RecordCheck(account_id=ANN, asked_by=Asker.USER, report=report))

    kept = world.recorded(CheckFailed).event
    assert isinstance(kept, CheckFailed)
    assert kept.report == report


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", PERMANENT + TRANSIENT)
def test_a_failed_test_that_the_user_asked_for_fails_the_account_at_once(
    found: FailureClass,
) -> None:
    world = office().when(user_check(ANN, found))

    assert world.account(ANN).status is ConnectionStatus.FAILED
    assert world.account(ANN).since == NOON


@pytest.mark.rule("C2")
@pytest.mark.parametrize("found", PERMANENT + TRANSIENT)
def test_the_reason_is_one_sentence(found: FailureClass) -> None:
    reason = office().when(user_check(ANN, found)).account(ANN).reason

    assert reason is not None
    assert reason.count(".") == 1
    assert reason.endswith(".")
    assert found.value not in reason


@pytest.mark.rule("C3")
def test_what_is_not_recognised_is_never_called_a_wrong_password() -> None:
    reason = office().when(user_check(ANN, FailureClass.UNKNOWN)).account(ANN).reason

    assert reason is not None
    assert "password" not in reason


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", PERMANENT)
def test_a_background_check_fails_the_account_at_once_for_a_permanent_class(
    found: FailureClass,
) -> None:
    world = office().when(fail(ANN, found))

    assert world.account(ANN).status is ConnectionStatus.FAILED


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", TRANSIENT)
def test_a_transient_class_fails_the_account_with_the_third_miss(found: FailureClass) -> None:
    first, second, third = MISSES
    world = office().at(first).when(fail(ANN, found)).at(second).when(fail(ANN, found))
    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL

    world.at(third).when(fail(ANN, found))

    assert world.account(ANN).status is ConnectionStatus.FAILED
    assert world.account(ANN).since == third


@pytest.mark.rule("C2")
def test_three_misses_within_less_than_15_minutes_are_not_enough() -> None:
    first, second, third = MISSES
    world = office()
    for moment in (first, second, third - MICROSECOND):
        world.at(moment).when(fail(ANN, UNREACHABLE))
    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL

    world.at(third).when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.FAILED


@pytest.mark.rule("C2")
def test_two_misses_are_not_enough_however_far_apart() -> None:
    world = office().when(fail(ANN, UNREACHABLE)).at(NOON + DAY).when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL


@pytest.mark.rule("C2")
@pytest.mark.parametrize("success", [pass_check(ANN), user_check(ANN), one_click(ANN)])
def test_misses_count_from_the_last_full_successful_check(success: Command) -> None:
    first, second, third = MISSES
    world = office().at(first).when(fail(ANN, UNREACHABLE)).at(second).when(fail(ANN, UNREACHABLE))

    world.when(success).at(third).when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL


@pytest.mark.rule("C2")
def test_misses_count_from_the_last_reconnect() -> None:
    first, second, third = MISSES
    world = office().at(first).when(fail(ANN, UNREACHABLE)).at(second).when(fail(ANN, UNREACHABLE))

    world.when(disconnect(ANN), connect(ANN)).at(third).when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", NEVER)
@pytest.mark.parametrize("ask", [fail, user_check])
def test_throttling_and_our_own_fault_open_no_incident_whoever_asks(
    ask: Ask, found: FailureClass
) -> None:
    world = office()
    for number in range(5):
        world.at(NOON + number * HOUR).when(ask(ANN, found))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL
    assert world.facts(ConnectionFailed) == []


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", NEVER)
def test_throttling_and_our_own_fault_neither_count_nor_reset(found: FailureClass) -> None:
    first, second, third = MISSES
    world = office().at(first).when(fail(ANN, UNREACHABLE))
    world.at(second).when(fail(ANN, UNREACHABLE), fail(ANN, found), fail(ANN, found))
    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL

    world.at(third).when(fail(ANN, found))
    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL
    world.when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.FAILED


@pytest.mark.rule("C3")
@pytest.mark.parametrize("asked_by", list(Asker))
def test_another_mailbox_answering_is_recorded_and_changes_nothing(asked_by: Asker) -> None:
    found = FailureClass.IDENTITY_MISMATCH
    report = simulated_report(found)
    command = RecordCheck(account_id=ANN, asked_by=asked_by, report=report)

    ann.given(connected(ANN)).when(command).refused(
        IdentityMismatch, check_failed(found, misses=0, asked_by=asked_by)
    )


@pytest.mark.rule("C4")
@pytest.mark.parametrize("again", [fail(ANN), user_check(ANN, UNREACHABLE)])
def test_a_further_failure_is_recorded_and_moves_no_deadline(again: Command) -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + 5 * DAY)

    world.when(again)

    assert len(world.facts(CheckFailed)) == 2
    assert len(world.facts(ConnectionFailed)) == 1
    assert world.clock(ANN).deadline_at == NOON + NINE_DAYS
    world.tick(NOON + NINE_DAYS)
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("C5")
@pytest.mark.parametrize("success", [pass_check(ANN), user_check(ANN), one_click(ANN)])
def test_any_full_successful_check_cures(success: Command) -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + DAY)

    world.when(success)

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL
    assert world.clock(ANN).outcome is CURED
    assert world.clock(ANN).ended_at == NOON + DAY


@pytest.mark.rule("C5")
def test_a_later_failure_is_a_new_incident_with_a_fresh_clock() -> None:
    world = office().given(fail(ANN)).at(NOON + 8 * DAY).given(pass_check(ANN))

    world.at(NOON + 8 * DAY + HOUR).when(fail(ANN))

    old, new = world.clocks(ANN)
    assert (old.outcome, new.outcome) == (CURED, RUNNING)
    assert new.incident_id != old.incident_id
    assert new.deadline_at == NOON + 8 * DAY + HOUR + NINE_DAYS


@pytest.mark.rule("C5")
def test_one_click_on_a_working_account_counts_as_a_full_check() -> None:
    first, second, third = MISSES
    world = office().at(first).given(fail(ANN, UNREACHABLE)).at(second).given(one_click(ANN))

    world.when(fail(ANN, UNREACHABLE)).at(third).when(fail(ANN, UNREACHABLE))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL


@pytest.mark.rule("C5", "R2")
@pytest.mark.parametrize("earlier", [[], fail(ANN)])
def test_a_refused_one_click_changes_no_status(earlier: Move) -> None:
    world = office().given(earlier)
    before = world.account(ANN)

    world.refuses(one_click(ANN, "still_failing"), because="still_failing")

    assert world.account(ANN) == before
    assert len(world.facts(OneClickRejected)) == 1


@pytest.mark.rule("C5")
def test_a_background_check_that_finds_nothing_new_is_no_news() -> None:
    ann.given(connected(ANN)).when(pass_check(ANN)).then_nothing()


@pytest.mark.rule("C5")
def test_a_check_that_the_user_asked_for_is_recorded_even_if_all_was_well() -> None:
    ann.given(connected(ANN)).when(user_check(ANN)).then(
        CheckPassed(account_id=ANN, asked_by=Asker.USER, report=WELL, occurred_at=NOON)
    )


def nine_days_run_out(asked_before: bool = True) -> World:
    """Ann failed at noon nine days ago; at the deadline itself the user asks for a check."""
    world = office().given(hear_from(ANN, R1), fail(ANN))
    moment = NOON + NINE_DAYS if asked_before else NOON + NINE_DAYS + MICROSECOND
    return world.at(moment).given(request_check(ANN, "check-1"))


@pytest.mark.rule("C6")
def test_a_request_says_until_when_a_clock_waits_for_it() -> None:
    ann.given(connected(ANN)).when(request_check(ANN, "check-1")).then(
        CheckRequested(
            account_id=ANN,
            check_id="check-1",
            patience_ends_at=NOON + 60 * SECOND,
            occurred_at=NOON,
        )
    )


def asked(check_id: str, at: datetime = NOON) -> CheckRequested:
    return CheckRequested(
        account_id=ANN, check_id=check_id, patience_ends_at=at + 60 * SECOND, occurred_at=at
    )


ENDS_OF_CHECKS = [
    CheckPassed(
        account_id=ANN, asked_by=Asker.USER, report=WELL, check_id="check-1", occurred_at=NOON
    ),
    CheckFailed(
        account_id=ANN,
        asked_by=Asker.USER,
        report=simulated_report(FailureClass.THROTTLED),
        misses=0,
        check_id="check-1",
        occurred_at=NOON,
    ),
    OneClickReconnected(account_id=ANN, report=WELL, check_id="check-1", occurred_at=NOON),
    OneClickRejected(account_id=ANN, reason="still_failing", check_id="check-1", occurred_at=NOON),
]


@pytest.mark.rule("C6")
@pytest.mark.parametrize("end", ENDS_OF_CHECKS)
def test_a_check_ends_its_own_request_and_no_other(end: EmailAccountEvent) -> None:
    both = ann.given(connected(ANN), asked("check-1"), asked("check-2"), end)
    moment = NOON + 30 * SECOND

    (again,) = both.when(user_check(ANN, check_id="check-1"), at=moment).facts()
    (other,) = both.when(user_check(ANN, check_id="check-2"), at=moment).facts()

    assert (again.occurred_at, other.occurred_at) == (moment, NOON)


@pytest.mark.rule("C6")
def test_a_second_request_forgets_only_checks_that_nobody_waits_for_any_more() -> None:
    for passed, counts_as_of in ((60 * SECOND, NOON), (60 * SECOND + MICROSECOND, None)):
        moment = NOON + passed
        history = connected(ANN), asked("check-1"), asked("check-2", at=moment)

        (fact,) = ann.given(*history).when(user_check(ANN, check_id="check-1"), at=moment).facts()

        assert fact.occurred_at == (counts_as_of or moment)
        assert ("check-1" in ann.given(*history).state.checks) is (counts_as_of is not None)


@pytest.mark.rule("C6", "T1")
def test_a_disconnect_ends_what_was_asked_for_before() -> None:
    gone = ann.given(connected(ANN, Settings(signature="Ann")), asked("check-1"), disconnected())
    moment = NOON + 30 * SECOND

    back = gone.given(connected(ANN)).when(user_check(ANN, check_id="check-1"), at=moment)

    (fact,) = back.facts()
    assert fact.occurred_at == moment
    assert (gone.state.slot_id, gone.state.settings, gone.state.checks) == (None, Settings(), {})


def disconnected() -> AccountDisconnected:
    return AccountDisconnected(
        account_id=ANN,
        slot_id="s1",
        incident_id=incident(ANN),
        settings_before=Settings(signature="Ann"),
        settings_after=Settings(),
        grace_period=HOUR,
        deadline_at=NOON + HOUR,
        remind_at=(),
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
        occurred_at=NOON,
    )


@pytest.mark.rule("C6", "N1")
@pytest.mark.parametrize("late", [20 * SECOND, 60 * SECOND])
def test_an_incident_that_a_disconnect_ends_while_its_clock_waits_is_told_when_it_ended(
    late: timedelta,
) -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + late)

    world.when(disconnect(ANN)).tick(NOON + NINE_DAYS + 2 * HOUR)

    assert world.clock(ANN).outcome is EXPIRED
    told = [fact for fact in world.facts(NoticeIssued) if isinstance(fact, NoticeIssued)]
    assert (incident(ANN), NoticeKind.ENDED) in [(each.incident_id, each.kind) for each in told]


@pytest.mark.rule("C6", "S2")
@pytest.mark.parametrize("success", [user_check, one_click])
def test_a_check_asked_for_at_the_deadline_counts_as_of_its_request(
    success: Ask,
) -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 60 * SECOND)

    world.when(success(ANN, check_id="check-1"))

    assert world.clock(ANN).outcome is CURED
    assert world.clock(ANN).ended_at == NOON + NINE_DAYS
    assert world.recorded(ConnectionRestored).event.occurred_at == NOON + NINE_DAYS
    assert world.recipient(R1).status is not STOPPED


@pytest.mark.rule("C6")
def test_a_worker_that_comes_meanwhile_waits_for_the_check() -> None:
    world = nine_days_run_out().tick(NOON + NINE_DAYS + 30 * SECOND)
    assert world.clock(ANN).outcome is RUNNING

    world.at(NOON + NINE_DAYS + 45 * SECOND).when(user_check(ANN, check_id="check-1"))

    assert world.clock(ANN).outcome is CURED


@pytest.mark.rule("C6", "P3")
def test_a_campaign_is_resumed_though_the_clock_of_its_reconnected_account_still_waits() -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 20 * SECOND)
    world.refuses(resume(), because="pause_cause_holds")

    world.when(pass_check(ANN)).when(resume())

    assert world.clock(ANN).outcome is RUNNING
    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("C6")
def test_a_check_that_ends_after_60_seconds_is_late() -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 60 * SECOND + MICROSECOND)

    world.when(user_check(ANN, check_id="check-1"))

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS
    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL
    assert world.account(ANN).since == NOON + NINE_DAYS + 60 * SECOND + MICROSECOND


@pytest.mark.rule("C6")
def test_a_check_asked_for_a_microsecond_after_the_deadline_is_late() -> None:
    world = nine_days_run_out(asked_before=False)

    world.when(user_check(ANN, check_id="check-1"))

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("C6")
def test_a_check_in_time_that_fails_lets_the_clock_run_out_as_of_its_deadline() -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 30 * SECOND)

    world.given(user_check(ANN, REVOKED, check_id="check-1")).tick(NOON + NINE_DAYS + HOUR)

    assert world.clock(ANN).ended_at == NOON + NINE_DAYS
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("C6")
def test_a_check_that_never_ends_holds_the_clock_up_for_60_seconds_only() -> None:
    world = nine_days_run_out().tick(NOON + NINE_DAYS + 60 * SECOND)

    assert world.clock(ANN).outcome is EXPIRED
    assert world.clock(ANN).ended_at == NOON + NINE_DAYS


@pytest.mark.rule("C6")
@pytest.mark.parametrize("other", [pass_check(ANN), user_check(ANN), one_click(ANN)])
def test_only_the_check_asked_for_in_time_is_waited_for(other: Command) -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 20 * SECOND)

    world.when(other).tick(NOON + NINE_DAYS + HOUR)

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("C6", "T2")
def test_a_disconnect_after_the_deadline_supersedes_nothing_while_a_check_is_waited_for() -> None:
    world = nine_days_run_out().at(NOON + NINE_DAYS + 20 * SECOND)

    world.when(disconnect(ANN)).tick(NOON + NINE_DAYS + 2 * HOUR)

    assert [clock.outcome for clock in world.clocks(ANN)] == [EXPIRED]
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("C6", "T4")
def test_no_check_makes_the_hour_longer() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))
    world.at(NOON + HOUR).given(request_check(ANN, "check-1"))

    world.at(NOON + HOUR + SECOND).when(add_sender(ANN)).tick(NOON + 2 * HOUR)

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).stopped_at == NOON + HOUR


@pytest.mark.rule("C6")
def test_a_check_of_another_account_is_not_waited_for() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + NINE_DAYS)

    world.given(request_check(BOB, "check-1")).tick(NOON + NINE_DAYS + SECOND)

    assert world.clock(ANN).outcome is EXPIRED


@pytest.mark.rule("C6")
def test_a_check_asked_for_long_before_the_deadline_is_not_waited_for() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN))
    world.at(NOON + NINE_DAYS - 61 * SECOND).given(request_check(ANN, "check-1"))

    world.tick(NOON + NINE_DAYS)

    assert world.clock(ANN).outcome is EXPIRED


@pytest.mark.rule("C6")
def test_an_answer_to_a_check_nobody_asked_for_counts_as_of_its_end() -> None:
    world = office().given(fail(ANN)).at(NOON + HOUR)

    world.when(user_check(ANN, check_id="never-requested"))

    assert world.account(ANN).since == NOON + HOUR


@pytest.mark.rule("C2", "C5")
def test_an_account_is_known_by_its_incident_until_cured() -> None:
    world = World().given(connect(ANN), create(ANN, to=(R1, R2)), start(), fail(ANN))
    assert world.account(ANN).incident_id == incident(ANN)

    world.when(one_click(ANN))

    assert world.account(ANN).incident_id is None
