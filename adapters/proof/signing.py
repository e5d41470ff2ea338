"""The keys that sign checkpoints, Ed25519 and ML-DSA-44, in a file that only its owner can read."""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from adapters.durable_files import create_private
from engine.proof.errors import ProofError
from engine.proof.notes import ED25519, KEY_OCTETS, ML_DSA_44, VerifierKey

LARGEST = 10_000
"""Octets of a key file."""
_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----\s*")

PrivateKey = Ed25519PrivateKey | MLDSA44PrivateKey


class KeyUnusable(ProofError):
    sentence = "The key in {path} cannot be used: {problem}."


class FileSigner:
    """Implements ``Signer``, with the checkpoint's origin as its name."""

    def __init__(self, name: str, key: PrivateKey) -> None:
        self.name = name
        self._key = key

    @property
    def algorithm(self) -> int:
        return ED25519 if isinstance(self._key, Ed25519PrivateKey) else ML_DSA_44

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, self.public, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    kind = Ed25519PublicKey if len(public) == KEY_OCTETS[ED25519] else MLDSA44PublicKey
    try:
        kind.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_keys(path: Path) -> Sequence[PrivateKey]:
    """All keys in the file, one after the other; each of them signs.

    Raises ``KeyUnusable``, also for a file that others can read.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            octets = file.read(LARGEST)
    except OSError as error:
        raise KeyUnusable(path=path, problem=error.strerror) from None
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeyUnusable(path=path, problem=f"others may read it. Run `chmod 600 {path}`")
    blocks = _PEM.findall(octets)
    keys = [key for each in blocks if (key := _key_of(each)) is not None]
    if not keys or len(keys) != len(blocks) or _PEM.sub(b"", octets).strip():
        problem = "it holds something else than private keys of Ed25519 and ML-DSA-44 in PEM"
        raise KeyUnusable(path=path, problem=problem)
    return keys


def _key_of(pem: bytes) -> PrivateKey | None:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, PrivateKey) else None


def make_keys(path: Path) -> None:
    """Make new keys, on disk when this returns; never in place of another file."""
    keys = Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate()
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    octets = b"".join(each.private_bytes(*form) for each in keys)
    try:
        create_private(path, octets)
    except OSError as error:
        raise KeyUnusable(path=path, problem=error.strerror) from None
