"""Facts: what an event is, what it never says, and what can be answered from it (F0-F3)."""

import dataclasses
from datetime import timedelta
from typing import get_args

import pytest

from aggregates.command import Policy
from engine.engine import Engine
from events.base import Event
from events.campaign import (
    CampaignEvent,
    GracePeriodExpired,
    GracePeriodStarted,
    RecipientEvent,
    RecipientStopped,
)
from events.catalogue import CATALOGUE
from events.email_account import (
    AccountDisconnected,
    CheckRequested,
    ConnectionFailed,
    EmailAccountEvent,
    NoticeIssued,
    OneClickReconnected,
)
from events.recorded import Recorded
from events.vocabulary import CheckReport, Settings
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    SECOND,
    SPRING,
    STOPPED,
    Move,
    World,
    add_sender,
    assign,
    connect,
    disconnect,
    fail,
    hear_from,
    import_recipients,
    incident,
    office,
    one_click,
    out_of_office,
    pause,
    refused,
    request_check,
    reserve,
    resume,
    signal,
)
from tests.law.story import REPLIED as A_REPLY

EVERY_FACT = sorted(CATALOGUE.classes.values(), key=lambda each: each.__name__)
OF_RECIPIENTS = [each for each in EVERY_FACT if issubclass(each, RecipientEvent)]


def field_names(kind: type[Event]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def a_full_story() -> World:
    """Much of what can happen, a stop included."""
    world = office().given(hear_from(ANN, R1), hear_from(BOB, R2), assign(R3, ANN))
    world.given(out_of_office(R2, NOON + DAY), signal(A_REPLY, R2), import_recipients("r9"))
    world.given(reserve(ANN, "r9"), refused("r9"), pause(), fail(ANN))
    world.at(NOON + DAY).given(one_click(ANN), resume(), disconnect(ANN)).tick(NOON + 2 * DAY)
    return world.given(connect(ANN), add_sender(ANN))


# F0.


@pytest.mark.rule("F0")
@pytest.mark.parametrize(("trouble", "runs"), [(fail(ANN), NINE_DAYS), (disconnect(ANN), HOUR)])
def test_an_expiry_and_its_stops_are_one_append_one_stop_for_each_recipient(
    trouble: Move, runs: timedelta
) -> None:
    world = office().given(hear_from(ANN, R1, R2, R3), trouble)

    world.tick(NOON + runs)

    expired = world.recorded(GracePeriodExpired)
    stops = [each for each in world.log if isinstance(each.event, RecipientStopped)]
    assert world.statuses() == dict.fromkeys((R1, R2, R3), STOPPED)
    assert len(stops) == 3
    for stop in stops:
        assert stop.stream_id == expired.stream_id == f"acme:campaign:{SPRING}"
        assert stop.envelope == expired.envelope


# F1.


@pytest.mark.rule("F1")
@pytest.mark.parametrize("kind", EVERY_FACT)
def test_a_fact_cannot_be_changed(kind: type[Event]) -> None:
    fact = object.__new__(kind)

    with pytest.raises((AttributeError, dataclasses.FrozenInstanceError)):
        setattr(fact, "occurred_at", NOON)  # noqa: B010 the type checker knows better already


@pytest.mark.rule("F1")
@pytest.mark.parametrize("kind", EVERY_FACT)
def test_no_fact_has_room_for_a_secret(kind: type[Event]) -> None:
    secrets = {"password", "token", "secret", "access_token", "refresh_token", "evidence"}

    assert not field_names(kind) & secrets


@pytest.mark.rule("F1")
@pytest.mark.parametrize("kind", OF_RECIPIENTS)
def test_of_a_recipient_a_fact_says_the_opaque_id_only(kind: type[Event]) -> None:
    said = field_names(kind) - {"occurred_at", "campaign_id", "recipient_id"}

    assert said <= {
        "account_id",
        "address_unknown",
        "day",
        "fault",
        "found",
        "freshness",
        "held_until",
        "inbox_read_until",
        "incident_id",
        "reason",
        "received_at",
        "reserved_at",
        "result",
        "retry_at",
        "send_id",
        "signal",
        "step",
        "steps",
        "told_until",
        "most_tries",
        "search_after",
        "tries",
        "tries_span",
        "until",
    }


@pytest.mark.rule("F1")
def test_all_facts_of_recipients_were_looked_at() -> None:
    in_campaigns = {each for each in get_args(CampaignEvent) if "recipient_id" in field_names(each)}

    assert in_campaigns == set(OF_RECIPIENTS)
    assert not any("recipient_id" in field_names(each) for each in get_args(EmailAccountEvent))


@pytest.mark.rule("F1", "C1")
def test_a_check_leaves_the_text_of_the_server_out() -> None:
    assert set(CheckReport.model_fields) == {
        "passed",
        "failed_at",
        "failure_class",
        "classifier",
        "evidence_digest",
    }


@pytest.mark.rule("F1", "R2")
def test_credentials_are_a_reference_and_nothing_more() -> None:
    world = office().when(one_click(ANN, credentials="secret/ann/2"))

    reconnected = world.recorded(OneClickReconnected).event
    assert isinstance(reconnected, OneClickReconnected)
    assert reconnected.credentials == "secret/ann/2"


@pytest.mark.rule("F1")
def test_the_log_only_grows() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN))
    before = world.log

    world.tick(NOON + HOUR).given(connect(ANN), add_sender(ANN), resume())

    assert world.log[: len(before)] == before
    assert len(world.log) > len(before)


# F2.


@pytest.mark.rule("F2")
def test_every_fact_says_when_it_happened_when_it_was_recorded_and_by_what() -> None:
    for recorded in a_full_story().log:
        envelope = recorded.envelope
        assert recorded.event.occurred_at <= envelope.recorded_at
        kind = envelope.actor.partition(":")[0]
        assert kind in {"user", "clock", "check", "processor"}
        assert envelope.command
        assert envelope.correlation_id
        assert (envelope.causation_id is not None) >= (kind == "processor")


@pytest.mark.rule("F2")
def test_each_kind_of_actor_is_told_apart() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + NINE_DAYS)

    assert world.log[0].envelope.actor == "user:test"
    assert world.recorded(ConnectionFailed).envelope.actor == "check"
    assert world.recorded(GracePeriodStarted).envelope.actor == "processor:start_clocks"
    assert world.recorded(GracePeriodExpired).envelope.actor == "clock"


def causes(world: World, fact: Recorded) -> list[Recorded]:
    """From the fact back along the events that brought its command about."""
    by_id = {each.event_id: each for each in world.log}
    chain = [fact]
    while (cause := chain[-1].envelope.causation_id) is not None:
        chain.append(by_id[cause])
    return chain


@pytest.mark.rule("F2")
def test_a_clock_and_a_notice_lead_back_to_the_command_with_which_it_began() -> None:
    world = office().given(fail(ANN))

    for kind in (GracePeriodStarted, NoticeIssued):
        chain = causes(world, world.recorded(kind))
        assert isinstance(chain[-1].event, ConnectionFailed)
        assert chain[-1].envelope.command == "RecordCheck"
        assert {each.envelope.correlation_id for each in chain} == {chain[-1].envelope.command_id}


@pytest.mark.rule("F2")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
def test_a_stop_leads_back_to_the_incident_by_its_causes(trouble: Move) -> None:
    world = office().given(hear_from(ANN, R1), trouble).tick(NOON + 10 * DAY)

    chain = causes(world, world.recorded(RecipientStopped))

    assert [type(each.event) for each in chain[1:]][-2:] == [
        GracePeriodStarted,
        type(world.facts(ConnectionFailed, AccountDisconnected)[0]),
    ]


@pytest.mark.rule("F2", "F3")
def test_a_stop_leads_back_to_the_incident_by_its_number() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).tick(NOON + HOUR)

    stop = world.recorded(RecipientStopped).event
    began = world.recorded(AccountDisconnected)
    assert isinstance(stop, RecipientStopped)
    assert isinstance(began.event, AccountDisconnected)
    assert stop.incident_id == began.event.incident_id
    assert began.envelope.actor == "user:test"


@pytest.mark.rule("F2", "S7")
def test_a_clock_that_goes_backwards_never_moves_the_time_of_recording_back() -> None:
    world = office().at(NOON + HOUR).given(hear_from(ANN, R1))

    world.at(NOON - DAY).given(fail(ANN)).at(NOON + 2 * HOUR).given(disconnect(BOB))

    times = [recorded.envelope.recorded_at for recorded in world.log]
    assert times == sorted(times)
    assert world.recorded(ConnectionFailed).event.occurred_at == NOON + HOUR


@pytest.mark.rule("F2", "S7")
def test_the_same_command_id_gets_the_old_answer_and_nothing_new() -> None:
    world = office()
    first = world.tell(fail(ANN), command_id="check-17")
    before = world.log

    again = world.at(NOON + DAY).tell(fail(ANN), command_id="check-17")

    assert again.repeated
    assert not first.repeated
    assert (again.position, again.refusal) == (first.position, None)
    assert world.log == before


@pytest.mark.rule("F2")
def test_a_refusal_is_repeated_too_even_if_it_would_be_accepted_by_now() -> None:
    world = office().given(fail(ANN))
    first = world.tell(resume(), command_id="resume-1")
    world.given(one_click(ANN))

    again = world.tell(resume(), command_id="resume-1")

    assert first.refusal is not None
    assert again.refusal is not None
    assert again.refusal[:2] == first.refusal[:2]
    assert again.refusal.code == "pause_cause_holds"


@pytest.mark.rule("F2")
def test_another_engine_over_the_same_store_knows_the_old_answers() -> None:
    world = office()
    world.tell(fail(ANN), command_id="check-17")
    other = Engine(world.store)

    answer = other.execute("acme", fail(ANN), command_id="check-17", actor="check")

    assert answer.repeated


@pytest.mark.rule("F2")
def test_the_policy_in_force_is_recorded_with_the_facts_that_used_it() -> None:
    world = office().given(request_check(ANN, "c"), fail(ANN), disconnect(BOB))

    asked = world.recorded(CheckRequested).event
    failed = world.recorded(ConnectionFailed).event
    gone = world.recorded(AccountDisconnected).event
    assert isinstance(asked, CheckRequested)
    assert isinstance(failed, ConnectionFailed)
    assert isinstance(gone, AccountDisconnected)
    assert asked.patience_ends_at == NOON + 60 * SECOND
    assert failed.resolution_window == NINE_DAYS
    assert failed.remind_at == (NOON + 3 * DAY, NOON + 7 * DAY, NOON + 8 * DAY)
    assert gone.grace_period == HOUR
    assert gone.remind_at == (NOON + 45 * MINUTE,)


@pytest.mark.rule("F2", "S7")
def test_a_later_change_of_policy_changes_no_history() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN))
    world.engine = Engine(world.store, Policy(grace_period=5 * HOUR))

    world.tick(NOON + HOUR)

    assert world.recipient(R1).stopped_at == NOON + HOUR


# F3.


@pytest.mark.rule("F3")
def test_why_when_and_by_what_a_recipient_was_stopped() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + NINE_DAYS)

    stopped = world.recipient(R1)
    assert stopped.status is STOPPED
    assert stopped.stopped_at == NOON + NINE_DAYS
    assert stopped.stop_reason == "resolution_window_expired"
    assert stopped.incident_id == incident(ANN)


@pytest.mark.rule("F3")
def test_who_was_told_and_when() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(NOON + 3 * DAY)

    assert [
        (notice.account_id, notice.issued_at, notice.campaigns)
        for notice in world.answers.notices()
    ] == [(ANN, NOON, {SPRING: 1}), (ANN, NOON + 3 * DAY, {SPRING: 1})]


@pytest.mark.rule("F3", "N1")
def test_what_is_at_stake_now_and_how_it_could_be_avoided() -> None:
    world = office().given(hear_from(ANN, R1, R2), fail(ANN))
    assert world.clock(ANN).at_stake == 2
    assert world.clock(ANN).cheapest_cure == f"One-Click Reconnect {ANN}"

    world.given(disconnect(ANN))
    assert world.clocks(ANN)[-1].cheapest_cure == (
        f"Connect {ANN}, then add it to FROM EMAIL of {SPRING} again"
    )
    world.given(connect(ANN))
    assert world.clocks(ANN)[-1].cheapest_cure == (
        f"{ANN} is connected: add it to FROM EMAIL of {SPRING} again"
    )
    world.given(add_sender(ANN))
    assert world.clocks(ANN)[-1].cheapest_cure is None


@pytest.mark.rule("F3")
def test_why_a_campaign_is_not_sending() -> None:
    (waiting,) = office().given(pause(), fail(ANN)).answers.waiting_campaigns()

    assert waiting.pause_causes == (f"connection:{ANN}", "user")
    assert waiting.holding == (f"connection:{ANN}",)


@pytest.mark.rule("F3")
def test_nothing_of_the_law_reaches_across_workspaces() -> None:
    world = office().given(hear_from(ANN, R1))
    other = World(workspace="globex")
    other.store, other.time, other.engine = world.store, world.time, world.engine

    other.given(connect(ANN, settings=Settings(signature="Another Ann")), fail(ANN))
    other.tick(NOON + NINE_DAYS)

    assert world.clocks(ANN) == []
    assert world.account(ANN).status == "successful"
    assert world.notices() == []
