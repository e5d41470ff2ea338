"""What a check or a send saw, and everything that its meaning depends on (C1)."""

from enum import StrEnum
from typing import NamedTuple


class Protocol(StrEnum):
    IMAP = "imap"
    SMTP = "smtp"
    OAUTH = "oauth"
    """The token endpoint, over HTTP."""


class At(StrEnum):
    """How far the conversation had come when the text arrived: the stages of C1, and those of a
    send."""

    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    LOGIN = "login"
    IMAP = "imap"
    SMTP = "smtp"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


class Auth(StrEnum):
    PASSWORD = "password"  # noqa: S105
    OAUTH2 = "oauth2"


class Evidence(NamedTuple):
    """``text`` is the server's answer as it came, or the error text of the failed connection."""

    protocol: Protocol
    stage: At
    text: str
    provider: str | None = None
    auth: Auth = Auth.PASSWORD
    token_fresh: bool = False
    """The access token was refreshed for this very attempt."""
