"""Pausing and resuming: what pauses a campaign, and that only its user resumes it (P1-P4)."""

import pytest

from aggregates.campaign.commands import CreateCampaign, PauseForConnection
from aggregates.command import DEFAULT_POLICY, Policy
from aggregates.rejections import AlreadyRunning, CampaignNotRunning, SenderMissing
from events.campaign import CampaignPaused, CampaignResumed
from events.email_account import AccountDisconnected, ConnectionFailed
from events.vocabulary import CampaignStatus, FailureClass, GivenUp, Mode, OnAccountTrouble
from processors import roster
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    CURED,
    DAY,
    DISCONNECT,
    EXPIRED,
    FINISHED,
    HELD,
    HOLD_SENDER,
    HOUR,
    MINUTE,
    NINE_DAYS,
    NOON,
    PENDING,
    R1,
    R2,
    R3,
    RUNNING,
    SOLO,
    SPRING,
    STOPPED,
    Move,
    World,
    add_sender,
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
    office,
    one_click,
    pause,
    remove_sender,
    removed,
    reserve,
    resume,
    rotation,
    signal,
    spring,
    start,
    user_check,
)

DUE_TO_ANN = f"connection:{ANN}"
BOTH = [DEFAULT_POLICY, HOLD_SENDER]


@pytest.mark.rule("P1")
@pytest.mark.parametrize(
    "trouble", [fail(ANN), user_check(ANN, FailureClass.UNKNOWN), disconnect(ANN)]
)
def test_trouble_of_a_listed_account_pauses_the_campaign(trouble: Move) -> None:
    world = office().when(trouble)

    assert world.campaign().status is CampaignStatus.PAUSED
    assert world.campaign().pause_causes == (DUE_TO_ANN,)


@pytest.mark.rule("P1")
def test_a_paused_campaign_gains_the_cause() -> None:
    world = office().given(pause()).when(fail(ANN), disconnect(BOB))

    assert world.campaign().pause_causes == (DUE_TO_ANN, f"connection:{BOB}", "user")


@pytest.mark.rule("P1")
@pytest.mark.parametrize("policy", BOTH)
def test_a_draft_gains_no_cause(policy: Policy) -> None:
    world = World(policy).given(connect(ANN), create(ANN)).when(fail(ANN))

    assert world.campaign().status is CampaignStatus.DRAFT
    assert world.campaign().pause_causes == ()


@pytest.mark.rule("P1")
def test_a_finished_campaign_gains_no_cause() -> None:
    world = office().given(signal(FINISHED, R1, R2, R3)).when(disconnect(ANN))

    assert world.campaign().status is CampaignStatus.FINISHED
    assert world.campaign().pause_causes == ()


@pytest.mark.rule("P1")
def test_an_account_that_was_removed_pauses_nothing() -> None:
    world = office().given(hear_from(ANN, R1), remove_sender(ANN, confirmed=1)).when(fail(ANN))

    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("P1")
def test_the_same_cause_joins_once() -> None:
    trouble = PauseForConnection(
        campaign_id=SPRING,
        account_id=ANN,
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
    )
    paused = CampaignPaused(campaign_id=SPRING, cause=DUE_TO_ANN, occurred_at=NOON)

    spring.given(rotation(ANN)).when(trouble).then(paused)
    spring.given(rotation(ANN), paused).when(trouble).then_nothing()


@pytest.mark.rule("P1")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
def test_holding_the_sender_lets_a_rotation_campaign_run_on(trouble: Move) -> None:
    world = office(HOLD_SENDER).given(hear_from(ANN, R1), hear_from(BOB, R2)).when(trouble)

    assert world.campaign().status is CampaignStatus.RUNNING
    assert world.campaign().pause_causes == ()
    assert world.statuses() == {R1: HELD, R2: ACTIVE, R3: PENDING}
    world.given(hear_from(BOB, R2))
    assert world.tell(reserve(ANN, R1)).refusal is not None


@pytest.mark.rule("P1")
def test_held_recipients_go_on_by_themselves_once_the_sender_is_successful() -> None:
    world = office(HOLD_SENDER).given(hear_from(ANN, R1), fail(ANN)).when(one_click(ANN))

    assert world.recipient(R1).status is ACTIVE
    world.given(hear_from(ANN, R1))


@pytest.mark.rule("P1")
def test_held_recipients_go_on_only_once_the_sender_is_listed_again() -> None:
    world = office(HOLD_SENDER).given(hear_from(ANN, R1), disconnect(ANN), connect(ANN))
    assert world.recipient(R1).status is HELD
    world.refuses(reserve(ANN, R1), because="sender_not_in_campaign")

    world.when(add_sender(ANN))

    assert world.recipient(R1).status is ACTIVE
    world.given(hear_from(ANN, R1))


@pytest.mark.rule("P1")
@pytest.mark.parametrize("trouble", [fail(ANN), disconnect(ANN)])
@pytest.mark.parametrize("policy", BOTH)
def test_single_sender_campaigns_are_paused_under_either_policy(
    policy: Policy, trouble: Move
) -> None:
    world = World(policy).given(connect(ANN), create_single("s1"), start(SOLO)).when(trouble)

    assert world.campaign(SOLO).pause_causes == (DUE_TO_ANN,)


@pytest.mark.rule("P1", "P3")
def test_under_hold_a_failing_account_refuses_neither_start_nor_resume() -> None:
    world = World(HOLD_SENDER).given(connect(ANN), connect(BOB), create(ANN, BOB), fail(ANN))

    world.when(start(), pause(), resume())

    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("P1", "P3")
def test_under_hold_somebody_must_be_successful() -> None:
    world = World(HOLD_SENDER).given(connect(ANN), create(ANN), fail(ANN))

    world.refuses(start(), because="sender_not_connected")


@pytest.mark.rule("P1")
@pytest.mark.parametrize("policy", BOTH)
def test_the_policy_in_force_is_recorded_with_the_trouble(policy: Policy) -> None:
    world = office(policy).when(fail(ANN), disconnect(BOB))

    for fact in world.facts(ConnectionFailed, AccountDisconnected):
        assert isinstance(fact, ConnectionFailed | AccountDisconnected)
        assert fact.on_account_trouble is policy.on_account_trouble


@pytest.mark.rule("P2")
def test_a_reconnect_removes_its_own_cause_and_never_resumes() -> None:
    world = office().given(fail(ANN), fail(BOB)).when(one_click(ANN))
    assert world.campaign().pause_causes == (f"connection:{BOB}",)

    world.when(one_click(BOB))

    assert world.campaign().pause_causes == ()
    assert world.campaign().status is CampaignStatus.PAUSED


@pytest.mark.rule("P2")
def test_a_pause_of_the_user_is_never_cleared_by_the_system() -> None:
    world = office().given(pause(), fail(ANN)).when(one_click(ANN))

    assert world.campaign().pause_causes == ("user",)


@pytest.mark.rule("P2")
def test_pausing_twice_is_one_pause() -> None:
    world = office().given(pause()).when(pause())

    assert len(world.facts(CampaignPaused)) == 1


@pytest.mark.rule("P2")
def test_the_engine_says_which_campaigns_wait_for_their_user() -> None:
    world = office().given(fail(ANN))
    (waiting,) = world.answers.waiting_campaigns()
    assert waiting.holding == (DUE_TO_ANN,)

    world.when(one_click(ANN))

    (waiting,) = world.answers.waiting_campaigns()
    assert (waiting.campaign_id, waiting.holding) == (SPRING, ())


@pytest.mark.rule("P3")
def test_a_resume_is_refused_while_a_cause_holds() -> None:
    office().given(fail(ANN)).refuses(resume(), because="pause_cause_holds")


@pytest.mark.rule("P3")
def test_a_cause_whose_account_left_from_email_no_longer_holds() -> None:
    world = office().given(fail(ANN), remove_sender(ANN)).when(resume())

    assert world.campaign().status is CampaignStatus.RUNNING
    assert world.campaign().pause_causes == ()


@pytest.mark.rule("P3")
def test_a_cause_that_no_longer_holds_leaves_when_its_account_is_reconnected() -> None:
    world = office().given(fail(ANN), remove_sender(ANN))
    assert world.campaign().pause_causes == (DUE_TO_ANN,)

    world.when(one_click(ANN))

    assert world.campaign().pause_causes == ()


@pytest.mark.rule("P3")
def test_start_and_resume_need_a_sender() -> None:
    world = World().given(connect(ANN), create())
    world.refuses(start(), because="no_sender")

    world.given(add_sender(ANN), start(), pause(), remove_sender(ANN))

    world.refuses(resume(), because="no_sender")


@pytest.mark.rule("P3")
@pytest.mark.parametrize(
    ("mode", "slot_id", "accounts"),
    [(Mode.SINGLE, None, ()), (Mode.SINGLE, "s1", (ANN,)), (Mode.ROTATION, "s1", ())],
)
def test_a_campaign_sends_from_a_slot_or_from_accounts_as_its_mode_says(
    mode: Mode, slot_id: str | None, accounts: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=f"a {mode} campaign cannot have this slot or these acc"):
        CreateCampaign(campaign_id=SPRING, mode=mode, slot_id=slot_id, account_ids=accounts)


@pytest.mark.rule("P1")
def test_a_paused_campaign_is_found_by_the_whole_address_of_its_account() -> None:
    odd = "ann@[ipv6:::1]"
    paused = CampaignPaused(campaign_id=SPRING, cause=f"connection:{odd}", occurred_at=NOON)
    by_user = CampaignPaused(campaign_id=SPRING, cause="user", occurred_at=NOON)

    assert list(roster.entries(paused)) == [(f"account:{odd}", SPRING)]
    assert list(roster.entries(by_user)) == []


@pytest.mark.rule("P3")
def test_an_empty_slot_is_no_sender() -> None:
    world = World().given(connect(ANN), create_single("s1"), start(SOLO), disconnect(ANN))

    world.refuses(resume(SOLO), because="no_sender")


@pytest.mark.rule("P3")
def test_a_start_is_refused_while_a_listed_account_is_not_successful() -> None:
    world = World().given(connect(ANN), connect(BOB), create(ANN, BOB), fail(ANN))

    world.refuses(start(), because="sender_not_connected")


@pytest.mark.rule("P3")
def test_a_slot_whose_account_fails_refuses_start_and_resume() -> None:
    world = World().given(connect(ANN), create_single("s1"), fail(ANN))
    world.refuses(start(SOLO), because="sender_not_connected")

    world.given(one_click(ANN), start(SOLO), fail(ANN))

    world.refuses(resume(SOLO), because="pause_cause_holds")


@pytest.mark.rule("P3")
@pytest.mark.parametrize("policy", BOTH)
def test_while_the_hour_runs_a_resume_tells_the_number_at_stake_and_the_deadline(
    policy: Policy,
) -> None:
    world = office(policy).given(hear_from(ANN, R1, R2), pause(), disconnect(ANN))

    told = world.refuses(resume(), because="sender_missing")

    assert "2 recipients" in told
    assert "2026-03-02T13:00:00Z" in told


@pytest.mark.rule("P3")
def test_an_account_that_was_reconnected_and_not_readded_is_still_missing() -> None:
    world = office().given(disconnect(ANN), connect(ANN))

    world.refuses(resume(), because="sender_missing")


@pytest.mark.rule("P3")
def test_the_user_may_knowingly_go_on_without_the_account() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN))

    world.when(resume(without=[ANN]))

    resumed = world.recorded(CampaignResumed).event
    assert isinstance(resumed, CampaignResumed)
    assert resumed.given_up == (GivenUp(account_id=ANN, at_stake=1, deadline_at=NOON + HOUR),)
    assert world.clock(ANN).outcome is RUNNING
    world.tick(NOON + HOUR)
    assert world.recipient(R1).status is STOPPED


@pytest.mark.rule("P3", "T4")
def test_who_was_given_up_may_still_return_in_time() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN), resume(without=[ANN]))

    world.at(NOON + 59 * MINUTE).when(connect(ANN), add_sender(ANN))

    assert world.clock(ANN).outcome is CURED
    assert world.recipient(R1).status is ACTIVE


@pytest.mark.rule("P3")
def test_naming_one_account_gives_up_no_other() -> None:
    history = (
        rotation(ANN, BOB, "cleo@acme.test"),
        heard_from(BOB, R1),
        CampaignPaused(campaign_id=SPRING, cause="user", occurred_at=NOON),
        clock_started(ANN, DISCONNECT),
        clock_started(BOB, DISCONNECT, at_stake=1),
        removed(ANN),
        removed(BOB, held=1),
    )
    spring.given(*history).when(resume(without=[ANN])).refused(SenderMissing)
    spring.given(*history).when(resume(without=[ANN, BOB])).then(
        CampaignResumed(
            campaign_id=SPRING,
            on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
            given_up=tuple(
                GivenUp(account_id=account, at_stake=at_stake, deadline_at=NOON + HOUR)
                for account, at_stake in ((ANN, 0), (BOB, 1))
            ),
            occurred_at=NOON,
        )
    )


@pytest.mark.rule("P3")
def test_after_the_hour_a_resume_needs_no_names() -> None:
    world = office().given(hear_from(ANN, R1), disconnect(ANN)).at(NOON + 2 * HOUR)

    world.when(resume())

    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("P3")
def test_a_draft_starts_hour_or_no_hour() -> None:
    world = World().given(connect(ANN), connect(BOB), create(ANN, BOB), disconnect(ANN))

    world.when(start())

    assert world.campaign().status is CampaignStatus.RUNNING
    assert world.clock(ANN).outcome is RUNNING


@pytest.mark.rule("P3")
def test_start_is_for_drafts_only_and_resume_for_the_paused() -> None:
    running = spring.given(rotation(ANN))
    running.when(start()).refused(AlreadyRunning)
    running.when(resume()).refused(AlreadyRunning)
    paused = running.given(CampaignPaused(campaign_id=SPRING, cause="user", occurred_at=NOON))
    paused.when(start()).refused(AlreadyRunning)
    draft = spring.given(rotation(ANN)[:-1])
    draft.when(resume()).refused(CampaignNotRunning)
    draft.when(pause()).refused(CampaignNotRunning)


@pytest.mark.rule("P3")
def test_a_finished_campaign_takes_no_pause_start_or_resume() -> None:
    world = office().given(signal(FINISHED, R1, R2, R3))

    for command in (pause(), start(), resume()):
        world.refuses(command, because="campaign_not_running")


@pytest.mark.rule("P3")
def test_an_import_that_adds_someone_reopens_a_finished_campaign() -> None:
    world = office().given(signal(FINISHED, R1, R2, R3)).when(import_recipients(R1))
    assert world.campaign().status is CampaignStatus.FINISHED

    world.when(import_recipients("r9"))

    assert world.campaign().status is CampaignStatus.RUNNING


@pytest.mark.rule("P4")
@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize("meanwhile", [(), (pause(),)])
def test_the_nine_days_run_whether_or_not_the_campaign_is_paused(
    meanwhile: tuple[Move, ...], policy: Policy
) -> None:
    world = office(policy).given(hear_from(ANN, R1), *meanwhile, fail(ANN))

    world.tick(NOON + NINE_DAYS)

    assert world.clock(ANN).outcome is EXPIRED
    assert world.recipient(R1).stopped_at == NOON + NINE_DAYS


@pytest.mark.rule("P4")
def test_the_hour_runs_for_a_campaign_that_was_paused_long_before() -> None:
    world = office().given(hear_from(ANN, R1), pause()).at(NOON + DAY).given(disconnect(ANN))

    world.tick(NOON + DAY + HOUR)

    assert world.recipient(R1).stopped_at == NOON + DAY + HOUR
    assert incident(ANN) == world.recipient(R1).incident_id
