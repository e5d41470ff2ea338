"""A mailbox in the sandbox, used over the wire."""

from datetime import date

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.inbox import Means
from adapters.mail.wire.limits import WireLimits
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.clocks import system_clock
from engine.ports.clock import Clock
from engine.work.inbound import Kind
from events.vocabulary import RefusalFault
from tests.mail.mail_contract import BEA
from tests.mail.probing import Site
from tests.mail.test_probe import ANN, PASSWORD, SandboxProvider
from tests.mail.wire.answers import answer, means

QUICK_FILING = WireLimits(filing=(0.2,))
SAID: dict[RefusalFault, tuple[str, str]] = {
    RefusalFault.OTHER: ("data", "554 5.7.1 Message rejected as spam"),
    RefusalFault.TEMPORARY: ("rcpt", "450 4.2.0 Greylisted, try again in 300 seconds"),
    RefusalFault.LIMIT: ("data", "550 5.4.5 Daily user sending limit exceeded."),
}


def wire_to(
    site: Site,
    means: Means = means,
    clock: Clock = system_clock,
    limits: WireLimits = QUICK_FILING,
) -> MailWire:
    return MailWire(site.accesses, site.tokens, site.dialler, clock, means, limits=limits)


class SandboxMail(SandboxProvider):
    """Ann's mailbox, at a provider that files what it accepts, or at one that does not."""

    def __init__(self, sandbox: Sandbox, *, files_sent: bool = True, renames: bool = False) -> None:
        super().__init__(sandbox)
        sandbox.add_account(ANN, PASSWORD, files_sent=files_sent, renames=renames)
        self.wire = wire_to(self.site)
        self.transport, self.inbox = self.wire.transport, self.wire.inbox

    def refuse(self, _: str, fault: RefusalFault) -> None:
        if fault is RefusalFault.RECIPIENT:
            self.sandbox.add_account(BEA, "so that nobody else is known at her domain")
            return
        stage, text = SAID[fault]
        self.sandbox.fail("smtp", stage, Act.SAY, text=text)

    def break_after_data(self, _: str) -> None:
        self.sandbox.fail("smtp", "data", Act.LOSE, times=1)

    def answer(self, about: str, kind: Kind, until: date | None = None) -> None:
        self.sandbox.deliver(ANN, answer(about, kind, until))

    def close(self) -> None:
        self.wire.close()
