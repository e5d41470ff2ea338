"""The short path of commands: from the server straight to the thread that carries them out.

A framework's middleware, routing and threads cost more time per command than deciding it does
(``bench/http/commands.py``). The routes stay in the framework, which generates the document from
them.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http.api.commands import LeanRoute, body_of
from adapters.http.problems import answer_to

AT_ONCE = 40
"""Commands at the same time; a mailbox check holds its thread as long as a mail server takes."""


class Shortcut:
    """Answers requests for an operation, and passes all others on to ``rest``."""

    def __init__(self, rest: ASGIApp, routes: APIRouter, prefix: str) -> None:
        self._rest = rest
        self._threads = ThreadPoolExecutor(AT_ONCE, "command")
        self._known: dict[tuple[str, int], list[_Way]] = {}
        for each in routes.routes:
            assert isinstance(each, LeanRoute)
            way = _Way(f"{prefix}{each.path}".split("/"), each)
            for method in each.methods or ():
                self._known.setdefault((method, len(way.segments)), []).append(way)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            segments = scope["path"].split("/")
            for way in self._known.get((scope["method"], len(segments)), ()):
                names = way.names_in(segments)
                if names is not None:
                    scope["app"], scope["path_params"] = self._rest, names
                    answer = await self._answer(way.route, Request(scope, receive))
                    await answer(scope, receive, send)
                    return
        await self._rest(scope, receive, send)

    async def _answer(self, route: LeanRoute, request: Request) -> Response:
        try:
            octets = await body_of(request)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, route.carried_out, request, octets)
        except Exception as error:  # noqa: BLE001 every error has an answer
            return answer_to(error)


class _Way(NamedTuple):
    segments: Sequence[str]
    route: LeanRoute

    def names_in(self, segments: Sequence[str]) -> dict[str, str] | None:
        names = {}
        for ours, theirs in zip(self.segments, segments, strict=True):
            if ours[:1] == "{" and theirs:
                names[ours[1:-1]] = theirs
            elif ours != theirs:
                return None
        return names
