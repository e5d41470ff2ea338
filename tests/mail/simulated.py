"""The provider in this process, and what a test has it do."""

from datetime import UTC, date, datetime

from engine.ports.clock import ManualClock
from engine.work.inbound import Kind
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass, RefusalFault
from tests.mail.simulated_server import FAULTS, KINDS, Answer, Fate, SimulatedMailServer

ANN = "ann@acme.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FATES = {fault: fate for fate, fault in FAULTS.items()}
ANSWERS = {kind: answer for answer, kind in KINDS.items()}


class SimulatedProvider:
    """A server with one mailbox; messages are taken and answered by nobody, unless told."""

    def __init__(self, clock: ManualClock, account_id: str = ANN) -> None:
        self.server = SimulatedMailServer(clock, {"vault:1": "correct horse"})
        self.server.open_mailbox(account_id, "correct horse")
        self.mailbox = Mailbox(account_id, "vault:1")
        self.server.to_whom = lambda left: ("spring", left.partition(".")[0])
        self.probe = self.transport = self.inbox = self.server

    def refuse_login(self, because: FailureClass | None) -> None:
        self.server.refuse_login(self.mailbox.account_id, because)

    def refuse(self, address: str, fault: RefusalFault) -> None:
        self.server.decide(address, FATES[fault])

    def break_after_data(self, address: str) -> None:
        self.server.decide(address, Fate.ANSWER_LOST)

    def answer(self, about: str, kind: Kind, until: date | None = None) -> None:
        answer = ANSWERS.get(kind, Answer.OUT_OF_OFFICE)
        self.server.arrive(self.mailbox.account_id, about, answer, until=until)
