"""Requests that are wrong in every way: made from right ones, by octets, headers and values."""

import json
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

NASTY: Sequence[bytes] = (
    *(b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\x1f", b"\r\n", b"\x7f"),
    *(b"../../etc/passwd", b"%", b"%%", b"%2F", b"%00", b"%25", b"a b", b"'; DROP TABLE x;--"),
    *(b"<script>", b"-1", b"0", b"1e400", b"NaN", b"9" * 40, b"9" * 5_000, b"a" * 5_000),
    *(b"2026-03-02T12:30:00Z", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+14:00", b"P1D"),
    *(b"true", b"null", b"\\", b'"', b"=1+1", b"*", b"ann@acme.test", b"spring", b"r1", b"acme"),
)
VALUES: Sequence[Any] = (
    *(None, True, -1, 0, 2**63, 10**400, 1.5, "", "\ud800", "\0", "\x1f", "a" * 300, "x@y.test"),
    *([], {}, [[]], ["ann@acme.test"], [None], {"": ""}, "9999-12-31T23:59:59Z", "spring"),
)
NAMES = (
    *("limit", "cursor", "at", "fields", "format", "workspace", "text", "since", "until", "start"),
    *("after", "type", "stream", "recipient", "campaign", "account", "newest", "wait", "from"),
)
HEADERS: Sequence[bytes] = (
    *(b"Content-Encoding: gzip", b"Content-Type: application/json; charset=utf-16"),
    *(b"Content-Type: multipart/form-data", b"Content-Type: \xff", b"Accept: text/csv"),
    *(b"Content-Type: multipart/form-data; boundary=x", b"Content-Type: text/csv"),
    *(b"Cookie: sendledger=\xff\xfe; a", b"Cookie: " + b"a=b; " * 1_000, b"Expect: 100-continue"),
    *(b"X-Long: " + b"x" * 60_000, b"Origin: null", b"Range: bytes=0-1", b"If-Match: *"),
    *(b'If-Match: "\xff"', b'If-None-Match: W/"1", "2"', b"Last-Event-ID: \xf0\x9f\x98\x80"),
    *(b"Idempotency-Key: \xed\xa0\x80", b"Idempotency-Key: " + b"k" * 10_000, b"Host: "),
    *(b"Authorization: Bearer \xff", b"Authorization: Basic YTpi", b"Sendledger-Preview: \xff"),
    *(b"Connection: upgrade", b"Upgrade: websocket", b"Upgrade: h2c", b"Date: \0"),
)
FALSE_LENGTHS: Sequence[bytes] = (
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Length: -1"),
    *(b"Content-Length: 999999999999", b"Content-Length: 5", b"Content-Length: x"),
)


@dataclass(frozen=True)
class Wrong:
    """A request on its way to being one of ours no more."""

    method: bytes
    target: bytes
    headers: tuple[bytes, ...]
    body: bytes | None
    is_whole: bool = True
    """It ends where it says: an answer is owed."""

    def octets(self) -> bytes:
        length = [] if self.body is None else [b"Content-Length: %d" % len(self.body)]
        head = b"%s %s HTTP/1.1" % (self.method, self.target)
        return b"\r\n".join([head, *self.headers, *length, b"", self.body or b""])


class Sent(NamedTuple):
    octets: bytes
    is_whole: bool


def mutated(right: Wrong, by: Random) -> Sent:
    """One to three changes to the request's parts; every fifth to its octets as well."""
    found = right
    for _ in range(by.randint(1, 3)):
        found = by.choice((_method, _segment, _query, _header, _header, _body, _body, _length))(
            found, by
        )
    octets = found.octets()
    if by.random() < 0.2:
        return Sent(_octets(octets, by), False)
    return Sent(octets, found.is_whole)


def _method(found: Wrong, by: Random) -> Wrong:
    methods = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE")
    return replace(found, method=by.choice(methods))


def _segment(found: Wrong, by: Random) -> Wrong:
    path, mark, query = found.target.partition(b"?")
    parts = path.split(b"/")
    parts[by.randrange(2, len(parts))] = _quoted(by)
    return replace(found, target=b"/".join(parts) + mark + query)


def _query(found: Wrong, by: Random) -> Wrong:
    more = b"%s=%s" % (by.choice(NAMES).encode(), _quoted(by))
    return replace(found, target=found.target + (b"&" if b"?" in found.target else b"?") + more)


def _quoted(by: Random) -> bytes:
    return quote_from_bytes(by.choice(NASTY), safe=b"%").encode()


def _header(found: Wrong, by: Random) -> Wrong:
    return replace(found, headers=(*found.headers, by.choice(HEADERS)))


def _length(found: Wrong, by: Random) -> Wrong:
    if by.random() < 0.7:
        return found
    return replace(found, headers=(*found.headers, by.choice(FALSE_LENGTHS)), is_whole=False)


def _body(found: Wrong, by: Random) -> Wrong:
    try:
        told = json.loads(found.body or b"{}")
    except ValueError:
        told = {}
    if not isinstance(told, dict) or by.random() < 0.2:
        return replace(found, body=by.choice(NASTY) * by.choice((1, 1, 1, 300)))
    name = by.choice([*told, "campaign_id", "x"])
    return replace(found, body=json.dumps({**told, name: by.choice(VALUES)}).encode())


def _octets(octets: bytes, by: Random) -> bytes:
    at, length = by.randrange(len(octets)), by.randint(0, 40)
    before, span, after = octets[:at], octets[at : at + length], octets[at + length :]
    return by.choice(
        (
            before,
            before + after,
            before + span * 2 + after,
            before + by.choice(NASTY) + after,
            before + bytes(each ^ 1 << by.randrange(8) for each in span) + after,
        )
    )


def status_of(port: int, sent: Sent) -> int | None:
    """The status of the answer; None if the server ended the connection, or waits for more.

    Raises ``TimeoutError`` where an answer is owed and does not come within half a minute.
    """
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        try:
            connection.sendall(sent.octets)
            return _status(connection, sent)
        except ConnectionError:
            return None


def _status(connection: socket.socket, sent: Sent) -> int | None:
    found = b""
    ends = time.monotonic() + (30 if sent.is_whole else 0.5)
    while found.startswith(b"HTTP/1.1 100") or b"\r\n" not in found:
        found = found.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not select.select([connection], [], [], max(0.0, ends - time.monotonic()))[0]:
            if sent.is_whole:
                raise TimeoutError(sent.octets[:500])
            return None
        more = connection.recv(4_096)
        if not more:
            return None
        found += more
    return int(found.split()[1])
