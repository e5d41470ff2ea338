"""Links for a mailbox's owner: signed, good until a moment, for one account (R1, C1).

A link says what it is for; that it was used is kept in the store (``UsedLinks``).
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
"""What a link is good for, and nothing else."""
LONGEST = 2_000
"""Characters of a link's token; those of ours have some 400."""


class Link(NamedTuple):
    """``token`` is what the link's address ends with."""

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
    """``key`` answers the key, once it is needed; ``now`` is the store's clock."""

    def __init__(self, key: Callable[[], Secret], now: Clock, audience: str = RECONNECT) -> None:
        self._key = key
        self._now = now
        self._audience = audience

    def make(
        self, workspace: str, account_id: AccountId, until: datetime, name: str | None = None
    ) -> Link:
        """``name`` makes the same link again, for a message that must be the same for ever."""
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
        """None for a token that we did not make, or whose time ended ``late`` or more ago."""
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
    """What is stored of a used link or a state; nothing can be opened with it."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
