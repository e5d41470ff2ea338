"""A connection to a mail server that can neither hang nor flood. Every wait, the whole time and the
number of octets are limited."""

import socket
import ssl
import time
from contextlib import suppress
from typing import NamedTuple

_PIECE = 16_384
LONGEST_LINE = 65_536
"""In octets."""


class TooMuchSaid(OSError):
    """The server sent more octets than the limit."""

    def __init__(self) -> None:
        super().__init__("The server sent more than a mail server has to say.")


class SaidTooEarly(ssl.SSLError):
    """Octets came before TLS began that would be read after it; they may be an attacker's."""

    def __init__(self) -> None:
        super().__init__("[SSL] The server, or somebody on the way, spoke before TLS began.")


class Limits(NamedTuple):
    """At most ``total`` seconds in all, ``step`` seconds for a wait, and ``octets`` read."""

    total: float = 15.0
    step: float = 10.0
    octets: int = 1_000_000


LIMITS = Limits()
GOODBYE = Limits(total=2.0, step=2.0, octets=10_000)


class Allowance:
    """What is left of the limits. The time counts from the moment this is made."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._octets = limits.octets
        self._ends = time.monotonic() + limits.total

    def seconds(self) -> float:
        """How long the next wait may be. Raises ``TimeoutError`` if no time is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, self._limits.step)

    def spend(self, octets: int) -> None:
        """Count octets that were read. Raises ``TooMuchSaid``."""
        self._octets -= octets
        if self._octets < 0:
            raise TooMuchSaid


class Connection:
    """A TCP connection to ``host``, whose name the certificate is checked against.

    Every method that waits may raise ``OSError``, which includes ``ssl.SSLError`` and
    ``TimeoutError``.
    """

    def __init__(
        self, connected: socket.socket, host: str, context: ssl.SSLContext, allowance: Allowance
    ) -> None:
        self.socket = connected
        self.host = host
        self._context = context
        self._allowance = allowance
        self._unread = bytearray()

    def allow(self, limits: Limits) -> None:
        """Set new limits, which count from now."""
        self._allowance = Allowance(limits)

    @property
    def encrypted(self) -> bool:
        return isinstance(self.socket, ssl.SSLSocket)

    def require_encrypted(self) -> None:
        """To be called before a secret is sent. Raises ``ssl.SSLError`` without TLS."""
        if not self.encrypted:
            raise ssl.SSLError("[SSL] Nothing secret is said without TLS.")

    def encrypt(self) -> None:
        """Begin TLS; the certificate must be trusted and name the host. Octets read before TLS are
        never taken for octets after it. Raises ``SaidTooEarly``."""
        if self._unread:
            raise SaidTooEarly
        self.socket.settimeout(self._allowance.seconds())
        self.socket = self._context.wrap_socket(
            self.socket, server_hostname=self.host.removesuffix(".")
        )

    def send(self, data: bytes) -> None:
        self._limit_wait()
        self.socket.sendall(data)

    def readline(self) -> bytes:
        """A line with its end; less or nothing once the server has closed the connection."""
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                raise TooMuchSaid
            if not self._receive():
                return self._take(len(self._unread))
        return self._take(self._unread.index(b"\n") + 1)

    def read(self, octets: int) -> bytes:
        """As many octets, or fewer once the server has closed the connection."""
        while len(self._unread) < octets and self._receive():
            pass
        return self._take(octets)

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()

    def _limit_wait(self) -> None:
        """Limit the next wait by a system call, during which other threads can run."""
        seconds = self._allowance.seconds()
        if seconds != self.socket.gettimeout():
            self.socket.settimeout(seconds)

    def _receive(self) -> int:
        self._limit_wait()
        piece = self.socket.recv(_PIECE)
        self._allowance.spend(len(piece))
        self._unread += piece
        return len(piece)

    def _take(self, octets: int) -> bytes:
        taken = bytes(self._unread[:octets])
        del self._unread[:octets]
        return taken
