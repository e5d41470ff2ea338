"""Tokens by which programs call: made once, shown once, kept hashed, expiring, revocable.

A token is 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess from a
digest, as there is with a password.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple, Protocol

from engine.work.permissions import AccessError, Caller, Role
from engine.work.secret import Secret

PREFIX = "slk_"
"""By which scanners of repositories know one that was published by mistake."""
LONGEST = timedelta(days=366)


class TokenNameTaken(AccessError):
    sentence = "There is a token {name} already. Revoke it first, or choose another name."


class NoSuchToken(AccessError):
    sentence = "There is no token {name}."


class ApiToken(NamedTuple):
    """What is known of one; never the token itself."""

    name: str
    role: Role
    workspace: str | None
    """The only one it is good for; None: all."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """By the hour; None for one that was never used."""

    @property
    def caller(self) -> Caller:
        return Caller(f"token:{self.name}", self.role, self.workspace)


class ApiTokens(Protocol):
    def add(self, digest: str, token: ApiToken) -> None:
        """Raises ``TokenNameTaken``."""
        ...

    def by_digest(self, digest: str) -> ApiToken | None:
        """None for one that is unknown or revoked."""
        ...

    def all(self) -> Sequence[ApiToken]:
        """By name, expired ones included."""
        ...

    def revoke(self, name: str) -> None:
        """Raises ``NoSuchToken``."""
        ...

    def note_use(self, name: str, at: datetime) -> None: ...


def make(tokens: ApiTokens, wanted: ApiToken) -> Secret:
    """A new token, good for what is wanted. Raises ``TokenNameTaken``."""
    made = f"{PREFIX}{token_urlsafe(32)}"
    tokens.add(digest_of(made), wanted)
    return Secret(made)


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
