"""Keys of the vault, and how they are written.

One key per line, ``id:key``, the key being 32 octets in base64url; lines that begin with ``#`` are
comments. A variable holds the same, with commas or spaces in between. During a rotation there are
several keys: the first is the new one.
"""

import os
import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest

from engine.work.secret import UnusableKey

VARIABLE = "SENDLEDGER_VAULT_KEY"
KEY_LENGTH = 32
"""Octets, for AES-256."""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
EXPECTED = "expected id:key, the key 32 octets in base64"


@dataclass(frozen=True, slots=True)
class Key:
    """A key, which prints only its id."""

    id: str
    octets: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        """Distinguishes this key from another with its id, and reveals nothing of the key."""
        return digest(self.octets, b"sendledger vault key fingerprint", sha256)[:16]


Keyring = tuple[Key, ...]
"""One or more keys; the first is the newest."""
KeySource = Callable[[], Keyring]
"""Called again whenever an unknown key is needed: a rotation may have added it."""


def parse_keys(text: str, source: str) -> Keyring:
    """The keys in the text. Raises ``UnusableKey``."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = re.split(r"[\s,]+", " ".join(lines).strip())
    keys = tuple(_key(number, word, source) for number, word in enumerate(words, 1) if word)
    if not keys:
        raise UnusableKey(source=source, problem=f"there is none; {EXPECTED}.")
    ids = [key.id for key in keys]
    if len({*ids}) < len(ids):
        raise UnusableKey(source=source, problem=f"an id comes twice ({', '.join(ids)}).")
    return keys


def _key(number: int, word: str, source: str) -> Key:
    key_id, colon, encoded = word.partition(":")
    if not colon or not _ID.fullmatch(key_id):
        raise UnusableKey(source=source, problem=f"entry {number} has no id; {EXPECTED}.")
    try:
        octets = b64decode(_padded(encoded), validate=True)
    except (NoBase64, ValueError):
        octets = b""
    if len(octets) != KEY_LENGTH:
        raise UnusableKey(source=source, problem=f"the key {key_id} is none; {EXPECTED}.")
    return Key(key_id, octets)


def _padded(encoded: str) -> str:
    """The key in either alphabet, with or without padding, as other programs write it."""
    plain = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    return plain + "=" * (-len(plain) % 4)


def new_key(taken: Keyring = ()) -> Key:
    while True:
        key = Key(f"k{os.urandom(3).hex()}", os.urandom(KEY_LENGTH))
        if key.id not in {each.id for each in taken}:
            return key


def written(keys: Keyring) -> str:
    """The text that ``parse_keys`` reads."""
    return "".join(f"{key.id}:{urlsafe_b64encode(key.octets).decode()}\n" for key in keys)
