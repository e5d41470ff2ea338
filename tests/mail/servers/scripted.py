"""Servers that say what no real one can be brought to say, word by word.

A script is a function of the conversation. ``IMAP_SCRIPTS`` and ``SMTP_SCRIPTS`` hold the ones
that clients must survive; each begins without TLS unless the server was given a context.
"""

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

LOGIN = re.compile(rb"(\S+) (?:LOGIN|AUTHENTICATE)\b", re.IGNORECASE)
FLOOD = 10_000_000
"""Octets of an endless greeting."""


class Ended(Exception):
    """The client has left."""


class Conversation:
    """The server's end of one connection."""

    def __init__(
        self, connection: socket.socket, closing: threading.Event, heard: list[bytes]
    ) -> None:
        self._connection = connection
        self._closing = closing
        self._heard = heard
        self._unread = bytearray()

    def say(self, text: bytes) -> None:
        self._connection.sendall(text)

    def heard(self) -> bytes:
        """The next line, without its end."""
        while b"\n" not in self._unread:
            piece = self._connection.recv(65_536)
            if not piece:
                raise Ended
            self._unread += piece
            self._heard.append(piece)
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread[:] = rest
        return line.rstrip(b"\r")

    def heard_until(
        self, pattern: re.Pattern[bytes], answers: dict[bytes, bytes]
    ) -> re.Match[bytes]:
        """Wait for such a line. Meanwhile commands get these answers, by their word; ``%s`` is the
        tag."""
        while True:
            line = self.heard()
            if found := pattern.match(line):
                return found
            tag, _, _ = line.partition(b" ")
            for word, answer in answers.items():
                if re.search(rb"\b%s\b" % word, line.upper()):
                    self.say(answer.replace(b"%s", tag))

    def drip(self, text: bytes, pace: float) -> None:
        """An octet every ``pace`` seconds, until somebody has had enough."""
        for octet in text:
            self.say(bytes([octet]))
            if self._closing.wait(pace):
                return

    def be_silent(self) -> None:
        """Until the client leaves or the server ends."""
        self._connection.settimeout(0.1)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                if not self._connection.recv(65_536):
                    return


Script = Callable[[Conversation], None]


class Scripted:
    """Plays a script with everyone who connects, while its ``with`` lasts.

    ``heard``: what clients said, as far as the script listened.
    """

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._context = context
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.heard: list[bytes] = []
        self.port = 0

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4_096)
        self._listening.settimeout(0.1)
        self.port = self._listening.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for each in self._threads:
            each.join()
        self._listening.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listening.accept()
                self._start(self._play, connection)

    def _play(self, connection: socket.socket) -> None:
        with suppress(Ended, OSError), connection:
            if self._context is None:
                self._script(Conversation(connection, self._closing, self.heard))
                return
            with self._context.wrap_socket(connection, server_side=True) as encrypted:
                self._script(Conversation(encrypted, self._closing, self.heard))


class NeverAnswering:
    """Lets any number of clients connect, and never takes up a connection: it costs no thread."""

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4_096)
        self.port = self._listening.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()


CAPABILITIES = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2\r\n%s OK done\r\n",
    b"STARTTLS": b"%s BAD Unknown command\r\n",
    b"ID": b"* ID NIL\r\n%s OK done\r\n",
}
EHLO = {
    b"EHLO": b"250-localhost\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 8BITMIME\r\n",
    b"AUTH": b"235 2.7.0 OK\r\n",
    b"MAIL": b"250 2.1.0 OK\r\n",
    b"RCPT": b"250 2.1.5 OK\r\n",
    b"RSET": b"250 2.0.0 OK\r\n",
    b"STARTTLS": b"502 5.5.1 Unknown command\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
READY = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2] ready\r\n"
GREETED = b"220 localhost ESMTP\r\n"


def greeting(text: bytes) -> Script:
    """Say it and go."""
    return lambda talk: talk.say(text)


def silent(talk: Conversation) -> None:
    talk.be_silent()


def flooding(start: bytes) -> Script:
    """Ten megabytes in one line."""

    def play(talk: Conversation) -> None:
        talk.say(start + b"x" * FLOOD + b"\r\n")
        talk.be_silent()

    return play


def dripping(text: bytes, pace: float = 1.0) -> Script:
    def play(talk: Conversation) -> None:
        talk.drip(text, pace)
        talk.be_silent()

    return play


def answering_login(answer: bytes) -> Script:
    """To IMAP. ``%s`` is the tag; nothing at all drops the connection."""

    def play(talk: Conversation) -> None:
        talk.say(READY)
        tag = talk.heard_until(LOGIN, CAPABILITIES)[1]
        if answer:
            talk.say(answer.replace(b"%s", tag))
            talk.heard_until(re.compile(rb"\S+ LOGOUT", re.IGNORECASE), CAPABILITIES)

    return play


def dropping_at(word: bytes) -> Script:
    """To SMTP: go when this command comes; ``.`` is the end of a message."""

    def play(talk: Conversation) -> None:
        talk.say(GREETED)
        before = {each: answer for each, answer in EHLO.items() if each != word}
        if word != b".":
            talk.heard_until(re.compile(re.escape(word), re.IGNORECASE), before)
            return
        talk.heard_until(re.compile(rb"DATA", re.IGNORECASE), before)
        talk.say(b"354 go on\r\n")
        talk.heard_until(re.compile(rb"\.$"), {})

    return play


def without_starttls(greeting: bytes, answers: dict[bytes, bytes]) -> Script:
    """Somebody on the way stripped it; whoever goes on is let in."""

    def play(talk: Conversation) -> None:
        talk.say(greeting)
        talk.heard_until(re.compile(rb"(?!)"), answers)

    return play


IMAP_SCRIPTS: dict[str, Script] = {
    "bye": greeting(b"* BYE Too many connections\r\n"),
    "silent": silent,
    "drop at login": answering_login(b""),
    "bye at login": answering_login(b"* BYE Server shutting down.\r\n"),
    "in use": answering_login(b"%s NO [INUSE] Mailbox is locked\r\n"),
    "bad": answering_login(b"%s BAD User is authenticated but not connected.\r\n"),
    "dripping": dripping(READY),
    "flooding": flooding(b"* OK "),
    "without starttls": without_starttls(READY, {**CAPABILITIES, b"LOGIN": b"%s OK in\r\n"}),
}
SMTP_SCRIPTS: dict[str, Script] = {
    "busy": greeting(b"421 4.7.0 Try again later, closing connection.\r\n"),
    "silent": silent,
    "drop at login": dropping_at(b"AUTH"),
    "drop after data": dropping_at(b"."),
    "dripping": dripping(GREETED),
    "flooding": flooding(b"220 "),
    "without starttls": without_starttls(GREETED, EHLO),
}
