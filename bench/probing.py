"""A full check of a mailbox on a Dovecot of this machine, beside a plain script that does as much.

The script loads no list of authorities, as ours has one context for all checks.
"""

import imaplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from adapters.mail.sandbox.sandbox import Sandbox
from bench.timing import timed
from engine.work.access import Access, Security, Server
from engine.work.secret import Secret
from tests.mail.probing import Site
from tests.mail.relays import LocalRelay, running
from tests.mail.servers.dovecot import Dovecot, User

ANN = User("ann@sandbox.test", "ann-secret")
CHECKS = 40


def probe() -> dict[str, float]:
    """Milliseconds of one check, and of the script; medians."""
    with _dovecot() as dovecot:
        with Sandbox() as unasked:
            ours = _median_ms(_our_check(unasked, dovecot))
        context = ssl.create_default_context(cafile=dovecot.ca_file)
        theirs = _median_ms(lambda: _script(dovecot, context))
    return {"check_ms": ours, "script_ms": theirs}


@contextmanager
def _dovecot() -> Iterator[Dovecot]:
    relay = LocalRelay()
    with running(relay) as port, Dovecot([ANN], relay=port) as dovecot:
        yield dovecot


def _our_check(sandbox: Sandbox, dovecot: Dovecot) -> Callable[[], object]:
    site = Site(sandbox, dovecot.ca_file)
    mailbox = site.add(
        Access(
            "imap",
            ANN.address,
            Server("localhost", dovecot.imaps, Security.IMPLICIT),
            Server("localhost", dovecot.submission, Security.STARTTLS),
            Secret(ANN.password),
        )
    )

    def check() -> None:
        if not site.probe.check(mailbox).report.successful:
            raise AssertionError("the check failed")

    return check


def _script(dovecot: Dovecot, context: ssl.SSLContext) -> None:
    with imaplib.IMAP4_SSL("localhost", dovecot.imaps, ssl_context=context, timeout=10) as imap:
        imap.login(ANN.address, ANN.password)
        imap.xatom("ID", '("name" "bench")')
        imap.capability()
        imap.select(readonly=True)
        imap.list()
    with smtplib.SMTP("localhost", dovecot.submission, "bench.test", timeout=10) as smtp:
        smtp.starttls(context=context)
        smtp.login(ANN.address, ANN.password)
        smtp.mail(ANN.address)
        smtp.rset()


def _median_ms(work: Callable[[], object]) -> float:
    work()
    return median(timed(work) for _ in range(CHECKS)) * 1_000
