"""The scripted servers say what they are there to say."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTP, SMTPConnectError, SMTPNotSupportedError, SMTPServerDisconnected

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from tests.mail.servers.scripted import (
    FLOOD,
    IMAP_SCRIPTS,
    SMTP_SCRIPTS,
    NeverAnswering,
    Script,
    Scripted,
    dripping,
)

PATIENCE = 5.0


@contextmanager
def imap(script: str) -> Iterator[IMAPClient]:
    with Scripted(IMAP_SCRIPTS[script]) as server:
        client = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=PATIENCE)
        try:
            yield client
        finally:
            client.shutdown()


@contextmanager
def smtp(script: str) -> Iterator[SMTP]:
    with Scripted(SMTP_SCRIPTS[script]) as server:
        client = SMTP(timeout=PATIENCE)
        try:
            client.connect("127.0.0.1", server.port)
            yield client
        finally:
            client.close()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("drop at login", "EOF"),
        ("bye at login", "Server shutting down"),
        ("in use", r"\[INUSE\] Mailbox is locked"),
        ("bad", "authenticated but not connected"),
    ],
)
def test_a_login_meets_what_the_script_says(script: str, said: str) -> None:
    with imap(script) as client, pytest.raises(LoginError, match=said):
        client.login("ann", "secret")


def test_a_greeting_may_be_a_bye() -> None:
    with pytest.raises(IMAPClientError, match="BYE Too many connections"), imap("bye"):
        pass


def test_imap_without_starttls_lets_in_whoever_goes_on() -> None:
    with imap("without starttls") as client:
        with pytest.raises(CapabilityError):
            client.starttls()
        assert client.login("ann", "secret") == b"in"


def test_smtp_without_starttls_lets_in_whoever_goes_on() -> None:
    with smtp("without starttls") as client:
        with pytest.raises(SMTPNotSupportedError):
            client.starttls()
        assert client.login("ann", "secret")[0] == 235


def test_smtp_may_be_busy() -> None:
    busy = pytest.raises(SMTPConnectError, match="Try again later")
    with Scripted(SMTP_SCRIPTS["busy"]) as server, busy:
        SMTP("127.0.0.1", server.port, timeout=PATIENCE)


def test_smtp_drops_at_the_login() -> None:
    with smtp("drop at login") as client, pytest.raises(SMTPServerDisconnected):
        client.login("ann", "secret")


def test_smtp_drops_after_the_message() -> None:
    with smtp("drop after data") as client, pytest.raises(SMTPServerDisconnected):
        client.sendmail("ann@acme.test", ["ben@x.test"], "Subject: One\n\nOne")


@pytest.mark.parametrize("scripts", [IMAP_SCRIPTS, SMTP_SCRIPTS], ids=["imap", "smtp"])
def test_silence_is_kept(scripts: dict[str, Script]) -> None:
    with Scripted(scripts["silent"]) as server, connected(server.port) as client:
        client.settimeout(0.2)
        client.sendall(b"a1 CAPABILITY\r\n")
        with pytest.raises(TimeoutError):
            client.recv(1)


@pytest.mark.parametrize("scripts", [IMAP_SCRIPTS, SMTP_SCRIPTS], ids=["imap", "smtp"])
def test_a_flood_is_ten_megabytes(scripts: dict[str, Script]) -> None:
    with Scripted(scripts["flooding"]) as server, connected(server.port) as client:
        taken = 0
        while taken <= FLOOD:
            taken += len(client.recv(1 << 20))


def test_dripping_takes_its_time() -> None:
    began = time.monotonic()
    with Scripted(dripping(b"* OK ready\r\n", 0.02)) as server, connected(server.port) as client:
        assert b"".join(client.recv(1) for _ in range(10)) == b"* OK ready"
    assert time.monotonic() - began > 0.15


def test_many_clients_wait_for_one_that_never_answers() -> None:
    with NeverAnswering() as server:
        clients = [socket.create_connection(("127.0.0.1", server.port), 1) for _ in range(500)]
        for each in clients:
            each.close()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)
