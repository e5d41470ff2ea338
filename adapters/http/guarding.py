"""The headers that every answer carries for browsers, and how large a request may be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.problems import Problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
STRICT_TRANSPORT = "max-age=31536000"
MOST_OCTETS = 1 << 20
MOST_UPLOADED = 200 << 20
"""Octets of an uploaded list of recipients."""


class SafeHeaders:
    """Adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        told = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT} if secure else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                named = {name for name, _ in own}
                own.extend(each for each in self._headers if each[0] not in named)
            await send(message)

        await self._app(scope, receive, told if scope["type"] == "http" else send)


class LimitedBodies:
    """Limits the length of bodies. Answers 413 to a body whose announced or actual length is too
    great, and 422 to an address with a zero character, which not every store can look up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
            await _ZERO.response()(scope, receive, send)
            return
        most = MOST_UPLOADED if scope["path"].endswith("/import") else MOST_OCTETS
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await _too_long(most).response()(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise _too_long(most)
            return message

        await self._app(scope, limited, send)


_ZERO = Problem(422, "zero_character", "An address with a zero character names nothing here.")


def _too_long(most: int) -> Problem:
    return Problem(413, "too_long", f"A body has {most} octets at most.", facts={"most": most})
