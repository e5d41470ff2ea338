"""A part's content: unencoded where every server accepts that, else quoted-printable or base64.

So no server has to support eight bits or long lines (RFC 5321, 4.5.3.1.6).
"""

from binascii import b2a_base64, b2a_qp

LONGEST_LINE = 998
"""Octets (RFC 5322, 2.1.1)."""
IN_BASE64 = 76
NEVER_AS_IT_IS = b"=_"
"""Boundaries contain it; neither quoted-printable nor base64 can."""
_AS_THEY_ARE = bytes(range(0x20, 0x7F)) + b"\t\n"
_HEAD = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: %s\r\n\r\n%s'


def part(subtype: str, text: str) -> bytes:
    """The content's headers and the content itself, which ends with a line end. Every kind of line
    end in ``text`` becomes CRLF."""
    encoding, content = _encoded(_lines(text).encode("utf-8", "replace"))
    return _HEAD % (subtype.encode(), encoding, content)


def _lines(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return plain if plain.endswith("\n") else f"{plain}\n"


def _encoded(octets: bytes) -> tuple[bytes, bytes]:
    odd = octets.translate(None, _AS_THEY_ARE)
    lined = octets.replace(b"\n", b"\r\n")
    if not odd and _goes_as_it_is(octets):
        return b"7bit", lined
    if len(odd) > len(octets) // 6:
        return b"base64", _base64(lined)
    return b"quoted-printable", b2a_qp(lined, istext=True)


def _goes_as_it_is(octets: bytes) -> bool:
    if NEVER_AS_IT_IS in octets:
        return False
    return len(octets) <= LONGEST_LINE or max(map(len, octets.split(b"\n"))) <= LONGEST_LINE


def _base64(octets: bytes) -> bytes:
    told = b2a_base64(octets, newline=False)
    lines = [told[at : at + IN_BASE64] for at in range(0, len(told), IN_BASE64)]
    return b"\r\n".join([*lines, b""])
