"""How long sessions are kept, and how long each task may take. Seconds throughout."""

from collections.abc import Sequence
from typing import NamedTuple

from adapters.mail.connection import Limits


class Keeping(NamedTuple):
    """Close a session that was idle for so many seconds, or used so often."""

    idle: float
    uses: int


class WireLimits(NamedTuple):
    smtp: Keeping = Keeping(idle=240.0, uses=100)
    """Servers wait five minutes for a command (RFC 5321, section 4.5.3.2.7)."""
    imap: Keeping = Keeping(idle=1_200.0, uses=10_000)
    """Servers wait half an hour (RFC 9051, section 5.4)."""
    submission: Limits = Limits(total=180.0, step=120.0, octets=200_000)
    """The limits of one message. They are shorter than the ten minutes after which a search may
    prove that nothing was sent (M2); some servers take a minute to look at a message."""
    filing: Sequence[float] = (1.0, 2.0, 4.0)
    """Waits before each further search for a copy that the provider may file a moment later; only
    for the first message of an account whose provider is unknown."""


WIRE_LIMITS = WireLimits()
