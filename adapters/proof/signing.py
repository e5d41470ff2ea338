"""The key that signs checkpoints: Ed25519, in a file that only its owner can read."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from engine.proof.errors import ProofError
from engine.proof.notes import VerifierKey

LARGEST = 10_000
"""Octets of a key file."""


class KeyUnusable(ProofError):
    sentence = "The key in {path} cannot be used: {problem}."


class FileSigner:
    """Implements ``Signer``, under the name that the checkpoint's origin has."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self._key = key

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, self.public)

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


def verifies(public: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(path: Path) -> Ed25519PrivateKey:
    """Raises ``KeyUnusable`` for one that others may read, too."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            octets = file.read(LARGEST)
    except OSError as error:
        raise KeyUnusable(path=path, problem=error.strerror) from None
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeyUnusable(path=path, problem=f"others may read it. Run `chmod 600 {path}`")
    try:
        key = load_pem_private_key(octets, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(path=path, problem="it is no private key of Ed25519 in PEM")
    return key


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new one, on the disk when this returns; never instead of another file."""
    key = Ed25519PrivateKey.generate()
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyUnusable(path=path, problem=error.strerror) from None
    return key
