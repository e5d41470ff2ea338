"""Where a page ended, as text that the caller gives back: opaque, and valid for that list only."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from zlib import crc32

from adapters.http.problems import Problem

Key = tuple[str, ...]
MOST = 4_000
"""Characters."""


def cursor_of(collection: str, key: Key) -> str:
    written = json.dumps([*key], ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(_check(collection, written) + written).decode().rstrip("=")


def key_in(collection: str, cursor: str, length: int) -> Key:
    """The key in a cursor. Raises ``Problem`` for text that is not a cursor of this collection."""
    try:
        read = urlsafe_b64decode(cursor[:MOST] + "=" * (-len(cursor) % 4))
        key = tuple(json.loads(read[4:])) if read[:4] == _check(collection, read[4:]) else ()
    except (ValueError, TypeError):
        key = ()
    if len(key) != length or not all(isinstance(each, str) for each in key):
        raise Problem(422, "no_cursor", "This is no cursor of this list. Begin without one.")
    return key


def _check(collection: str, written: bytes) -> bytes:
    """A check against mix-ups, not forgery: a cursor shows nothing that the list does not show."""
    return crc32(collection.encode() + b"\n" + written).to_bytes(4, "big")
