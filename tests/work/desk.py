"""A workspace whose accounts have mailboxes at the simulated provider."""

from itertools import count

from engine.work.read_inbox import InboxReader, SentTo
from engine.work.send import Outgoing, Sends

from adapters.stores.memory import MemoryStore
from engine.ports.clock import ManualClock
from engine.work.check_connection import ConnectionChecks
from engine.work.ports import Probe, Transport
from events.base import Event
from tests.law.story import ANN, BOB, NOON, SPRING, connect, create, start
from tests.mail.mail_contract import message_to
from tests.mail.simulated import SimulatedProvider
from tests.workplace import ACME, Workplace

USER = "user:dana"


class Desk:
    """ANN's and BOB's accounts in one running campaign; ANN's mailbox can be provoked."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.workplace = Workplace(MemoryStore(self.clock), self.clock)
        self.workplace.given(connect(ANN), connect(BOB), create(ANN, BOB), start())
        self.engine = self.workplace.engine
        self.provider = SimulatedProvider(self.clock, ANN)
        numbers = count(1)
        self.new_id = lambda: f"desk-{next(numbers)}"

    def checks(self, probe: Probe | None = None) -> ConnectionChecks:
        return ConnectionChecks(self.engine, probe or self.provider.probe, ACME, self.new_id)

    def sends(self, transport: Transport | None = None) -> Sends:
        return Sends(self.engine, transport or self.provider.transport, ACME, self.new_id)

    def inbox(self) -> InboxReader:
        return InboxReader(self.engine, self.provider.inbox, ACME, sent_to)

    def outgoing(self, recipient: str, step: str = "intro") -> Outgoing:
        send_id = f"{recipient}.{step}"
        message = message_to(f"{recipient}@example.org", send_id)
        return Outgoing(SPRING, recipient, send_id, self.provider.mailbox, message)

    def facts(self, *kinds: type[Event]) -> list[Event]:
        """Of these kinds, or of all, since the campaign was started."""
        log = [each.event for each in self.workplace.log]
        begun = next(n for n, each in enumerate(log) if type(each).__name__ == "CampaignStarted")
        return [each for each in log[begun + 1 :] if not kinds or isinstance(each, kinds)]

    def names(self) -> list[str]:
        return [type(each).__name__ for each in self.facts()]


def sent_to(message_id: str) -> SentTo | None:
    name = message_id.strip("<>").partition(".")[0]
    return SentTo(SPRING, name) if name.startswith("r") else None
