"""As much of HTTP/1.1 as a provider and a control endpoint need: one request per connection."""

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from adapters.mail.sandbox.wire import Wire

LONGEST_BODY = 50_000_000
"""Octets; a message to deliver may be large."""


class BadRequest(ValueError):
    """The request cannot be read; the text says why."""


class Request(NamedTuple):
    """A request; the names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def octets(self) -> bytes:
        """The answer as sent over the wire."""
        lines = [
            f"HTTP/1.1 {self.status} {_phrase(self.status)}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            "Cache-Control: no-store",
            "Connection: close",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Handler = Callable[[Request, Wire], Awaitable[Answer]]


class HttpServer:
    """Answers one request per connection."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, wire: Wire, *, encrypted: bool) -> None:  # noqa: ARG002
        try:
            request = await _read(wire)
        except ValueError as error:
            answer = as_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        else:
            answer = await self._handler(request, wire)
        await wire.send(answer.octets())


def as_json(
    value: Any, status: int = HTTPStatus.OK, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    return Answer(status, json.dumps(value).encode(), headers=headers)


def as_page(text: str, status: int = HTTPStatus.OK) -> Answer:
    return Answer(status, text.encode(), "text/html; charset=utf-8")


def as_said(text: str) -> Answer:
    """The answer that a fault's text stands for: a status and a body."""
    status, _, body = text.partition(" ")
    if not status.isdigit():
        return as_page(text)
    kind = "text/html" if body.startswith("<") else "application/json"
    return Answer(int(status), body.encode(), kind)


async def _read(wire: Wire) -> Request:
    head = (await wire.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, _, rest = first.partition(" ")
    target = urlsplit(rest.rpartition(" ")[0])
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", "0"))
    if length > LONGEST_BODY:
        raise BadRequest("The body is too long.")
    body = await wire.reader.readexactly(length)
    return Request(method, target.path, dict(parse_qsl(target.query)), headers, body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Sandbox"
