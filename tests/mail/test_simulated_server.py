"""The provider in this process keeps the contract, and has a will of its own."""

from datetime import timedelta

import pytest

from adapters.mail.simulated.fates import Answer, Fate, answer_of, fate_of
from adapters.mail.simulated.server import SimulatedMailServer
from engine.ports.clock import ManualClock
from engine.work.ports import Arrivals, Mailbox, Outcome, Refused
from events.vocabulary import FailureClass, RefusalFault
from tests.mail.mail_contract import MailContract, message_to
from tests.mail.simulated import ANN, NOON, SimulatedProvider

SEED = "spring"
SOME = [f"p{number}@example.org" for number in range(400)]


@pytest.fixture
def provider() -> SimulatedProvider:
    return SimulatedProvider(ManualClock(NOON))


class TestSimulatedServer(MailContract):
    pass


def drawn(fate: Fate, answer: Answer) -> str:
    """An address that this fate and this answer fall to."""
    return next(
        each for each in SOME if fate_of(each, SEED) is fate and answer_of(each, SEED)[0] is answer
    )


def serving(clock: ManualClock) -> tuple[SimulatedMailServer, Mailbox]:
    server = SimulatedMailServer(clock, SEED, {"vault:1": "x"})
    server.open_mailbox(ANN, "x")
    return server, Mailbox(ANN, "vault:1")


def test_what_is_greylisted_is_taken_the_second_time() -> None:
    server, mailbox = serving(ManualClock(NOON))
    message = message_to(drawn(Fate.GREYLISTED, Answer.NONE))
    assert server.submit(mailbox, message) == Refused(RefusalFault.TEMPORARY)
    assert server.submit(mailbox, message) is Outcome.ACCEPTED


def test_an_answer_comes_in_its_time() -> None:
    clock = ManualClock(NOON)
    server, mailbox = serving(clock)
    address = drawn(Fate.TAKEN, Answer.REPLY)
    server.submit(mailbox, message_to(address))
    _, delay = answer_of(address, SEED)

    for moment, expected in ((delay - timedelta(seconds=1), 0), (delay, 1)):
        clock.time = NOON + moment
        arrivals = server.since(mailbox, "")
        assert isinstance(arrivals, Arrivals)
        assert len(arrivals.messages) == expected


def test_a_mailbox_that_nobody_opened_lets_nobody_in() -> None:
    server, _ = serving(ManualClock(NOON))
    report = server.check(Mailbox("eve@acme.example", "vault:1")).report
    assert report.found is FailureClass.AUTH_BAD_CREDENTIALS
