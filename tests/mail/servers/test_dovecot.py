"""The Dovecot of the tests serves as a provider does."""

import os
import signal
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTP

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from tests.mail.sandbox.clients import PATIENCE, log_in, xoauth2
from tests.mail.servers.conftest import ANN, GONE, Site
from tests.mail.servers.dovecot import Dovecot, User
from tests.mail.servers.ports import answers, wait_for
from tests.worker.processes import eventually

ROOT = Path(__file__).parents[3]
MAIL = "https://mail.google.com/"
KILLED = """
import sys, time
from tests.mail.servers.dovecot import Dovecot
with Dovecot([]) as dovecot:
    print(dovecot.imap, dovecot.ca_file.parent, flush=True)
    time.sleep(60)
"""


def trusting(dovecot: Dovecot) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=dovecot.ca_file)


@contextmanager
def imap(dovecot: Dovecot) -> Iterator[IMAPClient]:
    context = trusting(dovecot)
    client = IMAPClient("localhost", dovecot.imaps, ssl_context=context, timeout=PATIENCE)
    try:
        yield client
    finally:
        client.shutdown()


@contextmanager
def submission(dovecot: Dovecot) -> Iterator[SMTP]:
    with SMTP("localhost", dovecot.submission, timeout=PATIENCE) as client:
        client.starttls(context=trusting(dovecot))
        client.ehlo()
        yield client


def refusal(site: Site, user: str, password: str) -> str:
    with imap(site.dovecot) as client, pytest.raises(LoginError) as refused:
        client.login(user, password)
    return str(refused.value)


def test_a_password_opens_the_mailbox_with_a_sent_folder(site: Site) -> None:
    with imap(site.dovecot) as client:
        client.login(ANN.address, ANN.password)
        assert client.find_special_folder(rb"\Sent") == "Sent"


def test_a_token_opens_the_mailbox_until_it_is_revoked(site: Site) -> None:
    token = site.provider.grant(ANN.address, [MAIL])["access_token"]
    with imap(site.dovecot) as client, submission(site.dovecot) as other:
        client.oauth2_login(ANN.address, token)
        assert other.auth("XOAUTH2", lambda _=None: xoauth2(ANN.address, token))[0] == 235
    site.provider.revoke(ANN.address)
    with imap(site.dovecot) as client, pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
        client.oauth2_login(ANN.address, token)


def test_it_says_why_it_refuses(site: Site) -> None:
    assert "[AUTHENTICATIONFAILED] Authentication failed." in refusal(site, ANN.address, "wrong")
    assert "[CONTACTADMIN] Account_suspended" in refusal(site, GONE.address, GONE.password)


def test_a_password_changes_from_one_login_to_the_next(site: Site) -> None:
    site.dovecot.change(User("new@sandbox.test", "old"))
    with imap(site.dovecot) as client:
        client.login("new@sandbox.test", "old")
    site.dovecot.change(User("new@sandbox.test", "newer"))
    with imap(site.dovecot) as client:
        client.login("new@sandbox.test", "newer")


def test_a_fourth_connection_is_one_too_many(site: Site) -> None:
    site.dovecot.change(User("busy@sandbox.test", "secret"))
    with imap(site.dovecot) as one, imap(site.dovecot) as two, imap(site.dovecot) as three:
        for each in (one, two, three):
            each.login("busy@sandbox.test", "secret")
        assert "[LIMIT]" in refusal(site, "busy@sandbox.test", "secret")


def test_what_is_submitted_reaches_the_relay(site: Site) -> None:
    with submission(site.dovecot) as client:
        log_in(client, ANN.address, ANN.password)
        client.sendmail(ANN.address, ["ben@x.test"], "Subject: Out\n\nOut")
    taken = site.relay.taken[-1]
    assert (taken.sender, taken.to) == (ANN.address, ("ben@x.test",))
    assert b"Subject: Out" in taken.content


def test_what_the_relay_refuses_is_refused(site: Site) -> None:
    site.relay.answers["never@x.test"] = "550 5.1.1 No such user"
    with submission(site.dovecot) as client:
        log_in(client, ANN.address, ANN.password)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="No such user"):
            client.sendmail(ANN.address, ["never@x.test"], "Subject: Out\n\nOut")


def test_what_is_delivered_is_in_the_inbox(site: Site) -> None:
    site.dovecot.deliver(ANN.address, b"Subject: In\r\n\r\nIn\r\n")
    with imap(site.dovecot) as client:
        client.login(ANN.address, ANN.password)
        client.select_folder("INBOX", readonly=True)
        assert client.search(["SUBJECT", "In"])


def test_an_unknown_authority_is_not_trusted(site: Site) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient("localhost", site.dovecot.imaps, timeout=PATIENCE)


def test_a_provider_that_fails_makes_the_login_fail_for_a_while(site: Site) -> None:
    site.provider.refuse("unreachable", service="oauth")
    try:
        with imap(site.dovecot) as client, pytest.raises(LoginError, match="UNAVAILABLE"):
            client.oauth2_login(ANN.address, "any")
    finally:
        site.provider.relent()


@pytest.mark.kills
def test_it_ends_with_who_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as maker:
        assert maker.stdout is not None
        port, folder = maker.stdout.readline().split()
        assert wait_for(int(port), PATIENCE)
        maker.send_signal(signal.SIGKILL)
    eventually(lambda: not Path(folder).exists())
    assert not answers(int(port))
