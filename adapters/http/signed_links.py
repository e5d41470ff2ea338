"""Links for a mailbox's owner: signed, valid until a moment, for one account (R1, C1).

A link says what it is for; the store records that it was used (``UsedLinks``).
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from engine.ports.clock import Clock
from engine.work.secret import Secret
from events.vocabulary import AccountId

ALGORITHM = "HS256"
RECONNECT, CONNECT = "reconnect", "connect"
"""The purpose of a link, which is valid for nothing else."""
LONGEST = 2_000
"""Characters of a link's token; ours have about 400."""


class Link(NamedTuple):
    """``token`` is the end of the link's address."""

    workspace: str
    account_id: AccountId
    until: datetime
    token: Secret
    name: str
    audience: str

    @property
    def digest(self) -> str:
        return digest(self.token.reveal())


class SignedLinks:
    """Links of one purpose. ``key`` gives the key when needed; ``now`` is the store's clock."""

    def __init__(self, key: Callable[[], Secret], now: Clock, audience: str = RECONNECT) -> None:
        self._key = key
        self._now = now
        self._audience = audience

    def make(
        self, workspace: str, account_id: AccountId, until: datetime, name: str | None = None
    ) -> Link:
        """A link. The same ``name`` makes the same link, for a message that must never change."""
        name = name or secrets.token_urlsafe(16)
        claims = {
            "aud": self._audience,
            "sub": account_id,
            "workspace": workspace,
            "exp": int(until.timestamp()),
            "jti": name,
        }
        token = jwt.encode({"alg": ALGORITHM}, claims, self._signing_key())
        return Link(workspace, account_id, until, Secret(token), name, self._audience)

    def read(self, token: str, late: timedelta = timedelta(0)) -> Link | None:
        """The link; None for a token that we did not make, or that expired ``late`` or more ago."""
        now = int(self._now().timestamp())
        expected = jwt.JWTClaimsRegistry(
            now=now,
            leeway=int(late.total_seconds()),
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
        )
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            claims = jwt.decode(token, self._signing_key(), algorithms=[ALGORITHM]).claims
            expected.validate(claims)
        except (JoseError, ValueError):
            return None
        until = datetime.fromtimestamp(claims["exp"], UTC)
        return Link(
            claims["workspace"], claims["sub"], until, Secret(token), claims["jti"], self._audience
        )

    def _signing_key(self) -> OctKey:
        return OctKey.import_key(self._key().reveal())


def digest(secret: str) -> str:
    """What is stored of a used link or of a state; it opens nothing."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
