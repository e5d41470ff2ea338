"""M2-M5, S8: a workspace's mail goes out and comes in, whatever dies on the way."""

from collections.abc import Callable
from itertools import count
from typing import Literal, TypeVar

import pytest

from adapters.stores.small_tables.inbox_cursors import StoredCursors
from aggregates.campaign.commands import MigrateRecipients, Past
from aggregates.email_account.commands import UpdateSettings
from aggregates.recipient import ForgetRecipient
from engine.work.mailing.account_mail import Desk
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.listening import Listening
from engine.work.mailing.outgoing import Way
from engine.work.mailing.searches import Searches
from engine.work.mailing.sent_mail import SentIndex
from engine.work.mailing.turns import Turns
from engine.work.mailing.workspace_mail import WorkspaceMail
from engine.work.ports import (
    AccountTrouble,
    Mailbox,
    Message,
    Outcome,
    Refused,
    Submitted,
    Transport,
)
from events.base import Event
from events.campaign import EmailRefused, SentSearched
from events.vocabulary import FailureClass, RecipientStatus, RefusalFault, Settings
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    INTRO,
    LAST,
    MINUTE,
    NO_GAP,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    SECOND,
    SPRING,
    fail,
    message,
    pause,
)
from tests.mail.simulated_server import Answer
from tests.work.restored import Program, Sender, letter
from tests.workplace import ACME, log_of

E = TypeVar("E", bound=Event)
_NUMBERS = count(1)


class Killed(BaseException):
    """The process dies."""


class Letters:
    """Writes to everybody but those whom it ``cannot``."""

    def __init__(self, *cannot: str) -> None:
        self._cannot = cannot

    def compose(self, draft: Draft) -> Message | None:
        recipient = draft.plan.recipient_id
        return None if recipient in self._cannot else letter(recipient, draft.plan.step)


class Counting:
    """Hands on to the server, and remembers what that took. ``says``: what comes instead, once
    each: an answer, or ``Killed`` before or after the server has the message."""

    def __init__(self, server: Transport, *says: Submitted | Literal["before", "after"]) -> None:
        self._server, self._says = server, list(says)
        self.taken: list[tuple[str, str]] = []
        """Recipient and step of every copy."""
        self.was_sent, self.file_copy = server.was_sent, server.file_copy

    def submit(
        self, mailbox: Mailbox, message: Message, may_leave: Callable[[], bool]
    ) -> Submitted:
        said = self._says.pop(0) if self._says else None
        if said == "before":
            raise Killed
        if said is not None and said != "after":
            return said
        answer = self._server.submit(mailbox, message, may_leave)
        assert answer is Outcome.ACCEPTED
        self.taken.append(NAMES[message.message_id.strip("<>").partition("@")[0]])
        if said == "after":
            raise Killed
        return answer


NAMES = {message(who, step): (who, step) for who in (R1, R2, R3) for step in (INTRO, NUDGE, LAST)}
FIRST = [(R1, INTRO), (R2, INTRO), (R3, INTRO)]


class Mail:
    """A process's mail of one workspace, its accounts one after the other."""

    def __init__(
        self,
        sender: Sender,
        program: Program,
        transport: Transport | None = None,
        held: Callable[[], bool] = lambda: True,
        composer: Letters | None = None,
    ) -> None:
        engine, out = program.engine, transport or sender.server
        self._program, self._seen = program, len(log_of(program.opened.store))
        with engine.look(ACME) as now:
            index = SentIndex(now)
        sender.server.to_whom = index.find
        inboxes = WorkspaceInboxes(StoredCursors(program.opened.beside), ACME)
        dispatch = Dispatch(engine, ACME, inboxes)
        new_id = lambda: f"mail-{next(_NUMBERS)}"  # noqa: E731
        fence = program.opened.fence
        turns = Turns(engine, fence, program.opened.directory)
        way = Way(engine, dispatch, composer or Letters(), out, turns, new_id, held)
        listening = Listening(engine, ACME, sender.server, inboxes, lambda _: None)
        self.checked: list[str] = []
        searches = Searches(engine, ACME, out, new_id)
        desk = Desk(way, listening, searches, self.checked.append)
        self.mail = WorkspaceMail(desk, inboxes, index)

    def turns(self, most: int = 50) -> None:
        """Until nobody has anything to do."""
        for _ in range(most):
            self.follow()
            due = self.mail.due()
            if not due:
                return
            for each in due:
                self.mail.run(each, lambda: True)
        raise AssertionError("there is always something to do")

    def follow(self) -> None:
        log = log_of(self._program.opened.store)
        self.mail.follow(log[self._seen :])
        self._seen = len(log)

    def run_one(self) -> None:
        """One account's turn."""
        self.follow()
        self.mail.run(self.mail.due()[0], lambda: True)


@pytest.fixture
def server(sender: Sender) -> Counting:
    return Counting(sender.server)


def status(program: Program, recipient: str) -> RecipientStatus:
    with program.engine.look(ACME) as now:
        return now.campaign(SPRING).recipients[recipient].status


def facts(program: Program, kind: type[E]) -> list[E]:
    log = [each.event for each in log_of(program.opened.store)]
    return [each for each in log if isinstance(each, kind)]


@pytest.mark.rule("M1", "M2", "M3")
def test_everybody_gets_the_first_message_once(sender: Sender, server: Counting) -> None:
    with sender.running() as program:
        Mail(sender, program, server).turns()
        Mail(sender, program, server).turns()
        assert sorted(server.taken) == FIRST
        assert program.names.count("SendReserved") == program.names.count("EmailAccepted") == 3


@pytest.mark.rule("M4", "M5")
def test_a_follow_up_leaves_once_the_inbox_was_read_and_not_to_who_replied(
    sender: Sender, server: Counting
) -> None:
    with sender.running() as program:
        mail = Mail(sender, program, server)
        mail.turns()
        for account in (ANN, BOB):
            sender.server.arrive(account, f"<{message(R1)}@x.test>", Answer.REPLY)
        sender.at(NOON + 4 * DAY)
        mail.turns()
        assert sorted(server.taken[3:]) == [(R2, NUDGE), (R3, NUDGE)]
        assert status(program, R1) is RecipientStatus.REPLIED


@pytest.mark.rule("M4")
def test_everybody_comes_to_an_end_once_the_inbox_was_read_that_far(
    sender: Sender, server: Counting
) -> None:
    with sender.running() as program:
        mail = Mail(sender, program, server)
        for _ in range(5):
            mail.turns()
            sender.at(sender.clock() + 8 * DAY)
        assert len(server.taken) == len(set(server.taken)) == 9
        assert {status(program, each) for each in (R1, R2, R3)} == {RecipientStatus.FINISHED}
        assert program.names[-1] == "CampaignFinished"


@pytest.mark.rule("M2", "S8")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("restarted", [False, True])
def test_who_dies_on_the_way_leaves_one_message_unknown_and_no_copy_twice(
    sender: Sender, *, when: Literal["before", "after"], restarted: bool
) -> None:
    server = Counting(sender.server, when)
    with sender.running() as program:
        mail = Mail(sender, program, server)
        with pytest.raises(Killed):
            mail.run_one()
        sender.at(NOON + MINUTE)
        mail = Mail(sender, program, server) if restarted else mail
        mail.turns()
        assert program.names.count("EmailOutcomeUnknown") == 1
        sender.at(NOON + 12 * MINUTE)
        mail.turns()
        sender.at(NOON + 14 * MINUTE)
        mail.turns()
        assert sorted(server.taken) == FIRST
        (searched,) = facts(program, SentSearched)
        assert searched.result == ("found" if when == "after" else "absent")


@pytest.mark.rule("M2")
def test_who_lost_its_lease_submits_nothing(sender: Sender, server: Counting) -> None:
    with sender.running() as program:
        Mail(sender, program, server, held=lambda: False).run_one()
        assert server.taken == []
        assert program.names.count("SendReserved") == program.names.count("SendUncounted") > 0


@pytest.mark.rule("M2", "S8")
def test_what_the_law_refuses_is_never_submitted(sender: Sender, server: Counting) -> None:
    with sender.running() as program:
        mail = Mail(sender, program, server)
        (due, *_) = mail.mail.due()
        program.given(pause())
        mail.mail.run(due, lambda: True)
        assert server.taken == []


@pytest.mark.rule("M7", "M8")
@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (Refused(RefusalFault.RECIPIENT, address_unknown=True), "PersonSuppressed"),
        (Refused(RefusalFault.OTHER), "RecipientFailed"),
        (Refused(RefusalFault.TEMPORARY), "EmailRefused"),
        (Refused(RefusalFault.LIMIT, until=NOON + 2 * HOUR), "SendingThrottled"),
    ],
)
def test_a_refusal_is_recorded_with_whose_fault_it_was(
    sender: Sender, said: Refused, fact: str
) -> None:
    with sender.running() as program:
        server = Counting(sender.server, said)
        Mail(sender, program, server).run_one()
        assert fact in program.names
        (found,) = [
            e.event for e in log_of(program.opened.store) if isinstance(e.event, EmailRefused)
        ]
        assert found.fault is said.fault
        assert found.told_until == said.until


@pytest.mark.rule("C1", "M8")
def test_an_account_in_trouble_is_checked_and_gives_its_message_back(sender: Sender) -> None:
    trouble = AccountTrouble(FailureClass.AUTH_REVOKED)
    with sender.running() as program:
        server = Counting(sender.server, trouble)
        mail = Mail(sender, program, server)
        mail.run_one()
        assert mail.checked == [ANN]
        assert program.names[-2:] == ["EmailRefused", "SendUncounted"]
        sender.at(NOON + 2 * MINUTE)
        mail.turns()
        assert sorted(server.taken) == FIRST


def test_an_account_in_trouble_is_left_alone_longer_and_longer(sender: Sender) -> None:
    """Servers count logins, and every try is recorded."""
    trouble = AccountTrouble(FailureClass.THROTTLED)
    with sender.running() as program:
        mail = Mail(sender, program, Counting(sender.server, *[trouble] * 200))
        for _ in range(60):
            mail.turns()
            sender.at(sender.clock() + SECOND)
        assert len(mail.checked) == 2 * 6


@pytest.mark.rule("S8", "M5")
def test_a_failed_account_neither_sends_nor_is_read(sender: Sender, server: Counting) -> None:
    with sender.running() as program:
        program.given(fail(ANN))
        mail = Mail(sender, program, server)
        assert {each.account.account_id for each in mail.mail.due()} == {BOB}


def test_to_whom_nothing_can_be_written_holds_nobody_else_up(
    sender: Sender, server: Counting
) -> None:
    with sender.running() as program:
        Mail(sender, program, server, composer=Letters(R1)).turns()
        assert sorted(server.taken) == FIRST[1:]


@pytest.mark.rule("M3")
@pytest.mark.parametrize("taken_over_again", [False, True])
def test_what_another_process_changes_of_an_account_counts_at_once(
    sender: Sender, server: Counting, *, taken_over_again: bool
) -> None:
    """Also if this one had given up the mail meanwhile: it still has the account in memory as it
    was, and hears of nothing that came before it took over."""
    one_a_day = Settings(sending_speed=1, limits={"gap": 0})
    with sender.running() as program, sender.running() as other:
        program.given(*(UpdateSettings(account_id=each, settings=one_a_day) for each in (ANN, BOB)))
        mail = Mail(sender, program, server)
        mail.turns()
        assert len(server.taken) == 2
        other.given(UpdateSettings(account_id=ANN, settings=NO_GAP))
        (Mail(sender, program, server) if taken_over_again else mail).turns()
        assert sorted(server.taken) == FIRST


@pytest.mark.rule("F1")
def test_who_is_forgotten_between_two_messages_gets_none_any_more(
    sender: Sender, server: Counting
) -> None:
    with sender.running() as program:
        mail = Mail(sender, program, server)

        def forget_all() -> bool:
            program.given(*(ForgetRecipient(recipient_id=each) for each in (R1, R2, R3)))
            mail.follow()
            return True

        for each in mail.mail.due():
            mail.mail.run(each, forget_all)
        assert server.taken == []
        assert "SendReserved" not in program.names


def test_an_account_that_fails_is_tried_again_after_a_while(sender: Sender) -> None:
    class Broken(Letters):
        def compose(self, _draft: Draft) -> Message | None:
            raise ZeroDivisionError

    with sender.running() as program:
        mail = Mail(sender, program, composer=Broken())
        for each in mail.mail.due():
            with pytest.raises(ZeroDivisionError):
                mail.mail.run(each, lambda: True)
        assert mail.mail.due() == []
        sender.at(NOON + 2 * SECOND)
        assert mail.mail.due() != []


def test_nothing_is_looked_at_as_long_as_nothing_can_have_changed(sender: Sender) -> None:
    with sender.running() as program:
        mail = Mail(sender, program)
        mail.turns()
        wakes_at = mail.mail.wakes_at
        assert wakes_at == NOON + MINUTE
        sender.at(NOON + 59 * SECOND)
        assert mail.mail.due() == []
        sender.at(NOON + MINUTE)
        assert len(mail.mail.due()) == 2


@pytest.mark.rule("M4")
def test_an_inbox_is_read_from_the_beginning_once_it_may_concern_people_who_were_unknown(
    sender: Sender,
) -> None:
    with sender.running() as program:
        mail = Mail(sender, program)
        mail.turns()
        cursors = StoredCursors(program.opened.beside)
        assert cursors.all(ACME)[ANN].read_until == NOON
        past = Past("r9", ANN, INTRO, NOON - DAY)
        program.given(MigrateRecipients(campaign_id=SPRING, people=(past,)))
        mail.follow()
        assert ANN not in cursors.all(ACME)
        assert BOB in cursors.all(ACME)
