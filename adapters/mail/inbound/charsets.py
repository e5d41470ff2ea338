"""Octets to text, by the charset that is named if there is one, else by what they look like."""

import codecs
import re
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")
_SAFE = (
    *("utf-8", "utf-16", "utf-32", "ascii", "iso8859", "cp", "koi8", "gb", "big5", "euc"),
    *("shift_jis", "iso2022", "mac", "tis", "hz", "johab", "kz1048", "ptcp154"),
)
"""Codecs of charsets. Python has others: ``punycode`` takes quadratic time, ``idna`` raises."""


def decoded(octets: bytes, charset: str | None) -> str:
    """The text. Never raises: what cannot be decoded becomes U+FFFD."""
    codec = _codec(charset or "")
    if codec is None:
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            codec = "cp1252"
    try:
        return octets.decode(codec, "replace")
    except (ValueError, LookupError):
        return octets.decode("latin-1")


@lru_cache(256)
def _known(charset: str) -> str | None:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return name if name.startswith(_SAFE) and name != "ascii" else None


def _codec(charset: str) -> str | None:
    if not _NAME.fullmatch(charset):
        return None
    name = charset.lower()
    return _known(name) if len(name) < 24 else None
