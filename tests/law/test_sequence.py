"""Sequences: one id for a message for ever, no blind retry, no word before the inbox was read
(M2, M4, M5)."""

from datetime import datetime
from itertools import product

import pytest

from aggregates.campaign import Campaign
from aggregates.campaign.pace import message_key
from aggregates.command import Command
from events.campaign import (
    CampaignFinished,
    EmailOutcomeUnknown,
    RecipientFinished,
    SendReserved,
    SentSearched,
    SequenceSet,
)
from events.email_account import SentSearchProved
from events.sequence import Step
from events.vocabulary import SearchResult
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    FINISHED,
    HOUR,
    INTRO,
    LAST,
    MICROSECOND,
    MINUTE,
    NOON,
    NUDGE,
    R1,
    R2,
    REPLIED,
    SPRING,
    STEPS,
    World,
    accepted,
    add_sender,
    connect,
    create,
    disconnect,
    fail,
    finish,
    mailing,
    message,
    one_click,
    out_of_office,
    pass_check,
    pause,
    planned,
    prove_search,
    reserve_step,
    resume,
    search,
    sent,
    sequence,
    set_sequence,
    signal,
    spring,
    step_reserved,
    unknown,
)

FOUND, ABSENT, INCONCLUSIVE = SearchResult.FOUND, SearchResult.ABSENT, SearchResult.INCONCLUSIVE
LONG_ENOUGH = NOON + 10 * MINUTE
DUE = NOON + 3 * DAY


def lost(recipient: str, step: str = INTRO) -> list[Command]:
    return [reserve_step(ANN, recipient, step), unknown(recipient, message(recipient, step))]


def seen(world: World) -> Campaign:
    with world.engine.look(world.workspace) as workspace:
        return workspace.campaign(SPRING)


# M2: one id for ever.


@pytest.mark.rule("M2")
def test_a_message_has_the_same_id_for_ever_and_no_other_has_it() -> None:
    mails = (sequence(), sequence(mail_id="mail-2"))

    ids = {
        message_key(mail, recipient, step)
        for mail, recipient, step in product(mails, (R1, R2), (INTRO, NUDGE))
    }

    assert len(ids) == 8
    assert message(R1) == "4beafb0f69a7a3163ec6fff0aa625437"


@pytest.mark.rule("M2")
def test_an_id_depends_on_random_ids_and_the_steps_name_alone() -> None:
    renamed = sequence(Step(name=INTRO, subject="Another", text="text"), zone="Asia/Tokyo")

    assert message_key(renamed, R1, INTRO) == message(R1)
    assert not any(word in message(R1) for word in (R1, INTRO, "mail-1"))


@pytest.mark.rule("M2")
def test_the_id_behind_the_messages_stays_when_the_sequence_changes() -> None:
    world = mailing().given(set_sequence(*STEPS, mail_id="another", daily_limit=7))

    changed = world.facts(SequenceSet)[-1]
    assert isinstance(changed, SequenceSet)
    assert (changed.sequence.mail_id, changed.sequence.daily_limit) == ("mail-1", 7)


@pytest.mark.rule("M2")
def test_the_id_behind_the_messages_is_the_one_drawn_when_the_campaign_was_created() -> None:
    """In a copy of the store that lacks its sequence the campaign sends the same messages."""
    world = World().given(connect(ANN), create(ANN, mail_id="mail-0"))

    world.given(set_sequence(mail_id="mail-1"), set_sequence(*STEPS[:2], mail_id="mail-2"))

    told = [each for each in world.facts(SequenceSet) if isinstance(each, SequenceSet)]
    assert [each.sequence.mail_id for each in told] == ["mail-0", "mail-0"]


@pytest.mark.rule("M2")
def test_the_same_sequence_again_is_nothing_new() -> None:
    spring.given(planned()).when(set_sequence(mail_id="another")).then_nothing()


# M2: what is unknown.


@pytest.mark.rule("M2")
def test_what_follows_an_unknown_outcome_waits_for_the_search() -> None:
    world = mailing().given(lost(R1)).at(DUE)
    nudge = reserve_step(ANN, R1, NUDGE, read=DUE)

    world.refuses(nudge, because="outcome_unknown")

    world.given(search(R1, message(R1), FOUND), nudge)


@pytest.mark.rule("M2")
@pytest.mark.parametrize("proved", [True, False])
@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("result", SearchResult)
def test_absence_is_proved_only_where_searches_work_and_ten_minutes_after_the_send(
    result: SearchResult, *, proved: bool, late: bool
) -> None:
    world = mailing().given(lost(R1))
    if proved:
        world.given(prove_search(ANN))

    world.at(LONG_ENOUGH - (0 * MINUTE if late else MICROSECOND))
    world.given(search(R1, message(R1), result))

    (answer,) = world.facts(SentSearched)
    assert isinstance(answer, SentSearched)
    believed = result is not ABSENT or (proved and late)
    assert answer.result == (result if believed else INCONCLUSIVE)


@pytest.mark.rule("M2")
def test_a_message_that_was_not_sent_is_sent_again_under_the_same_id() -> None:
    world = mailing().given(lost(R1), prove_search(ANN)).at(LONG_ENOUGH)
    world.given(search(R1, message(R1), ABSENT))

    world.given(sent(ANN, R1, read=LONG_ENOUGH))

    reserved = [each for each in world.facts(SendReserved) if isinstance(each, SendReserved)]
    assert [each.send_id for each in reserved] == [message(R1)] * 2
    assert seen(world).recipients[R1].emails == 1
    following = LONG_ENOUGH + 3 * DAY
    world.at(following - MICROSECOND).refuses(
        reserve_step(ANN, R1, NUDGE, read=following), because="not_yet"
    )


@pytest.mark.rule("M1", "M2")
def test_a_message_that_was_not_sent_keeps_its_sender() -> None:
    world = mailing().given(lost(R1), prove_search(ANN)).at(LONG_ENOUGH)
    world.given(search(R1, message(R1), ABSENT))

    world.refuses(reserve_step(BOB, R1, read=LONG_ENOUGH), because="fixed_sender_is_other")


@pytest.mark.rule("M2")
@pytest.mark.parametrize("answer", [FOUND, INCONCLUSIVE])
def test_what_was_found_or_proves_nothing_is_never_sent_again(answer: SearchResult) -> None:
    world = mailing().given(lost(R1), search(R1, message(R1), answer))
    world.given(prove_search(ANN)).at(DUE)

    world.given(search(R1, message(R1), ABSENT))

    assert [each.result for each in answers(world)] == [answer]
    world.refuses(reserve_step(ANN, R1, INTRO, read=DUE), because="not_the_next_step")
    world.given(reserve_step(ANN, R1, NUDGE, read=DUE))


def answers(world: World) -> list[SentSearched]:
    return [each for each in world.facts(SentSearched) if isinstance(each, SentSearched)]


@pytest.mark.rule("M2")
def test_what_is_found_after_all_is_recorded_and_what_was_found_stays_found() -> None:
    world = mailing().given(lost(R1), search(R1, message(R1), INCONCLUSIVE))

    world.given(search(R1, message(R1), FOUND), search(R1, message(R1), INCONCLUSIVE))

    assert [each.result for each in answers(world)] == [INCONCLUSIVE, FOUND]


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    "reconnect",
    [
        [one_click(ANN)],
        [disconnect(ANN), connect(ANN), add_sender(ANN), resume()],
        [fail(ANN), pass_check(ANN), resume()],
    ],
)
def test_a_reconnect_resets_what_proved_that_searches_work(reconnect: list[Command]) -> None:
    world = mailing().given(lost(R1), prove_search(ANN), reconnect)

    world.at(LONG_ENOUGH).given(search(R1, message(R1), ABSENT))

    assert [each.result for each in answers(world)] == [INCONCLUSIVE]
    world.given(prove_search(ANN))
    assert len(world.facts(SentSearchProved)) == 2


@pytest.mark.rule("M2")
def test_a_proof_of_one_account_says_nothing_of_another() -> None:
    world = mailing().given(lost(R1), prove_search(BOB)).at(LONG_ENOUGH)

    world.given(search(R1, message(R1), ABSENT))

    assert [each.result for each in answers(world)] == [INCONCLUSIVE]


# Editing.


@pytest.mark.rule("M2")
def test_an_edited_sequence_touches_only_what_is_not_sent_yet() -> None:
    world = mailing().given(sent(ANN, R1)).at(DUE)

    world.given(set_sequence(STEPS[0], Step(name="another"), STEPS[2]))

    world.refuses(reserve_step(ANN, R1, NUDGE, read=DUE), because="not_the_next_step")
    world.given(sent(ANN, R1, "another", read=DUE))
    world.refuses(reserve_step(ANN, R1, INTRO, read=DUE), because="not_the_next_step")


@pytest.mark.rule("M2")
def test_a_step_put_before_what_was_sent_goes_to_others_only() -> None:
    world = mailing().given(sent(ANN, R1)).at(DUE)

    world.given(set_sequence(Step(name="early"), *STEPS))

    world.given(reserve_step(ANN, R1, NUDGE, read=DUE), reserve_step(ANN, R2, "early"))


# M4: the inbox comes first.


@pytest.mark.rule("M4")
@pytest.mark.parametrize(
    ("read", "fresh"),
    [
        (DUE, True),
        (DUE - 2 * MINUTE, True),
        (DUE - 2 * MINUTE - MICROSECOND, False),
        (None, False),
    ],
)
def test_no_follow_up_leaves_unless_the_inbox_was_read_lately(
    read: datetime | None, *, fresh: bool
) -> None:
    world = mailing().given(sent(ANN, R1)).at(DUE)
    nudge = reserve_step(ANN, R1, NUDGE, read=read)

    if not fresh:
        world.refuses(nudge, because="inbox_not_read")
        return
    world.given(nudge)
    reserved = world.facts(SendReserved)[-1]
    assert isinstance(reserved, SendReserved)
    assert (reserved.inbox_read_until, reserved.freshness) == (read, 2 * MINUTE)


@pytest.mark.rule("M4")
def test_a_first_message_needs_no_inbox() -> None:
    world = mailing().given(reserve_step(ANN, R1))

    reserved = world.recorded(SendReserved).event
    assert isinstance(reserved, SendReserved)
    assert (reserved.inbox_read_until, reserved.freshness) == (None, None)


@pytest.mark.rule("M4")
def test_a_message_that_may_have_arrived_is_a_follow_up_of_itself() -> None:
    world = mailing().given(lost(R1), prove_search(ANN)).at(LONG_ENOUGH)
    world.given(search(R1, message(R1), ABSENT))

    world.refuses(reserve_step(ANN, R1), because="inbox_not_read")


@pytest.mark.rule("M4")
@pytest.mark.parametrize(
    "reconnect",
    [
        [one_click(ANN)],
        [disconnect(ANN), connect(ANN), add_sender(ANN), resume()],
        [fail(ANN), pass_check(ANN), resume()],
    ],
)
def test_after_an_outage_the_inbox_is_read_up_to_the_reconnection_first(
    reconnect: list[Command],
) -> None:
    world = mailing().given(sent(ANN, R1)).at(DUE).given(reconnect)

    world.refuses(reserve_step(ANN, R1, NUDGE, read=DUE - MICROSECOND), because="inbox_not_read")

    world.given(reserve_step(ANN, R1, NUDGE, read=DUE))


@pytest.mark.rule("M4", "M5")
def test_who_answered_gets_no_follow_up() -> None:
    world = mailing().given(sent(ANN, R1), signal(REPLIED, R1)).at(DUE)

    world.refuses(reserve_step(ANN, R1, NUDGE, read=DUE), because="recipient_terminal")


@pytest.mark.rule("M5")
def test_who_is_out_of_office_gets_no_follow_up_before_the_date() -> None:
    back = DUE + DAY
    world = mailing().given(sent(ANN, R1), out_of_office(R1, back)).at(DUE)

    world.refuses(reserve_step(ANN, R1, NUDGE, read=DUE), because="sender_held")

    world.tick(back).given(reserve_step(ANN, R1, NUDGE, read=back))


# The end.

ALL_SENT = NOON + 10 * DAY
OVER = ALL_SENT + 7 * DAY


def all_sent() -> World:
    world = mailing(to=(R1,)).given(sent(ANN, R1)).at(DUE).given(sent(ANN, R1, NUDGE, read=DUE))
    return world.at(ALL_SENT).given(sent(ANN, R1, LAST, read=ALL_SENT))


@pytest.mark.rule("M4")
def test_nobody_is_finished_before_the_last_delay_is_over_and_the_inbox_was_read_up_to_then() -> (
    None
):
    world = all_sent().at(OVER - MICROSECOND)
    world.refuses(finish(R1, read=OVER), because="not_finished")

    world.at(OVER + HOUR).refuses(finish(R1, read=OVER - MICROSECOND), because="not_finished")
    world.given(finish(R1, read=OVER))

    ended = world.recorded(RecipientFinished).event
    assert isinstance(ended, RecipientFinished)
    assert (ended.occurred_at, ended.account_id) == (OVER, ANN)
    assert world.recorded(CampaignFinished).event.occurred_at == OVER
    assert world.recipient(R1).status is FINISHED


@pytest.mark.rule("M4")
def test_somebody_with_a_message_on_its_way_is_not_finished() -> None:
    world = mailing(STEPS[0]).given(reserve_step(ANN, R1)).at(NOON + 30 * DAY)

    world.refuses(finish(R1, read=NOON + 30 * DAY), because="not_finished")


@pytest.mark.rule("M4")
def test_somebody_who_replied_meanwhile_is_not_finished() -> None:
    world = all_sent().given(signal(REPLIED, R1)).at(OVER)

    world.refuses(finish(R1, read=OVER), because="recipient_terminal")


@pytest.mark.rule("M4")
def test_the_only_step_of_a_sequence_waits_three_days_for_an_answer() -> None:
    world = mailing(STEPS[0]).given(sent(ANN, R1)).at(DUE - MICROSECOND)
    world.refuses(finish(R1, read=DUE), because="not_finished")

    world.at(DUE).given(finish(R1, read=DUE))


@pytest.mark.rule("M4")
def test_a_last_message_of_unknown_outcome_counts_as_received() -> None:
    world = mailing(STEPS[0]).given(lost(R1)).at(DUE)

    world.given(finish(R1, read=DUE))

    assert world.recipient(R1).status is FINISHED


# Others.


@pytest.mark.rule("P1", "S8")
def test_a_paused_campaign_reserves_no_step() -> None:
    mailing().given(pause()).refuses(reserve_step(ANN, R1), because="campaign_not_running")


@pytest.mark.rule("M2")
def test_a_message_is_on_its_way_once() -> None:
    world = mailing().given(reserve_step(ANN, R1))

    world.refuses(reserve_step(ANN, R1), because="send_in_flight")
    world.given(accepted(R1, message(R1)))
    world.refuses(accepted(R1, message(R1)), because="unknown_send")


@pytest.mark.rule("M2")
def test_an_unknown_message_is_remembered_with_its_step() -> None:
    history = [
        *planned(),
        step_reserved(R1),
        EmailOutcomeUnknown(
            campaign_id=SPRING,
            recipient_id=R1,
            account_id=ANN,
            send_id=message(R1),
            occurred_at=NOON,
        ),
    ]

    (kept,) = spring.given(history).state.recipients[R1].unknown
    assert (kept.step, kept.reserved_at, kept.answer) == (INTRO, NOON, None)
