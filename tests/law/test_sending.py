"""Sending: one sender, no blind retry, nothing to a stopped recipient (M1, M2, S8, M5)."""

from datetime import datetime
from typing import Any

import pytest
from immutables import Map

from aggregates.campaign import Clock, Lane
from aggregates.campaign.commands import EndHold
from aggregates.command import Command
from aggregates.rejections import (
    AlreadyReceivedEmail,
    FixedSenderIsOther,
    OutcomeUnknown,
    RecipientTerminal,
    SenderHeld,
    SendInFlight,
    UnknownSend,
)
from events.base import Event
from events.campaign import (
    AssignmentReleased,
    AutoReplyReceived,
    EmailOutcomeUnknown,
    EmailRefused,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodSuperseded,
    HoldEnded,
    LateSignalRecorded,
    RecipientAssigned,
    RecipientReplied,
    RecipientStopped,
    SendReserved,
    SentFolderSearched,
    SentSearched,
)
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Signal,
    StopReason,
)
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    BOUNCED,
    CURED,
    DAY,
    DISCONNECT,
    EXPIRED,
    FAILED,
    FAILURE,
    FINISHED,
    HELD,
    HOUR,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    PENDING,
    R1,
    R2,
    R3,
    REPLIED,
    SOLO,
    SPRING,
    STOPPED,
    SUPERSEDED,
    UNSUBSCRIBED,
    Move,
    World,
    accepted,
    add_sender,
    assign,
    assigned,
    clock_started,
    connect,
    create_single,
    disconnect,
    fail,
    hear_from,
    heard_from,
    incident,
    office,
    one_click,
    out_of_office,
    pause,
    refused,
    remove_sender,
    removed,
    reserve,
    reserved,
    resume,
    rotation,
    search_sent_folder,
    signal,
    spring,
    start,
    unknown,
)

FOUND, ABSENT, INCONCLUSIVE = SearchResult.FOUND, SearchResult.ABSENT, SearchResult.INCONCLUSIVE


def no_office_hours(until: datetime) -> AutoReplyReceived:
    return AutoReplyReceived(
        campaign_id=SPRING, recipient_id=R1, until=until, held_until=until, occurred_at=NOON
    )


def released(recipient: str, account: str) -> AssignmentReleased:
    return AssignmentReleased(
        campaign_id=SPRING, recipient_id=recipient, account_id=account, occurred_at=NOON
    )


# M1: one sender.


@pytest.mark.rule("M1")
def test_a_reserved_send_assigns_its_recipient_softly() -> None:
    world = office().when(reserve(ANN, R1))

    assert world.recipient(R1).sender == ANN
    assert not world.recipient(R1).sender_fixed
    assert world.recipient(R1).status is PENDING


@pytest.mark.rule("M1")
@pytest.mark.parametrize("outcome", [accepted(R1), unknown(R1)])
def test_the_first_email_received_fixes_the_sender(outcome: Move) -> None:
    world = office().given(reserve(ANN, R1)).when(outcome)

    assert world.recipient(R1).sender_fixed
    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("M1")
def test_a_recipient_hears_from_one_account_only() -> None:
    heard = spring.given(rotation(ANN, BOB), heard_from(ANN, R1))

    heard.when(reserve(BOB, R1, "second")).refused(FixedSenderIsOther)
    heard.when(assign(R1, BOB)).refused(AlreadyReceivedEmail)
    heard.when(assign(R1, ANN)).refused(AlreadyReceivedEmail)


@pytest.mark.rule("M1")
def test_a_fixed_sender_stays_when_the_account_is_held_back() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1))

    world.refuses(reserve(BOB, R1), because="fixed_sender_is_other")


@pytest.mark.rule("M1")
def test_who_received_nothing_may_be_reassigned() -> None:
    spring.given(rotation(ANN, BOB)).when(assign(R1, ANN)).then(
        RecipientAssigned(campaign_id=SPRING, recipient_id=R1, account_id=ANN, occurred_at=NOON)
    )
    world = office().given(assign(R1, ANN), assign(R1, BOB)).when(hear_from(ANN, R1))
    assert world.recipient(R1).sender == ANN


@pytest.mark.rule("M1")
def test_assigned_to_the_same_account_again_nothing_changes() -> None:
    spring.given(rotation(ANN, BOB), assigned(R1, ANN)).when(assign(R1, ANN)).then_nothing()


def reassigned() -> list[Event]:
    """From Ann to Bob, without an email from either."""
    return [*rotation(ANN, BOB), assigned(R1, ANN), assigned(R1, BOB)]


@pytest.mark.rule("M1", "S10")
def test_who_was_reassigned_is_released_by_the_new_account_and_not_by_the_old() -> None:
    spring.given(reassigned()).when(remove_sender(ANN)).then(removed(ANN))
    spring.given(reassigned()).when(remove_sender(BOB)).then(removed(BOB), released(R1, BOB))


@pytest.mark.rule("M1", "S3")
@pytest.mark.parametrize(("account", "count"), [(ANN, 0), (BOB, 1)])
def test_who_was_reassigned_is_released_when_the_clock_of_the_new_account_runs_out(
    account: str, count: int
) -> None:
    world = office().given(assign(R1, ANN), assign(R1, BOB), disconnect(account))

    world.tick(NOON + HOUR)

    expired = world.recorded(GracePeriodExpired).event
    assert isinstance(expired, GracePeriodExpired)
    assert expired.released == count
    assert world.recipient(R1).sender == (BOB if account == ANN else None)


@pytest.mark.rule("M1")
def test_a_send_through_another_account_takes_a_soft_recipient_over() -> None:
    moved = spring.given(rotation(ANN, BOB), assigned(R1, ANN), reserved(BOB, R1))

    moved.when(remove_sender(ANN)).then(removed(ANN))
    assert moved.state.lane(BOB).soft == spring.given(reassigned()).state.lane(BOB).soft


@pytest.mark.rule("M1", "S10")
@pytest.mark.parametrize("ended", [REPLIED, BOUNCED, UNSUBSCRIBED, FINISHED, FAILED])
def test_who_ended_before_the_first_email_has_no_assignment_left_to_release(
    ended: Signal,
) -> None:
    world = office().given(assign(R1, ANN), signal(ended, R1)).when(remove_sender(ANN))

    assert world.facts(AssignmentReleased) == []


@pytest.mark.rule("M1")
def test_nobody_is_reassigned_while_a_first_email_is_on_its_way() -> None:
    on_its_way = spring.given(rotation(ANN, BOB), reserved(ANN, R1))

    on_its_way.when(assign(R1, BOB)).refused(SendInFlight)
    on_its_way.when(reserve(BOB, R1, "another")).refused(SendInFlight)


@pytest.mark.rule("M1")
def test_in_a_single_sender_campaign_nothing_is_fixed() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO))
    world.given(hear_from(ANN, R1, campaign=SOLO))

    assert not world.recipient(R1, SOLO).sender_fixed


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("account", "reason"),
    [(ANN, "sender_not_connected"), ("cleo@acme.test", "sender_not_in_campaign")],
)
def test_only_a_listed_and_successful_account_may_send(account: str, reason: str) -> None:
    world = office().given(connect("cleo@acme.test"), fail(ANN), pause())
    world.refuses(assign(R1, account), because=reason)


# M2: reserved, submitted, recorded.


@pytest.mark.rule("M2")
def test_an_outcome_is_recorded_only_for_a_send_that_was_reserved() -> None:
    running = spring.given(rotation(ANN))
    for outcome in (accepted(R1), unknown(R1), refused(R1)):
        running.when(outcome).refused(UnknownSend)
        running.given(reserved(ANN, R1, "other")).when(outcome).refused(UnknownSend)


@pytest.mark.rule("M2")
def test_an_outcome_is_recorded_once() -> None:
    spring.given(rotation(ANN), heard_from(ANN, R1)).when(accepted(R1, f"first-to-{R1}")).refused(
        UnknownSend
    )


@pytest.mark.rule("M2")
def test_a_temporary_refusal_leaves_the_recipient_to_another_attempt() -> None:
    world = office().given(reserve(ANN, R1)).when(refused(R1))

    assert world.recipient(R1).status is PENDING
    assert world.recipient(R1).sender == ANN
    world.given(reserve(ANN, R1, "again"), accepted(R1, "again"))


def refused_once(account: str, recipient: str) -> EmailRefused:
    return EmailRefused(
        campaign_id=SPRING,
        recipient_id=recipient,
        account_id=account,
        send_id="send-1",
        fault=RefusalFault.TEMPORARY,
        occurred_at=NOON,
    )


@pytest.mark.rule("M2", "S10")
def test_after_a_temporary_refusal_the_assignment_is_soft_and_can_be_released() -> None:
    tried = spring.given(rotation(ANN, BOB), reserved(ANN, R1), refused_once(ANN, R1))

    tried.when(remove_sender(ANN)).then(removed(ANN), released(R1, ANN))
    tried.when(assign(R1, BOB)).then(assigned(R1, BOB))
    tried.when(assign(R1, ANN)).then_nothing()


@pytest.mark.rule("M2")
def test_a_temporary_refusal_in_a_single_sender_campaign_releases_nobody() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO))
    world.given(reserve(ANN, R1, campaign=SOLO)).when(refused(R1, campaign=SOLO))

    assert world.facts(AssignmentReleased) == []
    world.given(hear_from(ANN, R1, campaign=SOLO))


@pytest.mark.rule("M2", "R3")
def test_a_temporary_refusal_of_a_follow_up_releases_nobody_though_the_account_left() -> None:
    follow_up = rotation(ANN, BOB), heard_from(ANN, R1), reserved(ANN, R1), removed(ANN, held=1)

    spring.given(*follow_up).when(refused(R1)).then(refused_once(ANN, R1))


@pytest.mark.rule("M2", "T2")
def test_a_temporary_refusal_while_the_hour_runs_keeps_the_assignment() -> None:
    hour_runs = reserved(ANN, R1), clock_started(ANN, DISCONNECT), removed(ANN)

    spring.given(rotation(ANN, BOB), *hour_runs).when(refused(R1)).then(refused_once(ANN, R1))


@pytest.mark.rule("M2", "S10")
def test_a_temporary_refusal_while_only_the_nine_days_run_releases_a_soft_recipient() -> None:
    nine_days_run = reserved(ANN, R1), clock_started(ANN, FAILURE), removed(ANN)

    spring.given(rotation(ANN, BOB), *nine_days_run).when(refused(R1)).then(
        refused_once(ANN, R1), released(R1, ANN)
    )


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("fault", "status"), [(RefusalFault.RECIPIENT, BOUNCED), (RefusalFault.OTHER, FAILED)]
)
def test_a_refusal_for_good_ends_the_recipient(
    fault: RefusalFault, status: RecipientStatus
) -> None:
    world = office().given(reserve(ANN, R1)).when(refused(R1, fault=fault))

    assert world.recipient(R1).status is status
    assert world.recipient(R1).emails_received == 0


def uncertain(recipient: str, send_id: str) -> list[SendReserved | EmailOutcomeUnknown]:
    return [
        SendReserved(
            campaign_id=SPRING,
            recipient_id=recipient,
            account_id=ANN,
            send_id=send_id,
            occurred_at=NOON,
        ),
        EmailOutcomeUnknown(
            campaign_id=SPRING,
            recipient_id=recipient,
            account_id=ANN,
            send_id=send_id,
            occurred_at=NOON,
        ),
    ]


def searched(send_id: str, result: SearchResult, at: datetime = NOON) -> SentSearched:
    return SentSearched(
        campaign_id=SPRING,
        recipient_id=R1,
        account_id=ANN,
        send_id=send_id,
        result=result,
        search_after=10 * MINUTE if result is ABSENT else None,
        occurred_at=at,
    )


def searched_of_old(send_id: str, *, found: bool) -> SentFolderSearched:
    """As programs wrote it that knew two answers."""
    return SentFolderSearched(
        campaign_id=SPRING,
        recipient_id=R1,
        account_id=ANN,
        send_id=send_id,
        found=found,
        occurred_at=NOON,
    )


@pytest.mark.rule("M2")
def test_an_unknown_outcome_is_never_retried_blindly() -> None:
    uncertain_one = spring.given(rotation(ANN), uncertain(R1, "first"))
    in_vain = search_sent_folder(R1, "first", found=False, proves=True)
    again = reserve(ANN, R1, "first")

    uncertain_one.when(again).refused(OutcomeUnknown)
    uncertain_one.when(in_vain, at=NOON + 10 * MINUTE).then(
        searched("first", ABSENT, NOON + 10 * MINUTE)
    )
    uncertain_one.given(searched("first", FOUND)).when(again).refused(OutcomeUnknown)
    uncertain_one.given(searched("first", INCONCLUSIVE)).when(again).refused(OutcomeUnknown)
    uncertain_one.given(searched("first", ABSENT)).when(again).then(reserved(ANN, R1, "first"))


@pytest.mark.rule("M2")
@pytest.mark.parametrize(("found", "allowed"), [(True, False), (False, True)])
def test_what_older_programs_recorded_of_a_search_counts_as_it_did(
    found: bool, allowed: bool
) -> None:
    history = rotation(ANN), uncertain(R1, "first"), searched_of_old("first", found=found)

    decision = spring.given(*history).when(reserve(ANN, R1, "first"))

    if allowed:
        decision.then(reserved(ANN, R1, "first"))
    else:
        decision.refused(OutcomeUnknown)


@pytest.mark.rule("M2")
@pytest.mark.parametrize("send_id", ["first", "second"])
def test_of_two_unknown_outcomes_neither_is_retried_blindly(send_id: str) -> None:
    both = spring.given(rotation(ANN), uncertain(R1, "first"), uncertain(R1, "second"))

    both.when(reserve(ANN, R1, send_id)).refused(OutcomeUnknown)
    both.when(search_sent_folder(R1, send_id, found=True)).then(searched(send_id, FOUND))


@pytest.mark.rule("M2")
def test_an_unknown_outcome_counts_as_received() -> None:
    world = office().given(reserve(ANN, R1)).when(unknown(R1))

    assert world.recipient(R1).emails_received == 1
    world.refuses(reserve(BOB, R1, "other"), because="fixed_sender_is_other")


# S8: nothing to a stopped recipient, and what was in flight.


def runs_out_in_flight() -> World:
    """The hour runs out while the first email to r1 is on its way through Ann."""
    return office().given(reserve(ANN, R1), disconnect(ANN)).tick(NOON + HOUR)


@pytest.mark.rule("S8")
def test_an_expiry_neither_stops_nor_releases_who_has_a_first_email_on_its_way() -> None:
    world = runs_out_in_flight()

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).status is PENDING
    assert world.recipient(R1).sender == ANN
    world.given(resume()).refuses(assign(R1, BOB), because="send_in_flight")


@pytest.mark.rule("S8")
@pytest.mark.parametrize("outcome", [accepted(R1), unknown(R1)])
def test_received_after_the_expiry_it_is_stopped_under_the_same_incident(
    outcome: Move,
) -> None:
    world = runs_out_in_flight().at(NOON + HOUR + MICROSECOND)

    world.when(outcome)

    assert world.recorded(RecipientStopped).event == RecipientStopped(
        campaign_id=SPRING,
        recipient_id=R1,
        account_id=ANN,
        incident_id=incident(ANN),
        reason=StopReason.GRACE_PERIOD_EXPIRED,
        occurred_at=NOON + HOUR + MICROSECOND,
    )
    assert world.recipient(R1).status is STOPPED
    assert world.recipient(R1).emails_received == 1
    assert world.clock(ANN).stopped == 1


@pytest.mark.rule("S8")
def test_refused_after_the_expiry_it_is_released_and_others_may_take_it() -> None:
    world = runs_out_in_flight().when(refused(R1))

    assert world.recorded(AssignmentReleased).event.occurred_at == NOON + HOUR
    assert world.recipient(R1).status is PENDING
    assert world.recipient(R1).sender is None
    world.given(resume(), hear_from(BOB, R1))
    assert world.recipient(R1).sender == BOB


@pytest.mark.rule("S8")
def test_refused_for_good_after_the_expiry_it_ends_as_it_would_have() -> None:
    world = runs_out_in_flight().when(refused(R1, fault=RefusalFault.RECIPIENT))

    assert world.recipient(R1).status is BOUNCED
    assert world.facts(RecipientStopped) == []


@pytest.mark.rule("S8", "S5")
def test_an_expiry_counts_as_in_flight_only_who_has_not_ended() -> None:
    world = office().given(reserve(ANN, R1, "first"), reserve(ANN, R2, "second"))
    world.given(signal(REPLIED, R1), disconnect(ANN)).tick(NOON + HOUR)

    expired = world.recorded(GracePeriodExpired).event
    assert isinstance(expired, GracePeriodExpired)
    assert (expired.stopped, expired.released, expired.in_flight) == (0, 0, 1)
    world.when(accepted(R1, "first"), accepted(R2, "second"))
    assert (world.recipient(R1).status, world.recipient(R2).status) == (REPLIED, STOPPED)


@pytest.mark.rule("S8")
def test_readding_the_account_after_the_expiry_saves_no_send_that_was_in_flight() -> None:
    world = runs_out_in_flight().given(connect(ANN), add_sender(ANN))

    world.when(accepted(R1))

    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("S8")
def test_a_clock_cured_in_time_dooms_no_send_in_flight() -> None:
    world = office().given(reserve(ANN, R1), disconnect(ANN), connect(ANN), add_sender(ANN))

    world.tick(NOON + HOUR).when(accepted(R1))

    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("S8")
@pytest.mark.parametrize("outcome", [accepted(R1, "second"), unknown(R1, "second")])
def test_a_follow_up_in_flight_at_the_expiry_is_recorded_and_unstops_nobody(
    outcome: Move,
) -> None:
    world = office().given(hear_from(ANN, R1), reserve(ANN, R1, "second"), disconnect(ANN))
    world.tick(NOON + HOUR)
    assert world.recipient(R1).status is STOPPED

    world.when(outcome)

    assert world.recipient(R1).status is STOPPED
    assert world.recipient(R1).emails_received == 2
    assert len(world.facts(RecipientStopped)) == 1


@pytest.mark.rule("S8")
def test_a_reply_before_the_outcome_spares_the_recipient() -> None:
    world = runs_out_in_flight().given(signal(REPLIED, R1)).when(accepted(R1))

    assert world.recipient(R1).status is REPLIED
    assert world.facts(RecipientStopped) == []


@pytest.mark.rule("S8", "M5")
@pytest.mark.parametrize("outcome", [accepted(R1), unknown(R1)])
def test_an_outcome_that_comes_after_a_reply_brings_nobody_back(outcome: Command) -> None:
    history = rotation(ANN), reserved(ANN, R1), replied(R1)
    answered = spring.given(*history, spring.given(*history).when(outcome).facts())

    answered.when(reserve(ANN, R1, "second")).refused(RecipientTerminal)
    assert answered.state.recipients[R1].status is REPLIED


@pytest.mark.rule("S8", "S4")
@pytest.mark.parametrize("outcome", [accepted(R1, "second"), unknown(R1, "second")])
def test_an_outcome_that_comes_after_a_stop_lets_nothing_more_be_sent(outcome: Command) -> None:
    world = office().given(hear_from(ANN, R1), reserve(ANN, R1, "second"), disconnect(ANN))
    world.tick(NOON + HOUR).given(outcome, connect(ANN), add_sender(ANN), resume())

    world.refuses(reserve(ANN, R1, "third"), because="recipient_stopped")


def replied(recipient: str) -> RecipientReplied:
    return RecipientReplied(campaign_id=SPRING, recipient_id=recipient, occurred_at=NOON)


@pytest.mark.rule("S5", "S8")
def test_an_expiry_counts_follow_ups_neither_as_in_flight_nor_as_skipped() -> None:
    world = office().given(hear_from(ANN, R1, R2), hear_from(ANN, R1), reserve(ANN, R2, "again"))
    world.given(disconnect(ANN)).tick(NOON + HOUR)

    expired = world.recorded(GracePeriodExpired).event
    assert isinstance(expired, GracePeriodExpired)
    assert (expired.stopped, expired.in_flight, expired.skipped) == (2, 0, {})


@pytest.mark.rule("S5", "S8")
def test_who_ended_before_the_first_email_arrived_is_counted_by_that_status() -> None:
    world = office().given(reserve(ANN, R1), signal(REPLIED, R1), accepted(R1), disconnect(ANN))

    world.tick(NOON + HOUR)

    assert world.clock(ANN).skipped == {"replied": 1}


def ended(outcome: ClockOutcome) -> Event:
    """So ended Ann's failure clock after a day."""
    about: dict[str, Any] = {
        "campaign_id": SPRING,
        "account_id": ANN,
        "incident_id": incident(ANN),
        "kind": FAILURE,
        "occurred_at": NOON + DAY,
    }
    if outcome is CURED:
        return GracePeriodCured(**about)
    return GracePeriodSuperseded(**about, superseded_by=incident(ANN, 2))


@pytest.mark.rule("M1", "S3", "S6")
@pytest.mark.parametrize("outcome", [CURED, SUPERSEDED])
@pytest.mark.parametrize("leaves", [False, True])
def test_of_each_account_it_is_remembered_who_hears_from_it_and_how_its_clock_ended(
    outcome: ClockOutcome, leaves: bool
) -> None:
    history = rotation(ANN), heard_from(ANN, R1), reserved(ANN, R2), assigned(R3, ANN)
    left = [removed(ANN, held=1)] if leaves else []

    state = spring.given(*history, clock_started(ANN, FAILURE), ended(outcome), left).state

    assert state.lane(ANN) == Lane(
        listed=not leaves,
        clock=Clock(incident(ANN), FAILURE, NOON, NOON + NINE_DAYS, outcome, NOON + DAY),
        soft=Map({R2: None, R3: None}),
        contacted=Map({R1: None}),
        first_sends=Map({R2: None}),
    )
    assert [state.recipients[each].emails for each in (R1, R2, R3)] == [1, 0, 0]


@pytest.mark.rule("S8")
def test_a_late_worker_cannot_reserve_a_send_to_who_is_stopped() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + NINE_DAYS + MICROSECOND)

    world.given(one_click(ANN), add_sender(ANN), resume())

    world.refuses(reserve(ANN, R1), because="recipient_stopped")


@pytest.mark.rule("S8", "P1")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
def test_no_send_is_reserved_through_an_account_in_trouble(trouble: Move) -> None:
    world = office().given(trouble)

    world.refuses(reserve(ANN, R1), because="campaign_not_running")
    world.refuses(reserve(BOB, R1), because="campaign_not_running")


@pytest.mark.rule("S8")
def test_a_soft_recipient_whose_account_left_is_released_by_a_temporary_refusal() -> None:
    world = office().given(reserve(ANN, R1), remove_sender(ANN)).when(refused(R1))

    assert world.recipient(R1).sender is None


# M5: what ends or holds a recipient.


@pytest.mark.rule("M5")
@pytest.mark.parametrize("status", [REPLIED, BOUNCED, UNSUBSCRIBED, FINISHED])
def test_a_signal_ends_the_recipient_and_nothing_more_is_sent(status: Signal) -> None:
    world = office().given(hear_from(ANN, R1)).when(signal(status, R1))

    assert world.recipient(R1).status is status
    world.refuses(reserve(ANN, R1), because="recipient_terminal")


@pytest.mark.rule("M5")
@pytest.mark.parametrize("first", [REPLIED, BOUNCED, UNSUBSCRIBED, FINISHED])
@pytest.mark.parametrize("later", [REPLIED, BOUNCED, UNSUBSCRIBED, FINISHED])
def test_a_terminal_status_never_changes_and_what_comes_later_is_recorded(
    first: Signal, later: Signal
) -> None:
    world = office().given(hear_from(ANN, R1), signal(first, R1)).when(signal(later, R1))

    assert world.recipient(R1).status is first
    assert world.recorded(LateSignalRecorded).event == LateSignalRecorded(
        campaign_id=SPRING, recipient_id=R1, signal=later, occurred_at=NOON
    )


@pytest.mark.rule("M5")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
def test_unsubscribing_works_whatever_the_account_is_doing(trouble: Move) -> None:
    world = office().given(hear_from(ANN, R1), trouble)

    world.when(signal(UNSUBSCRIBED, R1)).tick(NOON + 20 * DAY)

    assert world.recipient(R1).status is UNSUBSCRIBED


@pytest.mark.rule("M5")
def test_an_automatic_answer_is_no_reply() -> None:
    world = office().given(hear_from(ANN, R1)).when(out_of_office(R1, None))

    assert world.recipient(R1).status is ACTIVE
    world.given(hear_from(ANN, R1))


@pytest.mark.rule("M5")
def test_an_out_of_office_holds_until_its_date() -> None:
    world = office().given(hear_from(ANN, R1)).when(out_of_office(R1, NOON + 5 * DAY))
    assert world.recipient(R1).status is HELD

    world.at(NOON + 5 * DAY - MICROSECOND).refuses(reserve(ANN, R1), because="sender_held")
    world.tick(NOON + 5 * DAY)

    assert world.recipient(R1).status is ACTIVE
    world.given(hear_from(ANN, R1))


@pytest.mark.rule("M5")
@pytest.mark.parametrize("dates", [(5, 9), (9, 5)])
def test_of_several_dates_the_latest_counts(dates: tuple[int, int]) -> None:
    world = office().given(hear_from(ANN, R1))
    world.when(*(out_of_office(R1, NOON + day * DAY) for day in dates))

    world.tick(NOON + 9 * DAY - MICROSECOND)
    assert world.recipient(R1).status is HELD
    world.tick(NOON + 9 * DAY)

    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("M5")
def test_an_out_of_office_of_the_past_holds_nobody() -> None:
    world = office().given(hear_from(ANN, R1)).when(out_of_office(R1, NOON - DAY))

    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("M5")
def test_an_out_of_office_until_this_very_moment_holds_nobody() -> None:
    spring.given(rotation(ANN), heard_from(ANN, R1)).when(out_of_office(R1, NOON)).then(
        AutoReplyReceived(campaign_id=SPRING, recipient_id=R1, until=NOON, occurred_at=NOON)
    )


@pytest.mark.rule("M5")
def test_a_hold_ends_at_its_date_not_before_and_only_once() -> None:
    until = NOON + 5 * DAY
    end = EndHold(campaign_id=SPRING, recipient_id=R1)
    ended = HoldEnded(campaign_id=SPRING, recipient_id=R1, occurred_at=until)
    held = spring.given(rotation(ANN), heard_from(ANN, R1), no_office_hours(until))

    held.when(end, at=until - MICROSECOND).then_nothing()
    held.when(end, at=until).then(ended)
    held.given(ended).when(end, at=until).then_nothing()


@pytest.mark.rule("M5")
def test_an_out_of_office_without_a_date_ends_no_hold() -> None:
    spring.given(rotation(ANN), heard_from(ANN, R1), no_office_hours(NOON + 5 * DAY)).when(
        reserve(ANN, R1)
    ).refused(SenderHeld)
    world = office().given(hear_from(ANN, R1), out_of_office(R1, NOON + 5 * DAY))

    world.when(out_of_office(R1, None))

    assert world.recipient(R1).status is HELD


@pytest.mark.rule("M5", "S3")
def test_who_is_held_for_a_date_is_still_at_stake() -> None:
    world = office().given(hear_from(ANN, R1), out_of_office(R1, NOON + 30 * DAY), fail(ANN))

    world.tick(NOON + NINE_DAYS)

    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("M5")
def test_nobody_uncontacted_is_held() -> None:
    world = office().given(out_of_office(R1, NOON + DAY), assign(R2, ANN), fail(ANN))

    assert world.statuses() == {R1: PENDING, R2: PENDING, R3: PENDING}


@pytest.mark.rule("M5")
def test_a_campaign_is_finished_when_all_its_recipients_are() -> None:
    world = office().given(signal(REPLIED, R1), signal(BOUNCED, R2))
    assert world.campaign().status is CampaignStatus.RUNNING

    world.when(signal(UNSUBSCRIBED, R3))

    assert world.campaign().status is CampaignStatus.FINISHED
