"""The parts of a message (RFC 2046), within limits. A returned message counts as one part; its own
parts are not entered."""

import quopri
import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from itertools import islice

from adapters.mail.inbound import limits
from adapters.mail.inbound.charsets import decoded
from adapters.mail.inbound.headers import Headers

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
RETURNED = {
    *("message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers"),
    *("text/rfc822-headers", "text/rfc822-header", "message/partial"),
}
"""Types of parts that may hold the message that a report is about."""


class Part:
    """One part. ``kind`` is the type in lower case; ``body`` is as it was transferred."""

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.kind = headers.content_type
        self._body = body

    @classmethod
    def of(cls, octets: bytes) -> "Part":
        headers = Headers(octets, limits.VALUE)
        return cls(headers, octets[headers.body_at :])

    def content(self) -> bytes:
        """The octets, decoded from base64 or quoted-printable."""
        match self.headers.token("content-transfer-encoding"):
            case "base64":
                return _base64(self._body[: limits.TEXT * 2])
            case "quoted-printable":
                return quopri.decodestring(self._body[: limits.TEXT])
            case _:
                return self._body[: limits.TEXT]

    def text(self) -> str:
        """The text, with ``\\n`` at the ends of lines; lines and their number are limited."""
        text = decoded(self.content(), self.headers.parameter("charset"))
        lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n")
        return "\n".join(line[: limits.LINE] for line in lines[: limits.LINES])

    def returned(self) -> Headers | None:
        """The headers of the message that this part returns, if it does."""
        return Headers(self.content().lstrip(b"\r\n")) if self.kind in RETURNED else None

    def leaves(self) -> list["Part"]:
        """The parts that have content, in order."""
        return list(islice(_leaves(self, limits.DEPTH), limits.PARTS))

    def inner(self) -> list["Part"]:
        """The parts one level below."""
        boundary = self.headers.parameter("boundary").rstrip().encode("utf-8", "surrogateescape")
        if not boundary or not self.kind.startswith("multipart/"):
            return []
        begin, end_of_line = rb"(?:^|[\r\n]{1,2})--", rb"(--)?[ \t]{0,99}(?=[\r\n]|$)"
        line = re.compile(begin + re.escape(boundary) + end_of_line)
        marks = list(islice(line.finditer(self._body), limits.PARTS + 1))
        ends = [*(mark.start() for mark in marks[1:]), len(self._body)] if marks else []
        return [
            Part.of(_without_line_end(self._body[mark.end() : end]))
            for mark, end in zip(marks, ends, strict=True)
            if not mark[1]
        ]


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    inner = part.inner() if depth else []
    for each in inner:
        yield from _leaves(each, depth - 1)
    if not inner:
        yield part


def _without_line_end(octets: bytes) -> bytes:
    """The octets without the line end that belongs to the boundary after them."""
    return octets[2:] if octets.startswith(b"\r\n") else octets[1:]


def _base64(octets: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", octets)[: limits.TEXT * 4 // 3]
    try:
        return a2b_base64(letters[: len(letters) // 4 * 4])
    except Error:
        return b""
