"""A session with an SMTP server, stage by stage (C1). A login is tried once, by one method."""

import re
import smtplib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from adapters.mail.connection import Connection
from adapters.mail.refused import NO_STARTTLS, Dropped, NotUnderstood, ServerRefused
from adapters.mail.sasl import plain, xoauth2
from adapters.mail.session import Session
from engine.work.addresses import ascii_form
from engine.work.secret import Secret

OUR_NAME = "[127.0.0.1]"
"""Our name in EHLO: the machine's own would appear in every header, and takes time to look up."""
MOST_LINES = 200
_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\r\n", re.DOTALL)
_GOES_ON = 334

Reply = tuple[int, bytes]


class Smtp(smtplib.SMTP):
    """smtplib over an existing connection, which accepts only complete replies.

    smtplib itself takes a reply that was cut off for an acceptance.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(local_hostname=OUR_NAME)
        self._connection = connection

    def send(self, s: Any) -> None:
        self._connection.send(s.encode(self.command_encoding) if isinstance(s, str) else s)

    def getreply(self) -> Reply:
        said: list[bytes] = []
        while True:
            code, goes_on, text = self._line()
            said.append(text)
            if not goes_on:
                return code, b"\n".join(said)
            if len(said) > MOST_LINES:
                raise NotUnderstood("a reply without an end")

    def _line(self) -> tuple[int, bool, bytes]:
        line = self._connection.readline()
        if not line.endswith(b"\n"):
            raise Dropped
        found = _REPLY.fullmatch(line)
        if found is None:
            raise NotUnderstood("no reply of SMTP")
        return int(found[1]), found[2] == b"-", (found[3] or b"").strip()

    def close(self) -> None:
        self._connection.close()


class SmtpSession(Session):
    """A session; ``smtp`` is for other requests to the server, inside ``told``."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.smtp = Smtp(connection)

    def told(self) -> AbstractContextManager[None]:
        return told()

    def _say_goodbye(self) -> None:
        self.smtp.docmd("QUIT")

    def _greet(self) -> None:
        require(self.smtp.getreply())
        require(self.smtp.ehlo())

    def _start_tls(self) -> None:
        if not self.smtp.has_extn("starttls"):
            raise ServerRefused(f"{NO_STARTTLS}: the server does not offer it.")
        code, said = self.smtp.docmd("STARTTLS")
        if code >= 500:
            raise ServerRefused(f"{NO_STARTTLS}: {told_by(code, said)}")
        require((code, said))
        self._connection.encrypt()
        require(self.smtp.ehlo())

    def log_in(self, user: str, password: Secret) -> None:
        """Log in by PLAIN, or by LOGIN if the server does not offer PLAIN."""
        with told():
            self._connection.require_encrypted()
            offered = self.smtp.esmtp_features.get("auth", "").upper().split()
            if "PLAIN" in offered:
                self._answer(f"AUTH PLAIN {_base64(plain(user, password))}")
            elif "LOGIN" in offered:
                self._answer("AUTH LOGIN", _base64(user), _base64(password.reveal()))
            else:
                raise ServerRefused("No suitable authentication method found.")

    def log_in_by_token(self, user: str, token: Secret) -> None:
        """Log in by XOAUTH2. If the server refuses, its reason (a challenge in base64) follows its
        answer in ``ServerRefused``."""
        with told():
            self._connection.require_encrypted()
            self._answer(f"AUTH XOAUTH2 {_base64(xoauth2(user, token))}", "")

    def try_sender(self, address: str) -> None:
        """Find out by MAIL FROM, then RSET, whether the server takes messages from this address."""
        with told():
            require(self.smtp.mail(ascii_form(address)))
            self.smtp.rset()

    def _answer(self, command: str, *answers: str) -> None:
        """Log in. ``answers`` reply to the server's challenges; the challenge after a refused token
        is JSON in base64."""
        asked = b""
        reply = self.smtp.docmd(command)
        for answer in answers:
            if reply[0] != _GOES_ON:
                break
            asked = reply[1]
            reply = self.smtp.docmd(answer)
        if reply[0] != 235:
            why = asked.decode("ascii", "replace") if asked.startswith(b"eyJ") else ""
            raise ServerRefused(f"{told_by(*reply)} {why}".rstrip())


def require(reply: Reply) -> None:
    """Raises ``ServerRefused`` for a reply other than 2yz."""
    code, said = reply
    if not 200 <= code < 300:
        raise ServerRefused(told_by(code, said))


@contextmanager
def told() -> Iterator[None]:
    """Turn errors raised inside into those that the session promises."""
    try:
        yield
    except (ServerRefused, NotUnderstood, OSError) as error:
        if isinstance(error, smtplib.SMTPException):
            raise NotUnderstood(type(error).__name__) from None
        raise
    except Exception as error:  # noqa: BLE001 whatever they raise
        raise NotUnderstood(type(error).__name__) from None


def told_by(code: int, said: bytes) -> str:
    """The reply as it came, with as many lines."""
    return "\n".join(f"{code} {line}" for line in said.decode("utf-8", "replace").split("\n"))


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
