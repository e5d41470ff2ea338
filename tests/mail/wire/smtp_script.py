"""An SMTP server that says what it is told to, with TLS, and Ann's mailbox there."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager

from adapters.mail.connection import Limits
from adapters.mail.dialling import Dialler, verifying_context
from adapters.mail.network import NetworkPolicy
from adapters.mail.sandbox.authority import Authority, Certificate
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.limits import WIRE_LIMITS, Keeping, WireLimits
from adapters.mail.wire.mail_wire import MailWire
from adapters.mail.wire.transport import MailTransport
from adapters.stores.clocks import system_clock
from engine.work.access import Access, Security, Server
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from tests.mail.probing import LOOPBACK, Site
from tests.mail.servers.scripted import Conversation, Script, Scripted
from tests.mail.wire.answers import means

ANN = "ann@sandbox.test"
SILENT, GONE = b"be silent", b""
"""Instead of an answer: say nothing, or end the connection."""
SAID = {
    b"EHLO": [b"250-localhost\r\n250 AUTH PLAIN\r\n"],
    b"AUTH": [b"235 2.7.0 OK\r\n"],
    b"MAIL": [b"250 2.1.0 OK\r\n"],
    b"RCPT": [b"250 2.1.5 OK\r\n"],
    b"DATA": [b"354 go on\r\n"],
    b".": [b"250 2.0.0 OK\r\n"],
    b"RSET": [b"250 2.0.0 OK\r\n"],
    b"QUIT": [b"221 2.0.0 Bye\r\n"],
}
QUICK = Limits(total=3.0, step=0.5, octets=100_000)


def saying(answers: dict[bytes, list[bytes]]) -> Script:
    """To each command the next of its answers; the last one again and again."""
    told = {word: [*each] for word, each in {**SAID, **answers}.items()}

    def play(talk: Conversation) -> None:
        talk.say(b"220 localhost ESMTP\r\n")
        word, said = b"", b""
        while word != b"QUIT":
            word = _next_word(talk, in_data=word == b"DATA" and said.startswith(b"354"))
            said = told[word].pop(0) if len(told[word]) > 1 else told[word][0]
            if said == SILENT:
                talk.be_silent()
            if said in {SILENT, GONE}:
                return
            talk.say(said)

    return play


def _next_word(talk: Conversation, *, in_data: bool) -> bytes:
    if not in_data:
        return talk.heard()[:4].upper()
    while talk.heard() != b".":
        pass
    return b"."


class Served:
    """``transport`` leads to the server; ``heard`` is what it heard."""

    def __init__(self, server: Scripted, wire: MailWire, mailbox: Mailbox) -> None:
        self._server, self.wire, self.mailbox = server, wire, mailbox
        self.transport: MailTransport = wire.transport

    @property
    def heard(self) -> bytes:
        return b"".join(self._server.heard)

    def times(self, command: bytes) -> int:
        return self.heard.count(command)


@contextmanager
def served(
    authority: Authority, answers: dict[bytes, list[bytes]], keeping: Keeping = WIRE_LIMITS.smtp
) -> Iterator[Served]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue(Certificate.TRUSTED))
    with Sandbox([]) as sandbox, Scripted(saying(answers), context) as server:
        site = Site(sandbox, authority.file)
        there = Server("localhost", server.port, Security.IMPLICIT)
        mailbox = site.add(Access("imap", ANN, there, there, Secret("secret")))
        dialler = Dialler(NetworkPolicy(LOOPBACK), verifying_context(authority.file), QUICK)
        wire = MailWire(
            site.accesses,
            site.tokens,
            dialler,
            system_clock,
            means,
            limits=WireLimits(smtp=keeping, submission=QUICK),
        )
        with closing(wire):
            yield Served(server, wire, mailbox)
