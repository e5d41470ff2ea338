"""Signed statements of who consented: ID tokens of OpenID Connect (ES256), and their key."""

from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

SECONDS = 3_600


class IdTokens:
    """Signs with its own key. ``now`` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)

    @property
    def keys(self) -> dict[str, Any]:
        """A JSON Web Key Set."""
        return {**KeySet([self._key]).as_dict(private=False)}

    def sign(self, issuer: str, client: str, account: str, nonce: str | None) -> str:
        """An ID token; the account is its subject, e-mail address and preferred user name."""
        issued = int(self._now())
        claims = {
            "iss": issuer,
            "aud": client,
            "sub": account,
            "email": account,
            "email_verified": True,
            "preferred_username": account,
            "iat": issued,
            "exp": issued + SECONDS,
            **({"nonce": nonce} if nonce else {}),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)
