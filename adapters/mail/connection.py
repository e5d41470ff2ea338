"""A connection to a mail server that can neither hang nor flood: every wait, the whole time and
all that is read have a limit."""

import socket
import ssl
import time
from contextlib import suppress
from typing import NamedTuple

_PIECE = 16_384
LONGEST_LINE = 65_536
"""Octets."""


class TooMuchSaid(OSError):
    """The server says more than anybody has a use for."""

    def __init__(self) -> None:
        super().__init__("The server sent more than a mail server has to say.")


class SaidTooEarly(ssl.SSLError):
    """Octets came before TLS that were to be read after it: somebody on the way put them there."""

    def __init__(self) -> None:
        super().__init__("[SSL] The server, or somebody on the way, spoke before TLS began.")


class Limits(NamedTuple):
    """``total`` and ``step`` are seconds: for everything, and for one wait. ``octets`` are read."""

    total: float = 15.0
    step: float = 10.0
    octets: int = 1_000_000


LIMITS = Limits()
GOODBYE = Limits(total=2.0, step=2.0, octets=10_000)


class Allowance:
    """What is left of limits. The time runs from the making on."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._octets = limits.octets
        self._ends = time.monotonic() + limits.total

    def seconds(self) -> float:
        """For the next wait. Raises ``TimeoutError`` where nothing is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, self._limits.step)

    def spend(self, octets: int) -> None:
        """Raises ``TooMuchSaid``."""
        self._octets -= octets
        if self._octets < 0:
            raise TooMuchSaid


class Connection:
    """A TCP connection to ``host``, the name that its certificate is held against.

    Every method that waits may raise ``OSError``, which ``ssl.SSLError`` and ``TimeoutError`` are.
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
        """From now on, for all that follows."""
        self._allowance = Allowance(limits)

    @property
    def encrypted(self) -> bool:
        return isinstance(self.socket, ssl.SSLSocket)

    def require_encrypted(self) -> None:
        """Before anything secret is said. Raises ``ssl.SSLError``."""
        if not self.encrypted:
            raise ssl.SSLError("[SSL] Nothing secret is said without TLS.")

    def encrypt(self) -> None:
        """TLS, with a certificate that is trusted for the host. Nothing that was said before counts
        afterwards."""
        if self._unread:
            raise SaidTooEarly
        self.socket.settimeout(self._allowance.seconds())
        self.socket = self._context.wrap_socket(
            self.socket, server_hostname=self.host.removesuffix(".")
        )

    def send(self, data: bytes) -> None:
        self.socket.settimeout(self._allowance.seconds())
        self.socket.sendall(data)

    def readline(self) -> bytes:
        """With its end; less than a line, or nothing, once the server has closed the connection."""
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                raise TooMuchSaid
            if not self._receive():
                return self._take(len(self._unread))
        return self._take(self._unread.index(b"\n") + 1)

    def read(self, octets: int) -> bytes:
        """So many, or fewer once the server has closed the connection."""
        while len(self._unread) < octets and self._receive():
            pass
        return self._take(octets)

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()

    def _receive(self) -> int:
        self.socket.settimeout(self._allowance.seconds())
        piece = self.socket.recv(_PIECE)
        self._allowance.spend(len(piece))
        self._unread += piece
        return len(piece)

    def _take(self, octets: int) -> bytes:
        taken = bytes(self._unread[:octets])
        del self._unread[:octets]
        return taken
