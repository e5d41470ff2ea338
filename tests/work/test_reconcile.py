"""What is lost shows in mailboxes; a store opens knowing it, and nobody hears twice (M6)."""

from collections.abc import Mapping

import pytest

from aggregates.campaign import Campaign
from engine.audit.whole_history import violations
from engine.work.mailing.reconcile import NotFenced, Reconciled, TooEarly, reconcile, survey
from engine.work.ports import Mailbox, Outcome
from events.vocabulary import ClockOutcome, FailureClass, RecipientStatus, SearchResult
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    SPRING,
    accepted,
    connect,
    disconnect,
    fail,
    message,
    one_click,
    reserve_step,
    resume,
    search,
    suppress,
    unknown,
)
from tests.mail.mail_contract import always
from tests.mail.simulated_server import Answer
from tests.work.copies import Place
from tests.work.restored import Program, Sender, letter
from tests.workplace import ACME

NOBODY: Mapping[str, int] = {}


def reconciled(
    sender: Sender, program: Program, confirmed: Mapping[str, int] = NOBODY
) -> Reconciled:
    found = survey(program.engine, program.opened.fence)
    return reconcile(sender.means(program), found, confirmed, "user:dana")


def spring(program: Program) -> Campaign:
    with program.engine.look(ACME) as now:
        return now.campaign(SPRING)


def lost_sends(sender: Sender) -> Place:
    """R1 heard before the backup; R2 heard after it, and R1 a second time, days later."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
    backup = sender.backup()
    with sender.running() as program:
        sender.send(program, ANN, R2)
        sender.at(NOON + 3 * DAY + MINUTE)
        sender.send(program, ANN, R1, NUDGE)
    return backup


def judged(sender: Sender, backup: Place) -> None:
    """The fence is noticed now; ten minutes later absence may prove something."""
    with sender.running(backup) as program:
        assert program.opened.fence.closed() is not None
    sender.at(sender.clock() + 10 * MINUTE)


@pytest.mark.rule("M6", "M2")
def test_what_was_sent_is_found_and_never_sent_again(sender: Sender) -> None:
    backup = lost_sends(sender)
    judged(sender, backup)

    with sender.running(backup) as program:
        done = reconciled(sender, program)

        assert done.messages[SearchResult.FOUND] == 2
        people = spring(program).recipients
        assert people[R2].sender == ANN
        assert people[R2].progress.done == ("intro",)
        assert people[R1].progress.done == ("intro", "nudge")
        assert program.refused(reserve_step(ANN, R2)) == "not_the_next_step"
        assert program.opened.fence.closed() is None
        assert program.opened.coordination.alarms() == []
    with sender.running(backup) as program:
        assert program.opened.fence.closed() is None
        assert violations(program.opened.store) == []


@pytest.mark.rule("M6", "M2")
def test_what_nobody_can_tell_counts_as_received(sender: Sender) -> None:
    """Bob never sent anything, so what his Sent folder lacks proves nothing; R3 may be his."""
    backup = lost_sends(sender)
    judged(sender, backup)

    with sender.running(backup) as program:
        done = reconciled(sender, program)

        assert done.messages[SearchResult.INCONCLUSIVE] == 2, "R3's first, and the one after"
        recipient = spring(program).recipients[R3]
        assert recipient.status is RecipientStatus.ACTIVE
        assert recipient.unknown[0].answer is SearchResult.INCONCLUSIVE


@pytest.mark.rule("M6", "M2", "M3")
def test_a_follow_up_of_a_disconnected_account_counts_as_received(sender: Sender) -> None:
    with sender.running() as program:
        sender.send(program, ANN, R1)
        sender.send(program, BOB, R2)
        sender.at(NOON + 3 * DAY - MINUTE)
        program.given(disconnect(BOB))
    backup = sender.backup()
    with sender.running() as program:
        program.given(resume(without=[BOB]))
        sender.at(NOON + 3 * DAY + MINUTE)
        sender.send(program, ANN, R1, NUDGE)
    judged(sender, backup)

    with sender.running(backup) as program:
        done = reconciled(sender, program)

        assert done.messages[SearchResult.INCONCLUSIVE] == 1
        people = spring(program).recipients
        assert people[R2].unknown[0].answer is SearchResult.INCONCLUSIVE
        assert people[R3].status is RecipientStatus.PENDING, "Bob cannot have written to R3 since"
        assert violations(program.opened.store) == []


@pytest.mark.rule("M6", "M2")
def test_what_was_sent_is_found_though_the_store_was_changed_as_it_was_fenced(
    sender: Sender,
) -> None:
    """An operator's suppression is taken even then, and may come at the same moment."""
    backup = lost_sends(sender)
    with sender.running() as program:
        sender.at(sender.clock() + 3 * DAY + MINUTE)
        sender.send(program, ANN, R2, NUDGE)
    with sender.running(backup) as program:
        assert program.opened.fence.closed() is not None
        program.given(suppress("somebody"))
    sender.at(sender.clock() + 10 * MINUTE)

    with sender.running(backup) as program:
        done = reconciled(sender, program)
        assert done.messages[SearchResult.FOUND] == 3
        assert spring(program).recipients[R2].progress.done == ("intro", "nudge")


@pytest.mark.rule("M6", "M1")
def test_what_follows_a_message_on_its_way_is_searched_for_where_that_one_is_found(
    sender: Sender,
) -> None:
    """Bob never sent anything; nevertheless R2 is Ann's from the first message on."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(reserve_step(ANN, R2))
    backup = sender.backup()
    with sender.running() as program:
        program.opened.fence.note(program.opened.store.last_position(), program.last_id)
        became = sender.server.submit(Mailbox(ANN, "vault:1"), letter(R2), always)
        assert became is Outcome.ACCEPTED
        program.given(accepted(R2, message(R2)))
        sender.at(NOON + 3 * DAY + MINUTE)
        sender.send(program, ANN, R1, NUDGE)
    judged(sender, backup)

    with sender.running(backup) as program:
        reconciled(sender, program)
        assert spring(program).recipients[R2].sender == ANN
        assert spring(program).recipients[R2].progress.done == ("intro",)
        assert violations(program.opened.store) == []


@pytest.mark.rule("M6", "M2")
def test_what_is_absent_counts_as_received_if_what_follows_it_was_sent(sender: Sender) -> None:
    """R2's first message had no outcome, and counted as received; no server ever took it."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
        sender.send(program, BOB, R3)
    backup = sender.backup()
    with sender.running() as program:
        program.given(
            reserve_step(ANN, R2),
            unknown(R2, message(R2)),
            search(R2, message(R2), SearchResult.INCONCLUSIVE),
        )
        sender.at(NOON + 3 * DAY + MINUTE)
        sender.send(program, ANN, R2, NUDGE)
    judged(sender, backup)

    with sender.running(backup) as program:
        reconciled(sender, program)
        assert spring(program).recipients[R2].sender == ANN
        assert spring(program).recipients[R2].progress.done == ("intro", "nudge")
        assert violations(program.opened.store) == []


@pytest.mark.rule("M6", "M2")
def test_a_message_that_was_lost_in_two_backups_is_searched_for_after_each(sender: Sender) -> None:
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(reserve_step(ANN, R2))
    first = sender.backup()
    with sender.running() as program:
        program.given(fail(BOB))
        program.opened.fence.note(program.opened.store.last_position(), program.last_id)
    judged(sender, first)
    with sender.running(first) as program:
        assert reconciled(sender, program).messages[SearchResult.ABSENT] > 0
        assert spring(program).recipients[R2].sending is None
        assert program.refused(reserve_step(ANN, R2, read=sender.clock())) is None
    second = sender.copying.copy(first)
    with sender.running(first) as program:
        program.given(accepted(R2, message(R2)), fail(BOB))
        program.opened.fence.note(program.opened.store.last_position(), program.last_id)
    judged(sender, second)

    with sender.running(second) as program:
        reconciled(sender, program)
        assert spring(program).recipients[R2].sending is None


@pytest.mark.rule("M6", "M2")
def test_what_every_folder_proves_absent_is_sent_later(sender: Sender) -> None:
    with sender.running() as program:
        sender.send(program, ANN, R1)
        sender.send(program, BOB, R2)
    backup = sender.backup()
    with sender.running() as program:
        program.given(fail(BOB))
        program.opened.fence.note(program.opened.store.last_position(), program.last_id)
    judged(sender, backup)

    with sender.running(backup) as program:
        done = reconciled(sender, program)
        assert done.messages == {SearchResult.ABSENT: 1}
        assert spring(program).recipients[R3].status is RecipientStatus.PENDING
        sender.send(program, BOB, R3)


@pytest.mark.rule("M6", "M2")
def test_absence_proves_nothing_while_a_message_may_be_on_its_way(sender: Sender) -> None:
    backup = lost_sends(sender)
    with sender.running(backup) as program:
        before = program.names
        found = survey(program.engine, program.opened.fence)
        with pytest.raises(TooEarly):
            reconcile(sender.means(program), found, {}, "user:dana")
        assert program.names == before


@pytest.mark.rule("M6", "M5")
def test_an_answer_to_a_lost_message_is_read(sender: Sender) -> None:
    backup = lost_sends(sender)
    sender.server.arrive(ANN, f"<{message(R2)}@x.test>", Answer.REPLY)
    judged(sender, backup)

    with sender.running(backup) as program:
        reconciled(sender, program)

        assert spring(program).recipients[R2].status is RecipientStatus.REPLIED


def lost_cure(sender: Sender) -> Place:
    """Ann fails before the backup, is cured after it, and sends."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(fail(ANN))
    backup = sender.backup()
    sender.at(NOON + DAY)
    with sender.running() as program:
        program.given(one_click(ANN, credentials="vault:1"), resume())
        sender.send(program, BOB, R2)
    sender.at(NOON + 20 * DAY)
    return backup


@pytest.mark.rule("M6", "S7")
def test_a_clock_that_came_due_meanwhile_is_cured_if_its_account_passes(sender: Sender) -> None:
    backup = lost_cure(sender)
    judged(sender, backup)
    with sender.running(backup) as program:
        found = survey(program.engine, program.opened.fence)
        assert [(each.account_id, each.at_stake) for each in found.clocks] == [(ANN, 1)]

        done = reconcile(sender.means(program), found, {}, "user:dana")

        assert done.unconfirmed == {}
        program.engine.tick(ACME)
        clock = spring(program).lane(ANN).clock
        assert clock is not None
        assert clock.outcome is ClockOutcome.CURED
        assert clock.ended_at is not None
        assert clock.ended_at <= clock.deadline_at
        assert violations(program.opened.store) == []
        assert spring(program).recipients[R1].status is RecipientStatus.ACTIVE


@pytest.mark.rule("M6", "S3")
def test_a_clock_of_an_account_that_does_not_pass_waits_for_a_person(sender: Sender) -> None:
    """Nobody can tell whether R3 heard from Ann: the number says so, and is to be confirmed."""
    backup = lost_cure(sender)
    sender.server.refuse_login(ANN, FailureClass.AUTH_REVOKED)
    judged(sender, backup)
    with sender.running(backup) as program:
        assert reconciled(sender, program).unconfirmed == {ANN: 2}
        assert reconciled(sender, program, {ANN: 1}).unconfirmed == {ANN: 2}
        program.engine.tick(ACME)
        assert spring(program).recipients[R1].status is RecipientStatus.ACTIVE

        assert reconciled(sender, program, {ANN: 2}).unconfirmed == {}

        program.engine.tick(ACME)
        clock = spring(program).lane(ANN).clock
        assert clock is not None
        assert clock.outcome is ClockOutcome.EXPIRED
        assert clock.ended_at == NOON + 9 * DAY
        assert spring(program).recipients[R1].status is RecipientStatus.CAMPAIGN_STOPPED


@pytest.mark.rule("M6", "N1")
def test_the_end_of_a_failure_is_told_though_the_account_failed_again_meanwhile(
    sender: Sender,
) -> None:
    """Reconnected too late, while nothing was settled, and revoked once more."""
    backup = lost_cure(sender)
    judged(sender, backup)
    with sender.running(backup) as program:
        program.given(one_click(ANN, credentials="vault:1"), fail(ANN))
        sender.server.refuse_login(ANN, FailureClass.AUTH_REVOKED)
        asked = reconciled(sender, program).unconfirmed
        assert reconciled(sender, program, asked).unconfirmed == {}

        program.engine.tick(ACME)

        assert spring(program).recipients[R1].status is RecipientStatus.CAMPAIGN_STOPPED
        assert violations(program.opened.store) == []


@pytest.mark.rule("M6", "T4")
def test_a_lost_hour_is_cured_once_the_account_is_connected_again(sender: Sender) -> None:
    """Whether it was added again in time is lost, too: its people keep it, and are held."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(disconnect(ANN))
    backup = sender.backup()
    with sender.running() as program:
        program.given(resume(without=[ANN]))
        sender.send(program, BOB, R2)
    sender.at(NOON + 5 * HOUR)
    judged(sender, backup)
    with sender.running(backup) as program:
        assert reconciled(sender, program).unconfirmed == {ANN: 1}
        program.given(connect(ANN, credentials="vault:1"))
        assert reconciled(sender, program).unconfirmed == {}
        program.engine.tick(ACME)
        assert spring(program).recipients[R1].status is RecipientStatus.ACTIVE


@pytest.mark.rule("M6")
def test_a_store_that_is_not_fenced_has_nothing_to_reconcile(sender: Sender) -> None:
    with sender.running() as program, pytest.raises(NotFenced):
        survey(program.engine, program.opened.fence)


@pytest.mark.rule("M6")
def test_a_recovered_tail_leaves_the_clocks_to_be_tested(sender: Sender) -> None:
    from engine.stream.source import StoreAsSource
    from engine.work.forgetting import Forgetters
    from engine.work.recover import Restored, recover

    backup = lost_cure(sender)
    with sender.running() as whole, sender.running(backup) as program:
        opened = program.opened
        assert opened.fence.closed() is not None
        keep = Forgetters(opened.directory, opened.evidence)
        parts = opened.store, opened.views, opened.coordination
        restored = Restored(*parts, keep, opened.fence.begin_generation)
        recover(restored, StoreAsSource(whole.opened.store))
        assert program.names == whole.names
        assert opened.fence.closed() is not None
    sender.at(sender.clock() + 10 * MINUTE)
    with sender.running(backup) as program:
        done = reconciled(sender, program)
        assert done.survey.clocks == []
        assert program.opened.fence.closed() is None
        assert program.opened.store.identity.generation == 2
