"""How a secret is sealed: AES-256-GCM, with its key and its place as associated data. Pure.

A sealed secret is, in this order::

    SLV1                    4 octets
    length of the key's id  1
    the key's id            in ASCII
    digest of the place     16, so that a row in the wrong place is recognised
    nonce                   12, random
    length of what follows  4
    ciphertext and tag

Everything before the ciphertext, and the place itself, is associated data and cannot be changed.
"""

from collections.abc import Callable
from hashlib import sha256
from os import urandom
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.vault.keys import Key
from engine.work.secret import (
    Secret,
    SecretAltered,
    SecretCutShort,
    SecretMisplaced,
    SecretRef,
)

MAGIC = b"SLV1"
NONCE, PLACE, TAG = 12, 16, 16
"""Lengths in octets."""


class _Parts(NamedTuple):
    key_id: str
    place: bytes
    nonce: bytes
    header: bytes
    ciphertext: bytes


def seal(
    key: Key, ref: SecretRef, secret: Secret, random: Callable[[int], bytes] = urandom
) -> bytes:
    """The sealed secret; different on every call, because the nonce is."""
    plain = secret.reveal().encode("utf-8", "surrogatepass")
    nonce = random(NONCE)
    key_id = key.id.encode("ascii")
    header = b"".join(
        [
            MAGIC,
            bytes([len(key_id)]),
            key_id,
            _digest(ref),
            nonce,
            (len(plain) + TAG).to_bytes(4),
        ]
    )
    return header + AESGCM(key.octets).encrypt(nonce, plain, header + _place(ref))


def unseal(key: Key, ref: SecretRef, sealed: bytes) -> Secret:
    """The secret. Raises a ``SecretDamaged`` that says how it is damaged."""
    parts = _parts(ref, sealed)
    if parts.place != _digest(ref):
        raise SecretMisplaced(ref=ref)
    if parts.key_id != key.id:
        raise SecretAltered(ref=ref)
    try:
        plain = AESGCM(key.octets).decrypt(
            parts.nonce, parts.ciphertext, parts.header + _place(ref)
        )
    except InvalidTag:
        raise SecretAltered(ref=ref) from None
    return Secret(plain.decode("utf-8", "surrogatepass"))


def _parts(ref: SecretRef, sealed: bytes) -> _Parts:
    if not MAGIC.startswith(sealed[:4]):
        raise SecretAltered(ref=ref)
    id_ends = 5 + (sealed[4] if len(sealed) > 4 else 0)
    place_ends = id_ends + PLACE
    nonce_ends = place_ends + NONCE
    ends = nonce_ends + 4
    header, ciphertext = sealed[:ends], sealed[ends:]
    if len(header) < ends or len(ciphertext) < int.from_bytes(header[-4:]):
        raise SecretCutShort(ref=ref)
    if len(ciphertext) > int.from_bytes(header[-4:]) or len(ciphertext) < TAG:
        raise SecretAltered(ref=ref)
    return _Parts(
        key_id=sealed[5:id_ends].decode("ascii", "replace"),
        place=sealed[id_ends:place_ends],
        nonce=sealed[place_ends:nonce_ends],
        header=header,
        ciphertext=ciphertext,
    )


def _place(ref: SecretRef) -> bytes:
    """The place as unambiguous octets: each part after its length."""
    parts = [each.encode("utf-8", "surrogatepass") for each in ref]
    return b"".join(len(each).to_bytes(4) + each for each in parts)


def _digest(ref: SecretRef) -> bytes:
    return sha256(_place(ref)).digest()[:PLACE]
