"""IMAPClient over a connection of ours, which keeps the server's own words.

IMAPClient and imaplib wrap a refusal in several ways and lose the rest of what the server said.
"""

import imaplib
import re
import ssl
from collections.abc import Container, Iterable, Mapping
from typing import Any

from imapclient import IMAPClient

from adapters.mail.connection import Connection
from adapters.mail.refused import Dropped, NotUnderstood

_COMPLAINT = re.compile(rb"(\S{1,40}) ((?:NO|BAD|BYE)\b.*)\r\n", re.IGNORECASE | re.DOTALL)
_MOST = 8
"""How many complaints are kept; the last ones are."""


class Complaints:
    """What a server said instead of OK, both in answer to a command of ours and unasked."""

    def __init__(self) -> None:
        self._answer = ""
        self._beside: list[str] = []

    def hear(self, line: bytes, our_tags: Container[bytes]) -> None:
        found = _COMPLAINT.fullmatch(line)
        if found is None:
            return
        text = found[2].decode("utf-8", "replace")
        if found[1] in our_tags:
            self._answer = text
        elif found[1] == b"*":
            self._beside = [*self._beside, f"* {text}"][-_MOST:]

    def forget(self) -> None:
        self._answer, self._beside = "", []

    @property
    def text(self) -> str:
        """The words of the server's refusal; empty if it refused nothing. What the server says
        unasked is not a refusal, unless it says goodbye."""
        if self._answer or self.goodbye:
            return "\n".join(filter(None, (self._answer, *self._beside)))
        return ""

    @property
    def goodbye(self) -> bool:
        return any(each.upper().startswith("* BYE") for each in self._beside)


class Imap4(imaplib.IMAP4):
    """imaplib that reads and writes through a ``Connection``, and only whole lines."""

    def __init__(self, connection: Connection, complaints: Complaints) -> None:
        self._connection = connection
        self._complaints = complaints
        super().__init__(connection.host)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002
        """Do nothing: the connection is already open."""
        self.host, self.port = host, port

    @property
    def sock(self) -> Any:  # type: ignore[override]
        return self._connection.socket

    def read(self, size: int) -> bytes:
        found = self._connection.read(size)
        if len(found) < size:
            raise Dropped
        return found

    def readline(self) -> bytes:
        line = self._connection.readline()
        if not line.endswith(b"\n"):
            raise Dropped
        if not line.endswith(b"\r\n"):
            raise NotUnderstood("a line without its end")
        self._complaints.hear(line, self.tagged_commands)
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]
        self._connection.send(data)

    def shutdown(self) -> None:
        self._connection.close()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:  # noqa: ARG002
        """Ask for STARTTLS and begin TLS, trusting the certificates that the connection trusts."""
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            self._connection.encrypt()
            self.untagged_responses.clear()
            self._get_capabilities()
        return kind, data

    def login(self, user: str, password: str) -> Any:
        """LOGIN with name and password quoted; imaplib would send the name unquoted."""
        kind, data = self._simple_command("LOGIN", _quoted(user), _quoted(password))
        if kind == "OK":
            self.state = "AUTH"
        return kind, data


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient over an existing connection; it logs nothing of the conversation."""

    def __init__(self, connection: Connection, complaints: Complaints) -> None:
        self._connection, self._complaints = connection, complaints
        super().__init__(connection.host, ssl=connection.encrypted)
        self._imap.debug = 0
        self.normalise_times = False

    def uids_at(self, numbers: Iterable[int]) -> list[int]:
        """The UIDs of the messages with these numbers, which count from 1, in the selected folder.

        SEARCH is not used, since some servers take the numbers for UIDs in it.
        """
        self.use_uid = False
        try:
            found = self.fetch([*numbers], ["UID"])
        finally:
            self.use_uid = True
        return [data[b"UID"] for data in found.values()]

    def _create_IMAP4(self) -> Imap4:  # noqa: N802
        return Imap4(self._connection, self._complaints)


def octets_of(data: Mapping[bytes, object]) -> bytes:
    """The part of a message that was fetched, under whatever name the server returns it."""
    parts = (value for name, value in data.items() if name.startswith(b"BODY"))
    return next((each for each in parts if isinstance(each, bytes)), b"")


def _quoted(text: str) -> str:
    if not text.isascii() or any(each in text for each in "\r\n\0"):
        raise NotUnderstood("it takes no such user name or password")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
