"""API tokens for programs: shown once, when they are made; stored hashed; expiring; revocable.

A token is 256 random bits, so one round of SHA-256 protects it: unlike a password, it cannot be
guessed from its digest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple, Protocol

from engine.work.permissions import AccessError, Caller, Role
from engine.work.secret import Secret

PREFIX = "slk_"
"""Lets repository scanners recognise a token that was published by mistake."""
LONGEST = timedelta(days=366)


class TokenNameTaken(AccessError):
    sentence = "There is a token {name} already. Revoke it first, or choose another name."


class NoSuchToken(AccessError):
    sentence = "There is no token {name}."


class ApiToken(NamedTuple):
    """What is stored about a token; never the token itself."""

    name: str
    role: Role
    workspace: str | None
    """The only workspace that the token is valid for; None for all."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """When the token was last used, to the hour; None if it never was."""

    @property
    def caller(self) -> Caller:
        return Caller(f"token:{self.name}", self.role, self.workspace)


class ApiTokens(Protocol):
    def add(self, digest: str, token: ApiToken) -> None:
        """Raises ``TokenNameTaken``."""
        ...

    def by_digest(self, digest: str) -> ApiToken | None:
        """None if the token is unknown or revoked."""
        ...

    def all(self) -> Sequence[ApiToken]:
        """All tokens, sorted by name, including expired ones."""
        ...

    def revoke(self, name: str) -> None:
        """Raises ``NoSuchToken``."""
        ...

    def note_use(self, name: str, at: datetime) -> None: ...


def make(tokens: ApiTokens, wanted: ApiToken) -> Secret:
    """Make a new token with the rights in ``wanted``. Raises ``TokenNameTaken``."""
    made = f"{PREFIX}{token_urlsafe(32)}"
    tokens.add(digest_of(made), wanted)
    return Secret(made)


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
