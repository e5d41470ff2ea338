"""Connections that break at every octet of a conversation, both ways: never two copies (M2).

The server's own ledger says how many there are.
"""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count

import pytest

from adapters.mail.sandbox.authority import Authority, Certificate
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Access, Security, Server
from engine.work.ports import AccountTrouble, Message, Outcome, Refused, Submitted
from engine.work.secret import Secret
from events.vocabulary import FailureClass, RefusalFault
from tests.mail.mail_contract import always
from tests.mail.probing import Site
from tests.mail.relays import PASSWORD, USER, LocalRelay, running
from tests.mail.servers.cutting import CuttingProxy, Direction
from tests.mail.servers.sink import running_sink
from tests.mail.wire.mailboxes import wire_to

ANN = "ann@sandbox.test"
NUMBERS = count()
CHUNK, LONGEST = 60, 600
"""Positions a test, and more than the octets that either says."""


class Ledger:
    """Ann's mailbox at a server that keeps a ledger, behind a way that breaks."""

    def __init__(self, site: Site, proxy: CuttingProxy, taken: Callable[[], list[bytes]]) -> None:
        self._site, self.proxy, self._taken = site, proxy, taken
        server = Server("localhost", proxy.port, Security.IMPLICIT)
        self._mailbox = site.add(Access("imap", USER, server, server, Secret(PASSWORD)), ANN)

    def send(self, messages: Sequence[Message]) -> list[Submitted]:
        """One after the other, in one session as far as it lasts."""
        with closing(wire_to(self._site)) as wire:
            became = [wire.transport.submit(self._mailbox, each, always) for each in messages]
        self.proxy.settle()
        return became

    def copies(self, message: Message) -> int:
        mark = message.content.partition(b"\r\n")[0]
        return sum(mark in each for each in self._taken())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["one by one", "pipelined"])
def ledger(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Ledger]:
    """aiosmtpd, and a server that takes several commands at once."""
    relay, sunk = LocalRelay(), list[bytes]()
    server = (
        running(relay, implicit=True, login=True)
        if request.param == "one by one"
        else running_sink(sunk)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue(Certificate.TRUSTED))
    with Sandbox() as sandbox, server as port, CuttingProxy(port, context) as proxy:
        site = Site(sandbox, authority.file)
        yield Ledger(site, proxy, lambda: [*sunk, *(each.content for each in relay.taken)])


def two_messages() -> list[Message]:
    """As no others, and always of the same length."""
    names = [f"{next(NUMBERS):08}" for _ in range(2)]
    return [
        Message(f"<{each}@x>", "b@x.test", f"A: {each}\r\n\r\n.\r\n".encode()) for each in names
    ]


@pytest.mark.rule("M2")
@pytest.mark.parametrize("start", range(0, LONGEST, CHUNK))
@pytest.mark.parametrize("direction", list(Direction))
def test_a_connection_that_breaks_anywhere_leaves_one_copy_at_most(
    ledger: Ledger, direction: Direction, start: int
) -> None:
    for position in range(start, start + CHUNK):
        both = two_messages()
        ledger.proxy.cut(direction, position)
        for message, became in zip(both, ledger.send(both), strict=True):
            match became:
                case Outcome.ACCEPTED:
                    assert ledger.copies(message) == 1
                case Outcome.UNKNOWN:
                    assert ledger.copies(message) <= 1
                case Refused() | AccountTrouble():
                    assert ledger.copies(message) == 0
                    assert ledger.send([message]) == [Outcome.ACCEPTED]
                    assert ledger.copies(message) == 1


@pytest.mark.rule("M2")
@pytest.mark.parametrize("direction", list(Direction))
def test_every_outcome_comes_of_some_position(ledger: Ledger, direction: Direction) -> None:
    outcomes = set[object]()
    for position in range(20, LONGEST, 3):
        ledger.proxy.cut(direction, position)
        outcomes |= {*ledger.send(two_messages())}
        if not ledger.proxy.was_cut:
            break
    assert not ledger.proxy.was_cut, "the conversation is longer than it is cut"
    assert outcomes >= {
        Outcome.ACCEPTED,
        Outcome.UNKNOWN,
        Refused(RefusalFault.TEMPORARY),
        AccountTrouble(FailureClass.TRANSIENT_SERVER),
    }
