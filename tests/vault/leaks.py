"""Looks for planted secrets in whatever was written, however they may be spelled there."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from quopri import encodestring
from urllib.parse import quote, quote_plus


def spellings(secret: bytes) -> set[bytes]:
    """As it is; in hexadecimal, base64 at any offset, UTF-16, a URL, a form, JSON, quoted-printable
    lines; and backwards."""
    text = secret.decode("utf-8", "replace")
    found = {secret, secret[::-1], secret.hex().encode(), secret.hex().upper().encode()}
    for offset in range(3):
        whole = b64encode(bytes(offset) + secret)
        inner = whole[4 if offset else 0 : -4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    found |= {text.encode("utf-16-le"), text.encode("utf-16-be"), quote(text, safe="").encode()}
    found |= {quote_plus(text).encode(), quote(text, safe="").lower().encode()}
    found |= {encodestring(secret, quotetabs=tabs) for tabs in (False, True)}
    found |= {json.dumps(text)[1:-1].encode(), text.encode("ascii", "backslashreplace")}
    return found


class Search:
    """For these secrets: in files of folders, and in octets that were written elsewhere."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._needles = {each for secret in secrets for each in spellings(secret)}
        assert all(len(each) >= 8 for each in self._needles), "too short to be found by chance"

    def in_octets(self, octets: bytes) -> bool:
        return any(needle in octets for needle in self._needles)

    def in_folder(self, folder: Path, *, except_for: Iterable[Path] = ()) -> list[str]:
        spared = {*except_for}
        return [str(file) for file in _files(folder) - spared if self.in_octets(_read(file))]


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def every_name(folder: Path) -> Iterator[bytes]:
    yield from (str(path).encode() for path in folder.rglob("*"))
