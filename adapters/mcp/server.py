"""The protocol, by its own library: over stdio for one caller, and at ``/mcp`` for any token."""

from collections.abc import Callable
from typing import Any, NamedTuple

import mcp_types as types
from fastapi import FastAPI
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.http.gate import caller_of
from adapters.http.guarding import MOST_OCTETS
from adapters.http.problems import NotSignedIn, Problem, answer_to
from adapters.http.site import Site
from adapters.mcp.calling import Calling
from adapters.mcp.tools import Described
from adapters.mcp.untrusted import INSTRUCTIONS
from engine.work.permissions import Caller

PLACE = "/mcp"
Context = ServerRequestContext[Any, Any]


class Known(NamedTuple):
    """The caller, and the token by which the gate recognises him."""

    caller: Caller
    token: str


def mcp_server(calling: Calling, known: Callable[[Context], Known]) -> Server[Any]:
    async def listed(context: Context, _: object) -> types.ListToolsResult:
        found = await run_in_threadpool(calling.tools.for_caller, known(context).caller)
        return types.ListToolsResult(tools=[_tool(each) for each in found])

    async def called(context: Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        told = await calling.call(*known(context), asked.name, asked.arguments or {})
        content = [types.TextContent(type="text", text=told.text)]
        return types.CallToolResult(content=content, is_error=told.failed)

    return Server(
        "sendledger",
        version="1",
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def _tool(described: Described) -> types.Tool:
    reads = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return types.Tool(
        name=described.name,
        description=described.description,
        input_schema=described.schema,
        annotations=reads,
    )


async def over_stdio(calling: Calling, caller: Caller) -> None:
    """Serve until the other side ends. The site knows nobody else: every token is this caller's."""
    server = mcp_server(calling, lambda _: Known(caller, "stdio"))
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


class McpDoor:
    """Answers requests to ``/mcp`` with a token; passes others on to the application behind it."""

    def __init__(self, app: ASGIApp, application: FastAPI) -> None:
        site: Site = application.state.site
        self._app, self._application = app, application
        self._server = mcp_server(Calling(site, application, app), _of_request)
        self._places = _places(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PLACE:
            await self._app(scope, receive, send)
            return
        try:
            request = Request({**scope, "app": self._application}, receive)
            request.state.known = await run_in_threadpool(_known, request)
        except Exception as error:  # noqa: BLE001 reported as the API does
            await answer_to(error)(scope, receive, send)
            return
        # Each request has its own manager: nothing is kept between two.
        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=self._places,
            max_request_body_size=MOST_OCTETS,
        )
        async with manager.run():
            await manager.handle_request(request.scope, receive, send)


def _of_request(context: Context) -> Known:
    assert context.request is not None
    known: Known = context.request.state.known
    return known


def _known(request: Request) -> Known:
    """The caller by token alone: a browser's session is not for models. Raises ``Problem``."""
    if request.method != "POST":
        raise Problem(
            405, "method_not_allowed", "This address takes POST.", headers={"Allow": "POST"}
        )
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        raise NotSignedIn
    return Known(caller_of(request), token.strip())


def _places(site: Site) -> TransportSecuritySettings:
    """Host names under which we may be called: any other is that of a page which points to us."""
    public = (site.settings.public_url or "").rstrip("/")
    bound = (site.settings.http or "").rpartition(":")[0]
    names = [each for each in ("127.0.0.1", "localhost", "[::1]", bound) if each]
    hosts = [place for each in names for place in (each, f"{each}:*")]
    named = public.partition("://")[2].partition("/")[0]
    schemes = ("http", "https")
    origins = [f"{scheme}://{each}" for scheme in schemes for each in hosts]
    return TransportSecuritySettings(
        allowed_hosts=[*hosts, named] if named else hosts,
        allowed_origins=[*origins, public] if named else origins,
    )
