"""M5: what arrives ends or holds a recipient, once, however often the inbox is read."""

from datetime import timedelta

import pytest
from engine.work.read_inbox import InboxReader

from engine.work.ports import AccountTrouble, Arrivals, Mailbox
from events.vocabulary import FailureClass, RecipientStatus, Signal
from tests.law.story import ANN, DAY, NOON, hear_from
from tests.work.desk import Desk, sent_to
from tests.workplace import ACME

REPLIED: Signal = RecipientStatus.REPLIED


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.workplace.given(*hear_from(ANN, "r1", "r2"))
    return desk


def read(desk: Desk, cursor: str = "") -> str:
    following = desk.inbox().read(desk.provider.mailbox, cursor)
    assert isinstance(following, str)
    return following


def about(recipient: str) -> str:
    return f"<{recipient}.intro@acme.example>"


@pytest.mark.rule("M5")
@pytest.mark.parametrize(
    ("signal", "fact"),
    [
        (RecipientStatus.REPLIED, "RecipientReplied"),
        (RecipientStatus.BOUNCED, "RecipientBounced"),
        (RecipientStatus.UNSUBSCRIBED, "RecipientUnsubscribed"),
    ],
)
def test_a_signal_is_recorded(desk: Desk, signal: Signal, fact: str) -> None:
    desk.provider.answer(about("r1"), signal)
    read(desk)
    assert desk.names()[-1] == fact


@pytest.mark.rule("M5")
def test_an_automatic_answer_holds_until_its_date(desk: Desk) -> None:
    desk.provider.answer(about("r1"), None, NOON + DAY)
    read(desk)
    assert desk.names()[-1] == "AutoReplyReceived"
    desk.workplace.at(NOON + DAY + timedelta(seconds=1)).tick()
    assert desk.names()[-1] == "HoldEnded"


def test_what_answers_no_message_of_ours_is_passed_over(desk: Desk) -> None:
    before = desk.names()
    desk.provider.answer("<lottery@example.org>", REPLIED)
    assert read(desk) == "1"
    assert desk.names() == before


def test_only_what_came_after_the_cursor_is_read(desk: Desk) -> None:
    desk.provider.answer(about("r1"), REPLIED)
    cursor = read(desk)
    desk.provider.answer(about("r2"), REPLIED)
    read(desk, cursor)
    assert desk.names()[-2:] == ["RecipientReplied", "RecipientReplied"]


@pytest.mark.rule("M5", "S7")
def test_after_a_crash_before_the_cursor_was_kept_nothing_is_recorded_twice(desk: Desk) -> None:
    desk.provider.answer(about("r1"), REPLIED)
    read(desk)
    recorded = desk.names()
    desk.provider.answer(about("r2"), REPLIED)
    read(desk)
    assert desk.names() == [*recorded, "RecipientReplied"]


def test_an_inbox_that_lets_nobody_in_records_nothing(desk: Desk) -> None:
    before = desk.names()
    desk.provider.refuse_login(FailureClass.AUTH_REVOKED)
    found = desk.inbox().read(desk.provider.mailbox, "")
    assert found == AccountTrouble(FailureClass.AUTH_REVOKED)
    assert desk.names() == before


def test_an_inbox_that_is_lost_on_the_way_keeps_its_cursor(desk: Desk) -> None:
    class Lost:
        def since(self, _mailbox: Mailbox, _cursor: str) -> Arrivals | AccountTrouble:
            raise ConnectionResetError

    reader = InboxReader(desk.engine, Lost(), ACME, sent_to)
    with pytest.raises(ConnectionResetError):
        reader.read(desk.provider.mailbox, "7")
