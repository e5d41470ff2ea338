"""Who consented, signed: ID tokens of OpenID Connect (ES256), and the key to check them by."""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SECONDS = 3_600


class IdTokens:
    """Signs with a key of its own. ``now`` answers seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._key_id = secrets.token_hex(8)

    @property
    def keys(self) -> dict[str, Any]:
        """A JSON Web Key Set."""
        point = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "use": "sig",
                    "alg": "ES256",
                    "kid": self._key_id,
                    "x": _encoded(point.x.to_bytes(32)),
                    "y": _encoded(point.y.to_bytes(32)),
                }
            ]
        }

    def sign(self, issuer: str, client: str, account: str, nonce: str | None) -> str:
        """The account is subject, e-mail address and preferred user name in one."""
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
        header = {"alg": "ES256", "typ": "JWT", "kid": self._key_id}
        signed = ".".join(_encoded(json.dumps(each).encode()) for each in (header, claims))
        signature = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        return f"{signed}.{_encoded(r.to_bytes(32) + s.to_bytes(32))}"


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
