"""The ways in which a secret may be spelled when a mail server or a web form repeats it."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from json import dumps
from quopri import encodestring
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""The shortest base64 spelling, in characters, that cannot be a coincidence; other spellings count
at any length."""


def spellings(secret: str) -> tuple[str, ...]:
    """The secret as it is; quoted for IMAP, JSON, HTML; percent-encoded; quoted-printable; in
    hexadecimal; in base64 at any offset of a longer text. The longest come first."""
    return tuple(sorted({*_plainly(secret), *_in_base64(secret)}, key=len, reverse=True))


def _plainly(secret: str) -> Iterator[str]:
    octets = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    for ascii_only in (True, False):
        yield dumps(secret, ensure_ascii=ascii_only)[1:-1]
    yield escape(secret)
    for safe in ("", "/"):
        for encoded in (quote(octets, safe), quote_plus(octets, safe)):
            yield encoded
            yield _in_lower_case(encoded)
    for blanks in (True, False):
        yield encodestring(octets, quotetabs=blanks).decode().replace("=\n", "")
    yield octets.hex()
    yield octets.hex().upper()
    yield octets.decode("latin-1")


def _in_base64(secret: str) -> Iterator[str]:
    """The base64 characters common to all longer texts that contain the secret; if a text ends with
    the secret, also its last group."""
    octets = secret.encode("utf-8", "surrogatepass")
    for offset in range(3):
        encoded = b64encode(bytes(offset) + octets).decode()
        inner = encoded[(0, 2, 3)[offset] :].rstrip("=")
        certain = inner if (offset + len(octets)) % 3 == 0 else inner[:-1]
        for each in (encoded[4 if offset else 0 :], inner, certain):
            if len(each) >= SHORTEST:
                yield each
                yield each.replace("+", "-").replace("/", "_")


def _in_lower_case(encoded: str) -> str:
    """The text with ``%2f`` for ``%2F``."""
    first, *rest = encoded.split("%")
    return "%".join([first, *(each[:2].lower() + each[2:] for each in rest)])
