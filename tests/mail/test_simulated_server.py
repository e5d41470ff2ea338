"""The provider in this process keeps the contract, and has a will of its own."""

from datetime import timedelta

import pytest

from engine.ports.clock import ManualClock
from engine.work.ports import Arrivals, Mailbox, Outcome, Refused
from events.vocabulary import FailureClass, RefusalFault
from tests.mail.mail_contract import MailContract, always, message_to
from tests.mail.simulated import ANN, NOON, SimulatedProvider
from tests.mail.simulated_server import Answer, Fate, SimulatedMailServer

HOUR = timedelta(hours=1)


@pytest.fixture
def provider() -> SimulatedProvider:
    return SimulatedProvider(ManualClock(NOON))


class TestSimulatedServer(MailContract):
    pass


def serving(clock: ManualClock) -> tuple[SimulatedMailServer, Mailbox]:
    server = SimulatedMailServer(clock, {"vault:1": "x"})
    server.open_mailbox(ANN, "x")
    return server, Mailbox(ANN, "vault:1")


def test_what_is_greylisted_is_taken_the_second_time() -> None:
    server, mailbox = serving(ManualClock(NOON))
    message = message_to("p1@example.org")
    server.decide("p1@example.org", Fate.GREYLISTED)
    assert server.submit(mailbox, message, always) == Refused(RefusalFault.TEMPORARY)
    assert server.submit(mailbox, message, always) is Outcome.ACCEPTED


def test_an_answer_comes_in_its_time() -> None:
    clock = ManualClock(NOON)
    server, mailbox = serving(clock)
    server.arrive(ANN, "1", Answer.REPLY, after=HOUR)

    for moment, expected in ((HOUR - timedelta(seconds=1), 0), (HOUR, 1)):
        clock.time = NOON + moment
        arrivals = server.since(mailbox, "")
        assert isinstance(arrivals, Arrivals)
        assert len(arrivals.messages) == expected


def test_a_mailbox_that_nobody_opened_lets_nobody_in() -> None:
    server, _ = serving(ManualClock(NOON))
    report = server.check(Mailbox("eve@acme.example", "vault:1")).report
    assert report.found is FailureClass.AUTH_BAD_CREDENTIALS
