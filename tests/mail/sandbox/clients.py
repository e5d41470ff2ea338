"""How the tests come to a server: over TLS, and never without a time-out."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTP, SMTP_SSL

from imapclient import IMAPClient

from adapters.mail.sandbox.world import Served

PATIENCE = 5.0
"""Seconds for any answer."""


def trusting(served: Served) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=served["ca_file"])


@contextmanager
def imap(served: Served) -> Iterator[IMAPClient]:
    """Encrypted from the beginning."""
    context = trusting(served)
    client = IMAPClient("localhost", served["imaps"], ssl_context=context, timeout=PATIENCE)
    try:
        yield client
    finally:
        client.shutdown()


@contextmanager
def plain_imap(served: Served) -> Iterator[IMAPClient]:
    """Not yet encrypted."""
    client = IMAPClient("localhost", served["imap"], ssl=False, timeout=PATIENCE)
    try:
        yield client
    finally:
        client.shutdown()


@contextmanager
def smtp(served: Served) -> Iterator[SMTP]:
    """Encrypted from the beginning, and greeted."""
    client = SMTP_SSL("localhost", served["smtps"], timeout=PATIENCE, context=trusting(served))
    try:
        client.ehlo()
        yield client
    finally:
        client.close()


def log_in(client: SMTP, user: str, password: str) -> tuple[int, bytes]:
    """PLAIN alone, which asks once. Answers what the server says."""
    client.user, client.password = user, password
    return client.auth("PLAIN", client.auth_plain)


def xoauth2(user: str, token: str) -> str:
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def raw(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def everything(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    octets = bytearray()
    try:
        while piece := connection.recv(1 << 20):
            octets += piece
    except ConnectionResetError:
        pass
    return bytes(octets)
