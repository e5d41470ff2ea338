"""One-Click Reconnect: keeps everything, and counts only once verified (R1-R3)."""

import pytest

from aggregates.rejections import (
    ConfigurationChanged,
    IdentityMismatch,
    InsufficientScope,
    Rejected,
    StillFailing,
)
from events.campaign import RecipientAssigned
from events.email_account import OneClickReconnected, OneClickRejected
from events.vocabulary import CampaignStatus, ConnectionStatus, FailureClass, Settings
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    DAY,
    HELD,
    HOUR,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    RUNNING,
    SOLO,
    SPRING,
    WELL,
    World,
    ann,
    assign,
    connect,
    connected,
    create,
    create_single,
    fail,
    failed,
    hear_from,
    office,
    one_click,
    reserve,
    resume,
    start,
    update_settings,
)

EVERYTHING_SET = Settings(
    signature="Best, Ann",
    sender_name="Ann A.",
    sending_speed=40,
    limits={"per_day": 30},
    schedule={"monday": "9-17"},
    folders={"sent": "Sent"},
)


def senders(world: World) -> dict[str, tuple[str | None, bool]]:
    return {
        each.recipient_id: (each.sender, each.sender_fixed)
        for each in world.answers.recipients(SPRING)
    }


@pytest.mark.rule("R1")
def test_keeps_every_setting_the_address_the_slot_and_every_sender() -> None:
    world = World().given(connect(ANN, settings=EVERYTHING_SET), connect(BOB))
    world.given(create(ANN, BOB), start(), hear_from(ANN, R1), assign(R2, BOB))
    before = world.account(ANN), senders(world)

    world.given(fail(ANN)).at(NOON + DAY).when(one_click(ANN))

    after = world.account(ANN)
    assert after.settings == EVERYTHING_SET.model_dump()
    assert (after, senders(world)) == (before[0]._replace(since=NOON + DAY), before[1])


@pytest.mark.rule("R1")
def test_keeps_what_was_set_while_the_account_was_failing() -> None:
    world = office().given(fail(ANN), update_settings(ANN, EVERYTHING_SET)).when(one_click(ANN))

    assert world.account(ANN).settings == EVERYTHING_SET.model_dump()


@pytest.mark.rule("R2")
def test_counts_once_verified() -> None:
    ann.given(connected(ANN)).when(one_click(ANN)).then(
        OneClickReconnected(account_id=ANN, report=WELL, occurred_at=NOON)
    )


@pytest.mark.rule("R2")
@pytest.mark.parametrize(
    "reason", [StillFailing, InsufficientScope, IdentityMismatch, ConfigurationChanged]
)
def test_is_refused_with_the_reason_which_is_remembered(reason: type[Rejected]) -> None:
    ann.given(connected(ANN), failed(ANN)).when(one_click(ANN, reason.code)).refused(
        reason, OneClickRejected(account_id=ANN, reason=reason.code, occurred_at=NOON)
    )


@pytest.mark.rule("R2")
@pytest.mark.parametrize("found", list(FailureClass))
def test_is_refused_when_its_check_fails_whatever_the_class(found: FailureClass) -> None:
    expected = {
        FailureClass.AUTH_INSUFFICIENT_SCOPE: "insufficient_scope",
        FailureClass.IDENTITY_MISMATCH: "identity_mismatch",
    }.get(found, "still_failing")
    world = office().given(fail(ANN))

    world.refuses(one_click(ANN, found=found), because=expected)

    assert world.account(ANN).status is ConnectionStatus.FAILED


@pytest.mark.rule("R2")
def test_the_old_clock_runs_on_when_it_is_refused() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + 8 * DAY)

    world.refuses(one_click(ANN, "still_failing"), because="still_failing")

    assert world.clock(ANN).outcome is RUNNING
    assert world.clock(ANN).deadline_at == NOON + NINE_DAYS


@pytest.mark.rule("R2")
def test_other_servers_are_a_change_of_configuration() -> None:
    world = office().given(fail(ANN))

    world.refuses(
        one_click(ANN, configuration="imap.elsewhere.test:993"), because="configuration_changed"
    )


@pytest.mark.rule("R2")
def test_a_new_password_or_token_is_no_change_of_configuration() -> None:
    world = office().given(fail(ANN)).when(one_click(ANN, credentials="secret/ann/2"))

    assert world.account(ANN).status is ConnectionStatus.SUCCESSFUL


@pytest.mark.rule("R2")
@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("insufficient_scope", "Tick the box on the next Reconnect"),
        ("identity_mismatch", "Two-Step"),
        ("configuration_changed", "Two-Step"),
    ],
)
def test_a_refusal_says_what_to_do_next(reason: str, advice: str) -> None:
    assert advice in office().given(fail(ANN)).refuses(one_click(ANN, reason), because=reason)


@pytest.mark.rule("R3")
def test_whoever_received_an_email_stays_and_goes_on_after_the_user_resumes() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN))
    assert world.recipient(R1).status is HELD

    world.at(NOON + HOUR).when(one_click(ANN))
    assert world.campaign().status is CampaignStatus.PAUSED
    world.refuses(reserve(ANN, R1), because="campaign_not_running")

    world.when(resume(), hear_from(ANN, R1))
    assert world.recipient(R1).status is ACTIVE
    assert world.recipient(R1).sender == ANN
    assert world.recipient(R1).emails_received == 2
    world.refuses(reserve(BOB, R1), because="fixed_sender_is_other")


@pytest.mark.rule("R3")
def test_a_soft_assignment_stays_too() -> None:
    world = office().given(assign(R3, ANN), fail(ANN)).when(one_click(ANN), resume())

    assert world.recipient(R3).sender == ANN
    assert len(world.facts(RecipientAssigned)) == 1


@pytest.mark.rule("R3")
def test_a_single_sender_campaign_goes_on_where_it_was() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO))
    world.given(hear_from(ANN, R1, campaign=SOLO), fail(ANN))
    assert world.recipient(R1, SOLO).status is HELD

    world.when(one_click(ANN), resume(SOLO), hear_from(ANN, R1, campaign=SOLO))

    assert world.recipient(R1, SOLO).status is ACTIVE
    assert world.recipient(R1, SOLO).emails_received == 2
