"""The operator's own mail relay: submits a message to several by SMTP, encrypted as the settings
say.

Of the relay's answers only the codes are reported: the text may repeat whatever the relay was sent.
"""

import errno
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from ipaddress import ip_address
from smtplib import SMTP, SMTPDataError, SMTPException
from socket import create_connection
from typing import NamedTuple

from adapters.mail.connection import Allowance, Connection, Limits
from adapters.mail.refused import NO_STARTTLS, NotUnderstood, ServerRefused
from adapters.mail.smtp_session import SmtpSession
from engine.work.access import Security
from engine.work.secret import Secret

STEP_TIMEOUT, TOTAL_TIMEOUT = 15.0, 60.0
"""Seconds for one answer of the relay, and for a whole submission."""


class Tls(StrEnum):
    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """No encryption; permitted only to this machine, and without credentials."""


class RelayFailed(OSError):
    """The message did not reach the relay, or not for everybody; the sentence is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EIO, sentence)


class RelayUnusable(ValueError):
    """What is stated about the relay contradicts itself or the law; the sentence says how."""


class Relay(NamedTuple):
    """A relay. ``context`` checks its certificate and name."""

    host: str
    port: int
    tls: Tls
    context: ssl.SSLContext
    user: str | None = None
    password: Secret | None = None
    step_timeout: float = STEP_TIMEOUT
    total_timeout: float = TOTAL_TIMEOUT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def require_usable(self) -> None:
        """Raises ``RelayUnusable`` for settings that contradict each other."""
        if (self.user is None) != (self.password is None):
            raise RelayUnusable(
                "notice_relay_user and SENDLEDGER_NOTICE_RELAY_PASSWORD belong together: "
                "set both or none"
            )
        if self.tls is Tls.NONE and (self.user or not _is_loopback(self.host)):
            raise RelayUnusable(
                "notice_relay_tls = none is for a relay on this machine, without user and password"
            )

    def submit(self, sender: str, to: Sequence[str], content: bytes) -> dict[str, int]:
        """The recipients that the relay refused, with its codes; it has taken the message for all
        others.

        Raises ``RelayFailed``.
        """
        with self._explained(), self._session() as smtp:
            self._require(smtp.mail(sender)[0], "the sender's address")
            codes = {address: smtp.rcpt(address)[0] for address in to}
            refused = {address: code for address, code in codes.items() if not _is_good(code)}
            if len(refused) < len(to):
                self._send(smtp, content)
            return refused

    def _send(self, smtp: SMTP, content: bytes) -> None:
        try:
            self._require(smtp.data(content)[0], "the notice")
        except SMTPDataError as error:
            self._require(error.smtp_code, "the notice")
        except (TimeoutError, ConnectionError):
            raise RelayFailed(
                f"The relay {self} went away before it had answered; the notice may have arrived, "
                "and is sent again as the same message."
            ) from None

    @contextmanager
    def _session(self) -> Iterator[SMTP]:
        allowance = Allowance(Limits(self.total_timeout, self.step_timeout))
        reached = create_connection((self.host, self.port), allowance.seconds())
        with SmtpSession(Connection(reached, self.host, self.context, allowance)) as session:
            if self.tls is Tls.IMPLICIT:
                session.secure(Security.IMPLICIT)
            with self._unless_refused("the connection"):
                session.greet()
            if self.tls is Tls.STARTTLS:
                session.secure(Security.STARTTLS)
            if self.user is not None and self.password is not None:
                with self._unless_refused("the login"):
                    session.log_in(self.user, self.password)
            yield session.smtp

    @contextmanager
    def _unless_refused(self, what: str) -> Iterator[None]:
        try:
            yield
        except ServerRefused as refused:
            raise RelayFailed(f"The relay {self} refused {what} ({_code(refused)}).") from None

    def _require(self, code: int, what: str) -> None:
        if not _is_good(code):
            raise RelayFailed(f"The relay {self} refused {what} ({code}).")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except RelayFailed:
            raise
        except (ServerRefused, NotUnderstood, SMTPException, OSError) as error:
            # Without its cause, which contains the relay's text.
            raise RelayFailed(f"The relay {self} {_trouble(error)}.") from None


def _trouble(error: Exception) -> str:
    match error:
        case ServerRefused() if str(error).startswith(NO_STARTTLS):
            return "offers no STARTTLS, so nothing was sent"
        case ServerRefused():
            return f"refused to go on ({_code(error)})"
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not trusted: {error.verify_message}"
        case ConnectionResetError() | BrokenPipeError() | TimeoutError():
            return "has closed the connection, or does not answer"
        case NotUnderstood():
            return "gives no answer of SMTP"
        case SMTPException():
            return f"failed ({type(error).__name__})"
        case _:
            return f"cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}"


def _code(refused: ServerRefused) -> str:
    """The relay's code alone."""
    found = re.match(r"\d{3}\b", str(refused))
    return found[0] if found else "without a code"


def _is_good(code: int) -> bool:
    return 200 <= code < 300


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
