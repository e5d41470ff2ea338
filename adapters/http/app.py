"""The routes, and the limits of a request: octets in a form, and seconds until it has arrived."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.http.connecting import ConnectPages
from adapters.http.consenting import CALLBACK, COOKIE, PAGES
from adapters.http.pages import page
from adapters.http.reconnecting import ReconnectPages
from adapters.http.signed_links import CONNECT, RECONNECT
from adapters.http.unsubscribe_links import UNSUBSCRIBE
from adapters.http.unsubscribing import UnsubscribePages

MOST_OCTETS = 8_192
"""Octets in a form, at most."""
SECONDS = 10.0
"""Seconds within which a form must arrive."""


def app(
    pages: ReconnectPages, connecting: ConnectPages, unsubscribing: UnsubscribePages
) -> Starlette:
    async def press(request: Request) -> Response:
        form = await _form(request)
        if form is None:
            return page("Not understood", ["That was no form of ours."], status=400)
        return await run_in_threadpool(pages.press, request.path_params["token"], form)

    async def come_back(request: Request) -> Response:
        cookie, answer = request.cookies.get(COOKIE, ""), dict(request.query_params)
        found = connecting if connecting.is_of(cookie) else pages
        return await run_in_threadpool(found.come_back, answer, cookie)

    async def nothing(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return page("Nothing here", ["There is nothing at this address."], status=status)

    async def broken(_: Request, __: Exception) -> Response:
        return page("Something went wrong", ["Try again later."], status=500)

    found = Starlette(
        routes=[
            Route(f"{PAGES[RECONNECT]}{{token}}", _by_token(pages.look), methods=["GET"]),
            Route(f"{PAGES[RECONNECT]}{{token}}", press, methods=["POST"]),
            Route(f"{PAGES[CONNECT]}{{token}}", _by_token(connecting.look), methods=["GET"]),
            Route(f"{PAGES[CONNECT]}{{token}}", _by_token(connecting.press), methods=["POST"]),
            Route(CALLBACK, come_back, methods=["GET"]),
            Route(f"{UNSUBSCRIBE}{{token}}", _by_token(unsubscribing.look), methods=["GET"]),
            Route(f"{UNSUBSCRIBE}{{token}}", _by_token(unsubscribing.press), methods=["POST"]),
        ],
        exception_handlers={404: nothing, 405: nothing, 500: broken},
    )
    # It would redirect to whatever host the request names, and without TLS.
    found.router.redirect_slashes = False
    return found


def _by_token(answer: Callable[[str], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        return await run_in_threadpool(answer, request.path_params["token"])

    return answered


async def _form(request: Request) -> dict[str, str] | None:
    """The form; None if the body is not a form, is too long, or arrives too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_OCTETS:
                    return None
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
    except (ClientDisconnect, TimeoutError, ValueError):
        return None
