"""Two-Step Reconnect: disconnect, then connect (T1-T5)."""

import pytest

from aggregates.rejections import AlreadyConnected, NotConnected
from events.campaign import GracePeriodCured, SenderAdded
from events.email_account import AccountDisconnected, CheckPassed, ConnectionRestored
from events.vocabulary import CampaignStatus, OnAccountTrouble, Settings
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    CLEO,
    CURED,
    DAY,
    DISCONNECT,
    EXPIRED,
    FAILURE,
    HELD,
    HOUR,
    MICROSECOND,
    MINUTE,
    NOON,
    PENDING,
    R1,
    R2,
    R3,
    RUNNING,
    SOLO,
    SPRING,
    STOPPED,
    SUMMER,
    SUPERSEDED,
    World,
    accepted,
    add_sender,
    ann,
    assign,
    clock_started,
    connect,
    connected,
    create,
    create_single,
    disconnect,
    fail,
    hear_from,
    heard_from,
    incident,
    office,
    pause,
    remove_sender,
    removed,
    reserve,
    resume,
    rotation,
    spring,
    start,
    update_settings,
    user_check,
)

HERS = Settings(signature="Best, Ann", sending_speed=40, folders={"sent": "Sent"})


@pytest.mark.rule("T1")
def test_a_disconnect_puts_the_settings_back_and_says_what_they_were() -> None:
    world = World().given(connect(ANN, settings=HERS)).when(disconnect(ANN))

    told = world.recorded(AccountDisconnected).event
    assert isinstance(told, AccountDisconnected)
    assert told.settings_before == HERS
    assert told.settings_after == Settings()
    assert world.account(ANN).settings == Settings().model_dump()


@pytest.mark.rule("T1")
def test_the_settings_it_says_are_the_last_that_were_set() -> None:
    world = World().given(connect(ANN), update_settings(ANN, HERS)).when(disconnect(ANN))

    told = world.recorded(AccountDisconnected).event
    assert isinstance(told, AccountDisconnected)
    assert told.settings_before == HERS


@pytest.mark.rule("T1")
def test_settings_stay_at_defaults_though_the_same_address_returns_to_the_same_slot() -> None:
    world = World().given(connect(ANN, settings=HERS), disconnect(ANN)).when(connect(ANN))

    assert world.account(ANN).slot_id == "s1"
    assert world.account(ANN).settings == Settings().model_dump()


@pytest.mark.rule("T1")
def test_what_the_account_sent_is_kept() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN), add_sender(ANN))

    assert world.recipient(R1).emails_received == 1
    assert world.recipient(R1).sender == ANN


@pytest.mark.rule("T1")
def test_only_a_connected_account_can_be_disconnected_and_only_a_disconnected_one_connected() -> (
    None
):
    gone = AccountDisconnected(
        account_id=ANN,
        slot_id="s1",
        incident_id=incident(ANN),
        settings_before=Settings(),
        settings_after=Settings(),
        grace_period=HOUR,
        deadline_at=NOON + HOUR,
        remind_at=(),
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
        occurred_at=NOON,
    )
    ann.given(connected(ANN)).when(connect(ANN)).refused(AlreadyConnected)
    ann.given(connected(ANN), gone).when(disconnect(ANN)).refused(NotConnected)


@pytest.mark.rule("T1")
def test_settings_of_a_disconnected_account_cannot_be_changed() -> None:
    office().given(disconnect(ANN)).refuses(update_settings(ANN, HERS), because="not_connected")


@pytest.mark.rule("T2")
def test_a_disconnect_takes_the_account_out_of_every_from_email_and_starts_the_hour() -> None:
    world = office().given(create(ANN, BOB, campaign=SUMMER), hear_from(ANN, R1))

    world.when(disconnect(ANN))

    for name, at_stake in ((SPRING, 1), (SUMMER, 0)):
        assert world.campaign(name).from_email == (BOB,)
        assert world.clock(ANN, name).kind is DISCONNECT
        assert world.clock(ANN, name).deadline_at == NOON + HOUR
        assert world.clock(ANN, name).at_stake == at_stake


@pytest.mark.rule("T2")
def test_a_draft_that_lists_the_account_gets_a_clock_and_no_pause() -> None:
    world = World().given(connect(ANN), create(ANN)).when(disconnect(ANN))

    assert world.clock(ANN).outcome is RUNNING
    assert world.campaign().status is CampaignStatus.DRAFT
    assert world.campaign().pause_causes == ()


@pytest.mark.rule("T2", "S10")
def test_removing_the_account_first_is_no_way_round_the_hour() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1))

    world.when(disconnect(ANN)).tick(NOON + HOUR)

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("T2")
def test_a_campaign_that_no_longer_depends_on_the_account_gets_no_clock() -> None:
    world = office().given(assign(R1, ANN), remove_sender(ANN)).when(disconnect(ANN))

    assert world.clocks(ANN) == []


@pytest.mark.rule("T2")
def test_a_disconnect_supersedes_a_failure_clock() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN)).at(NOON + DAY).when(disconnect(ANN))

    failure, hour = world.clocks(ANN)
    assert (failure.kind, failure.outcome, failure.ended_at) == (FAILURE, SUPERSEDED, NOON + DAY)
    assert (hour.kind, hour.outcome) == (DISCONNECT, RUNNING)
    assert hour.deadline_at == NOON + DAY + HOUR


@pytest.mark.rule("T2", "C5")
def test_a_failure_that_a_disconnect_superseded_is_not_cured_by_a_later_check() -> None:
    world = office().given(fail(ANN), disconnect(ANN), connect(ANN)).when(user_check(ANN))

    assert world.facts(ConnectionRestored) == []
    assert len(world.facts(CheckPassed)) == 1


@pytest.mark.rule("T2")
def test_a_failure_clock_is_superseded_even_where_no_hour_follows() -> None:
    world = office().given(assign(R1, ANN), fail(ANN), remove_sender(ANN))

    world.when(disconnect(ANN))

    assert [clock.outcome for clock in world.clocks(ANN)] == [SUPERSEDED]


@pytest.mark.rule("T2")
def test_an_hour_that_already_runs_runs_on() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))

    world.at(NOON + 30 * MINUTE).when(disconnect(ANN))

    assert world.clock(ANN).deadline_at == NOON + HOUR
    world.tick(NOON + HOUR)
    assert world.recipient(R1).stopped_at == NOON + HOUR


@pytest.mark.rule("T2")
def test_a_failure_while_the_hour_runs_starts_no_clock() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))

    world.at(NOON + 30 * MINUTE).when(fail(ANN)).tick(NOON + HOUR)

    assert [clock.kind for clock in world.clocks(ANN)] == [DISCONNECT]
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("T2")
def test_soft_assignments_stay_until_the_hour_is_over() -> None:
    world = office().given(assign(R2, ANN)).when(disconnect(ANN))
    assert world.recipient(R2).sender == ANN

    world.tick(NOON + HOUR)

    assert world.recipient(R2).sender is None
    assert world.recipient(R2).status is PENDING


@pytest.mark.rule("T3")
def test_the_same_account_in_the_slot_clears_the_cause_and_the_campaign_waits_for_its_user() -> (
    None
):
    world = World().given(connect(ANN), create_single("s1"), start(SOLO), disconnect(ANN))
    assert world.campaign(SOLO).pause_causes == (f"connection:{ANN}",)

    world.when(connect(ANN))

    assert world.campaign(SOLO).status is CampaignStatus.PAUSED
    assert world.campaign(SOLO).pause_causes == ()
    world.given(resume(SOLO))


@pytest.mark.rule("T3")
def test_another_address_in_the_slot_is_used_from_then_on() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO))
    world.given(hear_from(ANN, R1, campaign=SOLO), disconnect(ANN))
    assert world.recipient(R1, SOLO).status is HELD
    assert world.recipient(R1, SOLO).sender is None

    world.when(connect(BOB, slot="s1"), resume(SOLO), hear_from(BOB, R1, campaign=SOLO))

    assert world.recipient(R1, SOLO).sender == BOB
    assert world.recipient(R1, SOLO).emails_received == 2
    world.refuses(reserve(ANN, R1, campaign=SOLO), because="sender_not_in_campaign")


@pytest.mark.rule("T3", "P2")
def test_connecting_clears_no_pause_of_the_user() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO), pause(SOLO))

    world.given(disconnect(ANN)).when(connect(ANN))

    assert world.campaign(SOLO).pause_causes == ("user",)


@pytest.mark.rule("T3")
def test_a_rotation_campaign_does_not_take_the_new_connection_by_itself() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).when(connect(CLEO, slot="s1"))

    assert world.campaign().from_email == (BOB,)
    assert world.clock(ANN).outcome is RUNNING
    world.refuses(resume(), because="sender_missing")
    world.refuses(reserve(CLEO, R2), because="campaign_not_running")


@pytest.mark.rule("T3")
def test_the_same_address_in_another_slot_is_the_same_account() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN))

    world.when(connect(ANN, slot="s9"), add_sender(ANN))

    assert world.clock(ANN).outcome is CURED
    assert world.recipient(R1).sender == ANN


@pytest.mark.rule("T3")
def test_a_slot_is_known_though_nobody_sits_in_it_now() -> None:
    world = World().given(connect(ANN), disconnect(ANN)).when(create_single("s1"))

    world.refuses(start(SOLO), because="no_sender")


@pytest.mark.rule("T3")
def test_a_slot_holds_one_mailbox() -> None:
    office().refuses(connect(CLEO, slot="s1"), because="slot_occupied")


@pytest.mark.rule("T4")
def test_readded_within_the_hour_keeps_its_recipients() -> None:
    spring.given(
        rotation(ANN, BOB),
        heard_from(ANN, R1),
        clock_started(ANN, DISCONNECT, at_stake=1),
        removed(ANN, held=1),
    ).when(add_sender(ANN), at=NOON + 59 * MINUTE).then(
        SenderAdded(campaign_id=SPRING, account_id=ANN, occurred_at=NOON + 59 * MINUTE),
        GracePeriodCured(
            campaign_id=SPRING,
            account_id=ANN,
            incident_id=incident(ANN),
            kind=DISCONNECT,
            occurred_at=NOON + 59 * MINUTE,
        ),
    )


@pytest.mark.rule("T4", "S2")
def test_at_the_end_of_the_hour_itself_is_in_time() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).at(NOON + HOUR)

    world.when(connect(ANN), add_sender(ANN), resume())

    assert world.clock(ANN).outcome is CURED
    assert world.recipient(R1).status is ACTIVE
    assert world.recipient(R1).sender == ANN


@pytest.mark.rule("T4", "S2")
def test_a_microsecond_after_the_hour_is_late() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))

    world.at(NOON + HOUR + MICROSECOND).when(add_sender(ANN))

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("T4")
def test_reconnecting_alone_cures_nothing() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).when(connect(ANN))
    assert world.clock(ANN).outcome is RUNNING

    world.tick(NOON + HOUR)

    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("T4")
def test_campaigns_to_which_it_was_not_readded_are_not_cured() -> None:
    world = office().given(create(ANN, BOB, campaign=SUMMER), start(SUMMER))
    world.given(hear_from(ANN, R1), hear_from(ANN, R1, campaign=SUMMER), disconnect(ANN))

    world.when(connect(ANN), add_sender(ANN, SUMMER)).tick(NOON + HOUR)

    assert world.clock(ANN, SUMMER).outcome is CURED
    assert world.clock(ANN, SPRING).outcome is EXPIRED
    assert world.recipient(R1, SUMMER).status is ACTIVE
    assert world.recipient(R1, SPRING).status is STOPPED


@pytest.mark.rule("T4")
def test_an_account_that_is_not_reconnected_cannot_be_readded() -> None:
    office().given(disconnect(ANN)).refuses(add_sender(ANN), because="sender_not_connected")


@pytest.mark.rule("T5")
def test_readded_too_late_it_takes_only_those_who_heard_from_nobody() -> None:
    world = office().given(hear_from(ANN, R1), hear_from(BOB, R2), disconnect(ANN))
    world.at(NOON + 2 * HOUR).given(connect(ANN), add_sender(ANN), resume())

    world.refuses(reserve(ANN, R1), because="recipient_stopped")
    world.refuses(assign(R1, ANN), because="recipient_stopped")
    world.refuses(reserve(ANN, R2), because="fixed_sender_is_other")
    world.refuses(assign(R2, ANN), because="already_received_email")
    world.when(reserve(ANN, R3), accepted(R3))

    assert world.recipient(R3).sender == ANN
    assert world.recipient(R3).sender_fixed
