"""The short way of commands: from the server to a thread that carries them out, and back.

A framework's middleware, routing and threads cost a command more than deciding it does
(``bench/http/commands.py``). Its routes stay in the framework, which makes the document of them.
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
"""Commands; a check of a mailbox holds its thread for as long as a mail server takes."""


class Shortcut:
    """Answers what asks for an operation, and hands everything else on to ``rest``."""

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
