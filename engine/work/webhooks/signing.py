"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 (``v1``) and Ed25519 (``v1a``).

A secret is written as in the specification: ``whsec_`` or ``whsk_`` and base64.
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_bytes
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.work.secret import Secret, SecretRef
from engine.work.vault import Vault
from events.vocabulary import AccountId

SYMMETRIC, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
OCTETS = 32
"""The length of a new secret; the specification asks for 24 to 64."""
OVERLAP = timedelta(days=1)
"""How long the previous secret also signs after a rotation."""

Sign = Callable[[bytes], str]


class Scheme(StrEnum):
    HMAC = "hmac"
    ED25519 = "ed25519"


def new_secret(scheme: Scheme) -> Secret:
    prefix = SYMMETRIC if scheme is Scheme.HMAC else PRIVATE
    return Secret(prefix + b64encode(token_bytes(OCTETS)).decode())


def scheme_of(secret: Secret) -> Scheme:
    return Scheme.HMAC if secret.reveal().startswith(SYMMETRIC) else Scheme.ED25519


def verifier(secret: Secret) -> str:
    """What the receiver verifies with: the secret itself, or the public key (``whpk_``)."""
    if scheme_of(secret) is Scheme.HMAC:
        return secret.reveal()
    return PUBLIC + b64encode(_private(secret).public_key().public_bytes_raw()).decode()


def signer(secret: Secret) -> Sign:
    """A function that signs octets and returns the signature with its identifier."""
    if scheme_of(secret) is Scheme.HMAC:
        key = b64decode(secret.reveal().removeprefix(SYMMETRIC))
        return lambda told: "v1," + b64encode(hmac.digest(key, told, sha256)).decode()
    private = _private(secret)
    return lambda told: "v1a," + b64encode(private.sign(told)).decode()


def signed(
    signers: Sequence[Sign], message_id: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """The headers that the specification asks for."""
    timestamp = str(int(at.timestamp()))
    told = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(sign(told) for sign in signers),
    }


def _private(secret: Secret) -> Ed25519PrivateKey:
    """The private key, from the seed alone, or from seed and public key as other programs write
    them."""
    return Ed25519PrivateKey.from_private_bytes(
        b64decode(secret.reveal().removeprefix(PRIVATE))[:OCTETS]
    )


class _Kept(NamedTuple):
    secret: str
    until: str | None


class SigningSecrets:
    """The secrets of endpoints, in the vault (F1): the current one, and the previous one for a
    day."""

    def __init__(self, vault: Vault, now: Callable[[], datetime]) -> None:
        self._vault, self._now = vault, now

    def put(self, endpoint_id: str, secret: Secret) -> None:
        """Raises ``VaultError``."""
        self._write(endpoint_id, [_Kept(secret.reveal(), None)])

    def rotate(self, endpoint_id: str, secret: Secret) -> None:
        """Raises ``VaultError``."""
        until = (self._now() + OVERLAP).isoformat()
        before = [each._replace(until=each.until or until) for each in self._valid(endpoint_id)]
        self._write(endpoint_id, [_Kept(secret.reveal(), None), *before])

    def current(self, endpoint_id: str) -> Secret:
        """Raises ``VaultError``."""
        return Secret(self._valid(endpoint_id)[0].secret)

    def signers(self, endpoint_id: str) -> Sequence[Sign]:
        """The newest first. Raises ``VaultError``."""
        return [signer(Secret(each.secret)) for each in self._valid(endpoint_id)]

    def delete(self, endpoint_id: str) -> None:
        self._vault.delete(_ref(endpoint_id))

    def _valid(self, endpoint_id: str) -> list[_Kept]:
        kept = [_Kept(*each) for each in json.loads(self._vault.get(_ref(endpoint_id)).reveal())]
        now = self._now()
        return [e for e in kept if e.until is None or datetime.fromisoformat(e.until) > now]

    def _write(self, endpoint_id: str, kept: Sequence[_Kept]) -> None:
        self._vault.put(_ref(endpoint_id), Secret(json.dumps(kept)))


def _ref(endpoint_id: str) -> SecretRef:
    """A reference that cannot clash with those of a workspace: no workspace's name begins with
    ``_``."""
    return SecretRef("_", AccountId(f"webhook {endpoint_id}"), "signing secrets")
