"""Dialling a mailbox's server: its name, a permitted address, TCP, TLS (C1)."""

import ssl
import time
from functools import lru_cache
from pathlib import Path

from adapters.mail.connection import LIMITS, Allowance, Connection, Limits
from adapters.mail.network import CheckedAddress, NetworkPolicy, connected


@lru_cache(maxsize=4)
def verifying_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A context that trusts certificates leading to those of that file, or else of the system.

    Loading them takes 20 ms, so it is done once and shared; a changed file counts from the next
    start on. Raises ``OSError`` for a file that holds no certificates.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Dialler:
    """Connects to mail servers, within limits. Safe to share between threads."""

    def __init__(
        self, policy: NetworkPolicy, context: ssl.SSLContext, limits: Limits = LIMITS
    ) -> None:
        self._policy = policy
        self._context = context
        self._limits = limits

    def allowance(self) -> Allowance:
        """The limits of one conversation, whose time starts now."""
        return Allowance(self._limits)

    def resolve(self, host: str, port: int, allowance: Allowance) -> list[CheckedAddress]:
        """The host's permitted addresses. Raises ``OSError``, such as ``AddressNotPermitted``."""
        return self._policy.resolve(host, port, allowance.seconds())

    def connect(
        self, host: str, addresses: list[CheckedAddress], allowance: Allowance
    ) -> Connection:
        """A TCP connection; ``Connection.encrypt`` begins TLS. Raises ``OSError``."""
        reached = connected(addresses, time.monotonic() + allowance.seconds())
        return Connection(reached, host, self._context, allowance)

    def dial(self, host: str, port: int, allowance: Allowance) -> Connection:
        """Resolve the name, then connect. Raises ``OSError``."""
        return self.connect(host, self.resolve(host, port, allowance), allowance)
