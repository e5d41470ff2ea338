"""The port to access tokens, which open a mailbox whose owner consented at an OAuth provider."""

from datetime import timedelta
from typing import NamedTuple, Protocol

from engine.work.classifying.evidence import Evidence
from engine.work.ports import Mailbox
from engine.work.secret import Secret


class Token(NamedTuple):
    """An access token, and whether it was refreshed for this very attempt."""

    value: Secret
    fresh: bool


class TokenError(Exception):
    """There is no token to log in with. ``evidence`` is what the provider said, ``back_off`` how
    long it asks to be left alone."""

    def __init__(self, evidence: Evidence, back_off: timedelta | None = None) -> None:
        super().__init__("The provider gave no access token.")
        self.evidence = evidence
        self.back_off = back_off


class TokenRefused(TokenError):
    """The provider answered, and refused a token."""


class TokenUnavailable(TokenError):
    """The provider could not be reached, or did not answer as it should."""


class Tokens(Protocol):
    """Raises ``TokenRefused`` and ``TokenUnavailable``, or a ``VaultError``."""

    def valid(self, mailbox: Mailbox) -> Token:
        """The mailbox's access token, refreshed if it has expired."""
        ...

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        """A new token in place of one that was refused; refreshed unless that has been done
        since."""
        ...
