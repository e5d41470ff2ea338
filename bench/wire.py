"""An inbox of 50,000 caught up beside imaplib's bare fetch, and 20 accounts that send into a fast
server beside smtplib; over TLS, both sides on connections that stay open."""

import imaplib
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.mail.sandbox.authority import Authority, Certificate
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.inbox import Fetched
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.clocks import system_clock
from bench.timing import timed
from engine.work.access import Access, Security, Server
from engine.work.inbound import Inbound, Kind
from engine.work.ports import Arrivals, Incoming, Mailbox, Message, Outcome
from engine.work.secret import Secret
from tests.mail.probing import Site
from tests.mail.servers.dovecot import Dovecot, User

ANN = User("ann@sandbox.test", "ann-secret")
INBOX, BATCH, WARM = 50_000, 500, 10_000
ACCOUNTS, EACH = 20, 500
HEADERS = b"".join(
    b"X-Header-%d: %s\r\n" % (number, b"of a usual length and of no use to anybody " * 2)
    for number in range(8)
)


def inbox() -> dict[str, float]:
    """Messages a second, on a folder never read before and on one just read, and megabytes."""
    with Dovecot([ANN]) as dovecot, Sandbox([]) as unasked:
        dovecot.plant(ANN.address, _arrived(), validity=1)
        site = Site(unasked, dovecot.ca_file)
        server = Server("localhost", dovecot.imaps, Security.IMPLICIT)
        access = Access("imap", ANN.address, server, server, Secret(ANN.password))
        with closing(_wire(site)) as wire:
            mailbox = site.add(access)
            cold = timed(lambda: _catch_up(wire, mailbox))
            bare = timed(lambda: _bare_fetch(dovecot))
            warm = timed(lambda: _catch_up(wire, mailbox))
            first, rest = _peaks(wire, mailbox)
    rates = {"cold": INBOX / cold, "ours": INBOX / warm, "imaplib": INBOX / bare}
    return {**rates, "first_mb": first, "rest_mb": rest}


def _arrived() -> Iterator[tuple[int, bytes]]:
    for number in range(1, INBOX + 1):
        yield (
            number,
            b"From: <b@x.test>\r\nMessage-ID: <%d@x>\r\nIn-Reply-To: <r%d@y>\r\n"
            % (
                number,
                number,
            )
            + HEADERS
            + b"\r\n"
            + b"Yes, why not.\r\n" * 40,
        )


def _reply(_: Mailbox, fetched: Fetched) -> Incoming:
    about = fetched.octets.partition(b"In-Reply-To: ")[2].partition(b"\r\n")[0]
    return Incoming(fetched.key, Inbound(Kind.REPLY, about.decode()))


def _wire(site: Site) -> MailWire:
    return MailWire(site.accesses, site.tokens, site.dialler, system_clock, _reply)


def _pieces(wire: MailWire, mailbox: Mailbox) -> Iterator[int]:
    """Catch up; how many messages there were after each piece."""
    cursor, count, complete = "", 0, False
    while not complete:
        arrivals = wire.inbox.since(mailbox, cursor)
        assert isinstance(arrivals, Arrivals)
        count, cursor = count + len(arrivals.messages), arrivals.cursor
        complete = arrivals.read_until is not None
        yield count
    assert count == INBOX


def _catch_up(wire: MailWire, mailbox: Mailbox) -> None:
    for _ in _pieces(wire, mailbox):
        pass


def _peaks(wire: MailWire, mailbox: Mailbox) -> tuple[float, float]:
    """The most memory that Python held during the first 10,000 messages, and during the rest."""
    tracemalloc.start()
    for count in _pieces(wire, mailbox):
        if count == WARM:
            first = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
    rest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return first / 2**20, rest / 2**20


def _bare_fetch(dovecot: Dovecot) -> None:
    context = ssl.create_default_context(cafile=dovecot.ca_file)
    with imaplib.IMAP4_SSL("localhost", dovecot.imaps, ssl_context=context, timeout=60) as imap:
        imap.login(ANN.address, ANN.password)
        imap.select(readonly=True)
        for first in range(1, INBOX + 1, BATCH):
            imap.uid("FETCH", f"{first}:{first + BATCH - 1}", "(BODY.PEEK[HEADER])")


def submission() -> dict[str, float]:
    """Messages a second, over all accounts."""
    with tempfile.TemporaryDirectory() as name, Sandbox([]) as unasked:
        authority = Authority(Path(name))
        with _sink(authority) as port:
            site = Site(unasked, authority.file)
            server = Server("localhost", port, Security.IMPLICIT)
            names = [f"a{number}@sandbox.test" for number in range(ACCOUNTS)]
            mailboxes = [
                site.add(Access("imap", each, server, server, Secret("x")), each) for each in names
            ]
            with closing(_wire(site)) as wire:
                ours = _all_at_once(lambda number: _submit(wire, mailboxes[number]))
            context = ssl.create_default_context(cafile=authority.file)
            theirs = _all_at_once(lambda number: _smtplib(port, context, names[number]))
    return {"ours": ACCOUNTS * EACH / ours, "smtplib": ACCOUNTS * EACH / theirs}


@contextmanager
def _sink(authority: Authority) -> Iterator[int]:
    certificate = str(authority.issue(Certificate.TRUSTED))
    command = [sys.executable, "-m", "tests.mail.servers.sink", certificate]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        taken = process.communicate()[0]
    assert int(taken) == 2 * ACCOUNTS * EACH


def _all_at_once(send: Callable[[int], None]) -> float:
    with ThreadPoolExecutor(ACCOUNTS) as pool:
        begun = time.perf_counter()
        list(pool.map(send, range(ACCOUNTS)))
        return time.perf_counter() - begun


def _content(sender: str) -> bytes:
    head = f"From: {sender}\r\nTo: b@x.test\r\nSubject: Spring\r\n".encode()
    return head + HEADERS + b"\r\n" + b"Would a word about spring be welcome?\r\n" * 40


def _submit(wire: MailWire, mailbox: Mailbox) -> None:
    message = Message("<r1@x>", "b@x.test", _content(mailbox.account_id))
    for _ in range(EACH):
        assert wire.transport.submit(mailbox, message) is Outcome.ACCEPTED


def _smtplib(port: int, context: ssl.SSLContext, sender: str) -> None:
    content = _content(sender)
    with smtplib.SMTP_SSL("localhost", port, "bench.test", timeout=30, context=context) as smtp:
        smtp.login(sender, "x")
        for _ in range(EACH):
            smtp.sendmail(sender, "b@x.test", content)
