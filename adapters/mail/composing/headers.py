"""Header lines: short, folded, and safe whatever a name or a subject contains.

Every value is first reduced to one line of printable characters (``one_line``), so it can neither
end a header nor begin another; what is not ASCII becomes encoded words (RFC 2047).
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator

from engine.answers.telling.one_line import one_line
from engine.work.addresses import display_name

WIDTH = 76
"""Characters in a line that can be broken; RFC 5322 recommends 78, and permits 998."""
IN_A_WORD = 39
"""Octets in an encoded word, so that it fits into a line after the name of any header."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_MESSAGE_ID = re.compile(r"(?!.*=\?)<[!-;=?-~]{1,400}>")
_URI = re.compile(r"[!-;=?-~]{1,900}")


def mailbox(name: str, address: str) -> str:
    """``name <address>``; the address is checked, and is ASCII."""
    phrase, addr = _phrase(display_name(name)), f"<{address}>"
    if not phrase:
        return addr
    fits = len(phrase) + len(addr) < WIDTH - len("From:  ")
    return f"{phrase} {addr}" if fits else f"{phrase}\r\n {addr}"


def unstructured(name: str, text: str, longest: int) -> str:
    """A header of free text, such as a subject."""
    line = one_line(text, longest)
    if not line.isascii():
        return f"{name}: {_encoded(line)}"
    if len(line) + len(name) + 2 <= WIDTH:
        return f"{name}: {line}"
    words = f"{name}: {line}".split(" ")
    if max(map(len, words)) >= WIDTH:
        return f"{name}: {_encoded(line)}"
    return "\r\n ".join(_broken(words))


def message_ids(name: str, ids: Iterable[str]) -> str:
    """A header of Message-IDs; empty if there are none. Some of them come from servers: what is not
    a Message-ID is left out."""
    found = [each for each in ids if _MESSAGE_ID.fullmatch(each)]
    return "\r\n ".join([f"{name}: {found[0]}", *found[1:]]) if found else ""


def uris(name: str, given: Iterable[str]) -> str:
    """A header of URIs. Raises ``ValueError`` for text that is not a URI."""
    found = [f"<{each}>" for each in given if _URI.fullmatch(each) or _refuse()]
    return f"{name}: " + ",\r\n ".join(found)


def _refuse() -> bool:
    raise ValueError("expected a URI of printable ASCII, without < and >")


def _phrase(name: str) -> str:
    if len(name) <= WIDTH - len("From: "):
        if _ATOMS.fullmatch(name):
            return name
        if name.isascii():
            return f'"{name}"' if name else ""
    return _encoded(name)


def _encoded(text: str) -> str:
    return "\r\n ".join(f"=?utf-8?b?{b64encode(each).decode()}?=" for each in _pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    """The text's octets in pieces, none of which ends within a character."""
    octets = text.encode("utf-8", "replace")
    while len(octets) > IN_A_WORD:
        end = IN_A_WORD
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        yield octets[:end]
        octets = octets[end:]
    yield octets


def _broken(words: Iterable[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) >= WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
