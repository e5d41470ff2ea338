"""Relays that tests talk to: a real one (aiosmtpd), and one that says only what it is told to."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.certificates import Certificate

USER, PASSWORD = "notices", "relay-secret"


class Taken(NamedTuple):
    sender: str
    to: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None


class LocalRelay:
    """What it took, and what it answers. ``answers`` holds replies to RCPT by address, and to
    DATA under ``DATA``, or ``DATA after 1`` for those after the first; those not named are
    accepted."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.answers: dict[str, str] = {}
        self.logins: list[str] = []

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        del server, session
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self.answers.get("DATA", "250 OK")
        if self.taken:
            answer = self.answers.get(f"DATA after {len(self.taken)}", answer)
        if answer.startswith("2"):
            content = envelope.original_content or b""
            assert server.transport is not None
            encrypted = server.transport.get_extra_info("sslcontext") is not None
            user = session.auth_data.login.decode() if session.auth_data else None
            taken = Taken(str(envelope.mail_from), (*envelope.rcpt_tos,), content, encrypted, user)
            self.taken.append(taken)
        return answer

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append(mechanism)
        good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=good, auth_data=data)


@contextmanager
def running(
    relay: LocalRelay,
    certificate: Certificate | None = None,
    *,
    implicit: bool = False,
    login: bool = False,
) -> Iterator[int]:
    """The relay on loopback until the end of the block; answers its port."""
    context = certificate.server_context() if certificate else None
    controller = Controller(
        relay,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        authenticator=relay.authenticate if login else None,
        auth_require_tls=not implicit,
        auth_required=login and not implicit,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Scripted:
    """Says each line when the client has spoken; the first at once. Remembers what it heard.

    ``None`` instead of a line: it closes the connection. After the last one it is silent, or goes
    on ``dripping`` an octet every tenth of a second.
    """

    def __init__(self, *lines: str | None, dripping: bool = False) -> None:
        self._lines: Sequence[str | None] = lines
        self._dripping = dripping
        self.heard = b""

    @contextmanager
    def running(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=self._serve, args=[listening], daemon=True)
            thread.start()
            yield listening.getsockname()[1]
        thread.join(10)

    def _serve(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            try:
                self._talk(connection)
            except OSError:
                return

    def _talk(self, connection: socket.socket) -> None:
        for number, line in enumerate(self._lines):
            if number:
                self._hear(connection, until=b"\r\n.\r\n" if self._in_data else b"\r\n")
            if line is None:
                return
            connection.sendall(line.encode() + b"\r\n")
            self._in_data = line.startswith("354")
        while self._dripping:
            connection.sendall(b"2")
            time.sleep(0.1)
        while connection.recv(4096):
            pass

    _in_data = False

    def _hear(self, connection: socket.socket, until: bytes) -> None:
        heard = b""
        while not heard.endswith(until):
            more = connection.recv(4096)
            if not more:
                raise ConnectionError
            heard += more
        self.heard += heard


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
