"""M4, M5, M7: what arrives ends, holds or suppresses, once, however often an inbox is read."""

from datetime import date, datetime, timedelta

import pytest

from engine.work.inbound import Inbound, Kind, Sent
from engine.work.mailing.inboxes import Cursor
from engine.work.ports import AccountTrouble, Arrivals, Incoming, Mailbox
from engine.work.unsubscribe import Subscriber
from events.campaign import AutoReplyReceived, RecipientBounced
from events.vocabulary import FailureClass
from tests.law.story import ANN, NOON, SECOND, SPRING, hear_from
from tests.work.desk import Desk
from tests.workplace import ACME

NOBODYS = "<lottery@example.org>"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.workplace.given(*hear_from(ANN, "r1", "r2"))
    return desk


def read(desk: Desk) -> None:
    assert desk.listening().read(desk.provider.mailbox) is None


def about(recipient: str) -> str:
    return f"<{recipient}.intro@acme.example>"


class Holding:
    """An inbox with these, a piece at each reading; the last says up to when it was read."""

    def __init__(self, *pieces: list[Incoming], until: datetime = NOON) -> None:
        self._pieces, self._until = pieces, until

    def since(self, _: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        at = int(cursor or 0)
        found = self._pieces[at] if at < len(self._pieces) else []
        complete = at + 1 >= len(self._pieces)
        return Arrivals(
            str(min(at + 1, len(self._pieces))), found, self._until if complete else None
        )


def incoming(kind: Kind, recipient: str = "r1", token: str | None = None) -> Incoming:
    sent = Sent(f"{recipient}.intro", SPRING, recipient, f"{recipient}@x.test")
    return Incoming(f"{kind} {recipient}", Inbound(kind, "", [sent], token=token))


@pytest.mark.rule("M5", "M7")
@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (Kind.REPLY, "RecipientReplied"),
        (Kind.BOUNCE, "RecipientBounced"),
        (Kind.UNSUBSCRIBE, "RecipientUnsubscribed"),
        (Kind.COMPLAINT, "ComplaintReceived"),
    ],
)
def test_what_arrives_is_recorded_as_what_it_means(desk: Desk, kind: Kind, fact: str) -> None:
    desk.listening(Holding([incoming(kind)])).read(desk.provider.mailbox)
    assert fact in desk.names()


@pytest.mark.rule("M5")
def test_an_automatic_answer_holds_until_the_day_begins_that_it_names(desk: Desk) -> None:
    desk.provider.answer(about("r1"), Kind.AUTO_REPLY, date(2026, 3, 4))
    read(desk)
    (found,) = desk.facts(AutoReplyReceived)
    assert isinstance(found, AutoReplyReceived)
    assert found.until is not None
    desk.workplace.at(found.until + SECOND).tick()
    assert desk.names()[-1] == "HoldEnded"


@pytest.mark.rule("M7")
def test_a_bounce_says_whether_the_address_is_known(desk: Desk) -> None:
    bounce = incoming(Kind.BOUNCE)
    bounce = bounce._replace(meaning=Inbound(Kind.BOUNCE, "", bounce.meaning.about, unknown=True))
    desk.listening(Holding([bounce])).read(desk.provider.mailbox)
    (found,) = desk.facts(RecipientBounced)
    assert isinstance(found, RecipientBounced)
    assert "PersonSuppressed" in desk.names()


@pytest.mark.rule("M5", "M7")
def test_an_unsubscribe_by_mail_is_whose_token_it_brings(desk: Desk) -> None:
    desk.subscribers["ours"] = Subscriber(ACME, SPRING, "r2")
    message = incoming(Kind.UNSUBSCRIBE, "r1", "ours")
    desk.listening(Holding([message])).read(desk.provider.mailbox)
    ended = [each for each in desk.facts() if type(each).__name__ == "RecipientUnsubscribed"]
    assert [getattr(each, "recipient_id", None) for each in ended] == ["r2"]


@pytest.mark.rule("M7")
@pytest.mark.parametrize("token", ["forged", "elsewhere"])
def test_a_token_that_is_not_ours_is_no_more_than_the_sender_s_word(desk: Desk, token: str) -> None:
    desk.subscribers["elsewhere"] = Subscriber("other", SPRING, "r2")
    desk.listening(Holding([incoming(Kind.UNSUBSCRIBE, "r1", token)])).read(desk.provider.mailbox)
    ended = [each for each in desk.facts() if type(each).__name__ == "RecipientUnsubscribed"]
    assert [getattr(each, "recipient_id", None) for each in ended] == ["r1"]


def test_what_answers_no_message_of_ours_is_passed_over(desk: Desk) -> None:
    before = desk.names()
    desk.provider.server.to_whom = lambda _: None
    desk.provider.answer(NOBODYS, Kind.REPLY)
    read(desk)
    assert desk.names() == before
    assert desk.cursors.all(ACME)[ANN].place == "1"


@pytest.mark.rule("M4")
def test_an_inbox_is_read_to_its_end_and_only_then_up_to_a_moment(desk: Desk) -> None:
    desk.cursors.move(ACME, ANN, Cursor("", NOON - timedelta(days=1)))
    pieces = [incoming(Kind.REPLY, "r1")], [incoming(Kind.REPLY, "r2")]
    listening = desk.listening(Holding(*pieces))

    assert listening.read(desk.provider.mailbox, wanted=lambda: False) is None
    assert desk.names()[-1:] == ["RecipientReplied"]
    assert desk.cursors.all(ACME)[ANN] == Cursor("1", NOON - timedelta(days=1))

    assert listening.read(desk.provider.mailbox) is None
    assert desk.names()[-2:] == ["RecipientReplied", "RecipientReplied"]
    assert desk.cursors.all(ACME)[ANN] == Cursor("2", NOON)


@pytest.mark.rule("M5", "S7")
def test_after_a_crash_before_the_cursor_was_kept_nothing_is_recorded_twice(desk: Desk) -> None:
    desk.provider.answer(about("r1"), Kind.REPLY)
    read(desk)
    recorded = desk.names()
    desk.cursors.forget(ACME, ANN)
    desk.provider.answer(about("r2"), Kind.REPLY)
    read(desk)
    assert desk.names() == [*recorded, "RecipientReplied"]


@pytest.mark.rule("M6")
def test_what_meant_nothing_before_is_read_again_from_the_beginning(desk: Desk) -> None:
    known, desk.provider.server.to_whom = desk.provider.server.to_whom, lambda _: None
    desk.provider.answer(about("r1"), Kind.REPLY)
    read(desk)
    before = desk.names()
    desk.provider.server.to_whom = known
    assert desk.listening().read_again(desk.provider.mailbox) is None
    assert desk.names() == [*before, "RecipientReplied"]


def test_an_inbox_that_lets_nobody_in_records_nothing(desk: Desk) -> None:
    before = desk.names()
    desk.provider.refuse_login(FailureClass.AUTH_REVOKED)
    found = desk.listening().read(desk.provider.mailbox)
    assert found == AccountTrouble(FailureClass.AUTH_REVOKED)
    assert desk.names() == before


def test_an_inbox_that_is_lost_on_the_way_keeps_its_cursor(desk: Desk) -> None:
    class Lost:
        def since(self, _mailbox: Mailbox, _cursor: str) -> Arrivals | AccountTrouble:
            raise ConnectionResetError

    desk.cursors.move(ACME, ANN, Cursor("7"))
    with pytest.raises(ConnectionResetError):
        desk.listening(Lost()).read(desk.provider.mailbox)
    assert desk.cursors.all(ACME)[ANN] == Cursor("7")
