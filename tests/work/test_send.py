"""M2, S8: reserved, submitted, recorded; and what is left when somebody dies in between."""

import pytest

from engine.reply import Refusal
from engine.work.ports import (
    AccountTrouble,
    Mailbox,
    Message,
    Outcome,
    Refused,
    Search,
    Submitted,
)
from events.vocabulary import FailureClass, RecipientStatus, RefusalFault
from tests.law.story import ANN, NINE_DAYS, NOON, SECOND, SPRING, fail, pause
from tests.work.desk import Desk
from tests.workplace import ACME

REVOKED = FailureClass.AUTH_REVOKED


@pytest.fixture
def desk() -> Desk:
    return Desk()


class Killed(BaseException):
    """The process dies."""


class Deadly:
    """Submits to the server, and its process dies before or after."""

    def __init__(self, desk: Desk, *, taken: bool) -> None:
        self._server = desk.provider.transport
        self._taken = taken

    def submit(self, mailbox: Mailbox, message: Message) -> Submitted:
        if self._taken:
            self._server.submit(mailbox, message)
        raise Killed

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:
        return self._server.file_copy(mailbox, message)

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        return self._server.was_sent(mailbox, message_id)


class Unsure(Deadly):
    """Loses the answer of the server, whose Sent folder says this."""

    def __init__(self, desk: Desk, says: Search) -> None:
        super().__init__(desk, taken=False)
        self._says = says

    def submit(self, _mailbox: Mailbox, _message: Message) -> Submitted:
        return Outcome.UNKNOWN

    def was_sent(self, _mailbox: Mailbox, _message_id: str) -> Search:
        return self._says


def status(desk: Desk, recipient: str) -> RecipientStatus:
    with desk.engine.look(ACME) as now:
        return now.campaign(SPRING).recipients[recipient].status


@pytest.mark.rule("M2")
def test_an_accepted_message_is_reserved_and_recorded(desk: Desk) -> None:
    assert desk.sends().send(desk.outgoing("r1")) is Outcome.ACCEPTED
    assert desk.names() == ["SendReserved", "EmailAccepted"]
    assert {each.envelope.actor for each in desk.workplace.log[-2:]} == {"mail"}


@pytest.mark.rule("M2", "M5")
@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        (RefusalFault.RECIPIENT, ["SendReserved", "EmailRefused", "RecipientBounced"]),
        (RefusalFault.OTHER, ["SendReserved", "EmailRefused", "RecipientFailed"]),
        (RefusalFault.TEMPORARY, ["SendReserved", "EmailRefused"]),
    ],
)
def test_a_refusal_is_recorded_with_its_fault(
    desk: Desk, fault: RefusalFault, facts: list[str]
) -> None:
    desk.provider.refuse("r1@example.org", fault)
    refused = desk.sends().send(desk.outgoing("r1"))
    assert isinstance(refused, Refused)
    assert refused.fault is fault
    assert desk.names() == facts


@pytest.mark.rule("M2")
def test_what_was_refused_for_now_may_be_sent_again(desk: Desk) -> None:
    desk.provider.refuse("r1@example.org", RefusalFault.TEMPORARY)
    sends = desk.sends()
    assert sends.send(desk.outgoing("r1")) == Refused(RefusalFault.TEMPORARY)
    assert sends.send(desk.outgoing("r1")) is Outcome.ACCEPTED


@pytest.mark.rule("S8")
def test_what_the_law_refuses_is_never_submitted(desk: Desk) -> None:
    desk.workplace.given(pause())
    refusal = desk.sends(Deadly(desk, taken=True)).send(desk.outgoing("r1"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "campaign_not_running"
    assert desk.names() == ["CampaignPaused"]


@pytest.mark.rule("M2")
def test_an_account_that_is_refused_in_the_middle_of_sending_gives_the_message_back(
    desk: Desk,
) -> None:
    sends = desk.sends()
    sends.send(desk.outgoing("r1"))
    desk.provider.refuse_login(REVOKED)
    assert sends.send(desk.outgoing("r2")) == AccountTrouble(REVOKED)
    assert desk.names()[2:] == ["SendReserved", "EmailRefused"]

    desk.provider.refuse_login(None)
    assert sends.send(desk.outgoing("r2")) is Outcome.ACCEPTED
    assert status(desk, "r2") is RecipientStatus.ACTIVE


@pytest.mark.rule("M2")
def test_an_unknown_outcome_is_searched_for_and_found_is_recorded(desk: Desk) -> None:
    desk.provider.break_after_data("r1@example.org")
    assert desk.sends().send(desk.outgoing("r1")) is Outcome.UNKNOWN
    assert desk.names() == ["SendReserved", "EmailOutcomeUnknown", "SentSearched"]


@pytest.mark.rule("M2")
@pytest.mark.parametrize("says", [Search.ABSENT, Search.INCONCLUSIVE])
def test_whatever_else_the_sent_folder_says_proves_nothing_and_sends_nothing_again(
    desk: Desk, says: Search
) -> None:
    sends = desk.sends(Unsure(desk, says))
    assert sends.send(desk.outgoing("r1")) is Outcome.UNKNOWN
    assert desk.names() == ["SendReserved", "EmailOutcomeUnknown", "SentSearched"]
    assert status(desk, "r1") is RecipientStatus.ACTIVE

    again = desk.sends().send(desk.outgoing("r1"))
    assert isinstance(again, Refusal)
    assert again.code == "outcome_unknown"


@pytest.mark.rule("M2", "S8")
@pytest.mark.parametrize(
    ("taken", "says", "recorded"),
    [
        (True, Search.FOUND, ["EmailOutcomeUnknown", "SentSearched"]),
        (False, Search.ABSENT, ["EmailOutcomeUnknown", "SentSearched"]),
    ],
)
def test_a_message_whose_sender_died_is_sent_by_nobody_before_it_is_searched_for(
    desk: Desk, taken: bool, says: Search, recorded: list[str]
) -> None:
    outgoing = desk.outgoing("r1")
    with pytest.raises(Killed):
        desk.sends(Deadly(desk, taken=taken)).send(outgoing)
    assert desk.names() == ["SendReserved"]

    successor = desk.sends()
    refusal = successor.send(outgoing)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "send_in_flight"
    assert successor.after_crash(outgoing) is says
    assert desk.names() == ["SendReserved", *recorded]
    repeated = successor.after_crash(outgoing)
    assert isinstance(repeated, Refusal)
    assert repeated.code == "unknown_send"


@pytest.mark.rule("S8")
def test_what_is_on_its_way_when_the_clock_runs_out_is_stopped_with_the_rest(desk: Desk) -> None:
    outgoing = desk.outgoing("r1")
    with pytest.raises(Killed):
        desk.sends(Deadly(desk, taken=True)).send(outgoing)
    desk.workplace.given(fail(ANN))
    desk.workplace.at(NOON + NINE_DAYS + SECOND).tick()

    assert desk.sends().after_crash(outgoing) is Search.FOUND
    assert status(desk, "r1") is RecipientStatus.CAMPAIGN_STOPPED
