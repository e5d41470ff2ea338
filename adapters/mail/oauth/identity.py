"""Whose mailbox it is, by the ID token that comes with the consent (R2).

The provider's keys verify its signature; it must be made for us, for this very consent, and
recently.
"""

from datetime import datetime
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.mail.oauth.provider import TENANT, Provider
from engine.work.addresses import normalised

ALGORITHMS = ("RS256", "ES256")
LEEWAY = 120
"""Seconds by which our clock and the provider's may differ."""


class NotProved(ValueError):
    """The ID token proves nothing. The text contains nothing of the token."""


class Identity(NamedTuple):
    """The owner. ``subject`` never changes; ``address`` is None if none is vouched for."""

    subject: str
    address: str | None


def identity(
    provider: Provider, id_token: object, keys: Any, nonce: str, now: datetime
) -> Identity:
    """The identity in the ID token. Raises ``NotProved``."""
    claims = _claims(id_token, keys)
    issuer = provider.issuer.replace(TENANT, str(claims.get("tid")))
    expected = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
    )
    try:
        expected.validate(claims)
    except (JoseError, TypeError, ValueError) as error:
        raise NotProved(f"The ID token is not for us: {type(error).__name__}.") from None
    return Identity(_subject(provider, claims), _address(provider, claims))


def _claims(id_token: object, keys: Any) -> dict[str, Any]:
    if not isinstance(id_token, str):
        raise NotProved("There is no ID token.")
    try:
        return jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
    except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"The ID token is not signed as it should be: {type(error).__name__}."
        raise NotProved(text) from None


def _subject(provider: Provider, claims: dict[str, Any]) -> str:
    """The owner's permanent id. At Microsoft, ``sub`` differs from one registration to another."""
    parts = [claims.get(each) for each in provider.subject]
    return ".".join(map(str, parts)) if all(parts) else str(claims["sub"])


def _address(provider: Provider, claims: dict[str, Any]) -> str | None:
    address = claims.get(provider.identity)
    if provider.identity == "email" and claims.get("email_verified") is not True:
        return None
    return normalised(address) if isinstance(address, str) else None
