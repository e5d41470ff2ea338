"""An inbox of 50,000 caught up, every message judged and one in a hundred an answer to ours, beside
imaplib's bare fetch; and 20 accounts that send into a fast server beside smtplib. Over TLS, both
sides on connections that stay open."""

import imaplib
import resource
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.composition.mailing import means
from adapters.mail.sandbox.authority import Authority, Certificate
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.clocks import system_clock
from bench.timing import timed
from engine.work.access import Access, Security, Server
from engine.work.inbound import Sent, SentList
from engine.work.ports import Arrivals, Mailbox, Message, Outcome
from engine.work.secret import Secret
from tests.mail.probing import Site
from tests.mail.servers.dovecot import Dovecot, User

ANN = User("ann@sandbox.test", "ann-secret")
INBOX, BATCH, WARM = 50_000, 500, 10_000
ANSWERS = 100
"""Of so many messages one."""
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
            grown = 0.0

            def first_time() -> None:
                nonlocal grown
                grown = _grown(wire, mailbox)

            cold = timed(first_time)
            bare = timed(lambda: _bare_fetch(dovecot))
            warm = timed(lambda: _catch_up(wire, mailbox))
    rates = {"cold": INBOX / cold, "ours": INBOX / warm, "imaplib": INBOX / bare}
    return {**rates, "grown_mb": grown}


def _arrived() -> Iterator[tuple[int, bytes]]:
    for number in range(1, INBOX + 1):
        about = b"ours" if number % ANSWERS == 0 else b"another"
        head = b"From: <b@%s.test>\r\nMessage-ID: <%d@x>\r\nIn-Reply-To: <%s%d@y>\r\n"
        head %= about, number, about, number
        yield number, head + HEADERS + b"\r\n" + b"Yes, why not.\r\n" * 40


def _sent() -> SentList:
    numbers = range(ANSWERS, INBOX + 1, ANSWERS)
    sent = (Sent(f"ours{number}", "spring", f"r{number}", "b@ours.test") for number in numbers)
    return SentList(ANN.address, sent)


def _wire(site: Site) -> MailWire:
    sent = _sent()
    return MailWire(site.accesses, site.tokens, site.dialler, system_clock, means(lambda _: sent))


def _pieces(wire: MailWire, mailbox: Mailbox) -> Iterator[int]:
    """Catch up; how many answers there were after each piece."""
    cursor, count, complete = "", 0, False
    while not complete:
        arrivals = wire.inbox.since(mailbox, cursor)
        assert isinstance(arrivals, Arrivals)
        count, cursor = count + len(arrivals.messages), arrivals.cursor
        complete = arrivals.read_until is not None
        yield count
    assert count == INBOX // ANSWERS


def _catch_up(wire: MailWire, mailbox: Mailbox) -> None:
    for _ in _pieces(wire, mailbox):
        pass


def _grown(wire: MailWire, mailbox: Mailbox) -> float:
    """Resident megabytes that the process gains from the first 10,000 messages on."""
    found = [_resident() for count in _pieces(wire, mailbox) if count >= WARM // ANSWERS]
    return max(found) - found[0]


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


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
        with sink(authority, 2 * ACCOUNTS * EACH) as port:
            site = Site(unasked, authority.file)
            server = Server("localhost", port, Security.IMPLICIT)
            names = [f"a{number}@sandbox.test" for number in range(ACCOUNTS)]
            mailboxes = [
                site.add(Access("imap", each, server, server, Secret("x")), each) for each in names
            ]
            with closing(_wire(site)) as wire:
                ours = all_at_once(lambda number: _submit(wire, mailboxes[number]))
            context = ssl.create_default_context(cafile=authority.file)
            theirs = all_at_once(lambda number: _smtplib(port, context, names[number]))
    return {"ours": ACCOUNTS * EACH / ours, "smtplib": ACCOUNTS * EACH / theirs}


@contextmanager
def sink(authority: Authority, expected: int) -> Iterator[int]:
    """Its port; in the end it must have taken as many messages as ``expected``."""
    certificate = str(authority.issue(Certificate.TRUSTED))
    command = [sys.executable, "-m", "tests.mail.servers.sink", certificate]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        taken = process.communicate()[0]
    assert int(taken) == expected


def all_at_once(send: Callable[[int], None]) -> float:
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
        assert wire.transport.submit(mailbox, message, lambda: True) is Outcome.ACCEPTED


def _smtplib(port: int, context: ssl.SSLContext, sender: str) -> None:
    content = _content(sender)
    with smtplib.SMTP_SSL("localhost", port, "bench.test", timeout=30, context=context) as smtp:
        smtp.login(sender, "x")
        for _ in range(EACH):
            smtp.sendmail(sender, "b@x.test", content)
