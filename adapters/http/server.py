"""The application behind ``serve --http``: API, console and pages, and what they share."""

from collections.abc import Callable
from functools import partial

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Match
from starlette.types import ASGIApp

from adapters.composition.programs import health_of
from adapters.http.api.access import router as access
from adapters.http.api.caller import router as caller
from adapters.http.api.commands import editable
from adapters.http.api.commands import router as commands
from adapters.http.api.consents import router as consents
from adapters.http.api.feed import router as feed
from adapters.http.api.filters import router as filters
from adapters.http.api.history import router as history
from adapters.http.api.imports import router as imports
from adapters.http.api.proofs import router as proofs
from adapters.http.api.questions import router as questions
from adapters.http.api.shortcut import Shortcut
from adapters.http.api.webhooks import router as webhooks
from adapters.http.commands.imports import Imports
from adapters.http.commands.performing import Commands
from adapters.http.console.app import console
from adapters.http.document import document
from adapters.http.guarding import LimitedBodies, SafeHeaders
from adapters.http.names import SlashesInNames
from adapters.http.problems import HANDLERS, Problem
from adapters.http.reading.listing import router as lists
from adapters.http.site import Site
from adapters.http.tiles import router as tiles
from engine.ports.errors import StoreError

COMMANDS = commands()
API = (
    *(access, caller, COMMANDS, editable(), consents, imports, feed, filters, history),
    *(lists(), proofs, questions(), webhooks),
)


def server(site: Site) -> FastAPI:
    found = FastAPI(
        title="Sendledger",
        version="1",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
    )
    found.state.site = site
    found.state.commands = Commands(site)
    found.state.imports = Imports(found.state.commands)
    found.router.redirect_slashes = False
    for each in API:
        found.include_router(each, prefix="/v1")
    found.add_api_route("/livez", _alive, include_in_schema=False)
    found.add_api_route("/readyz", lambda: _ready(site), include_in_schema=False)
    found.add_api_route("/v1/{rest:path}", _nothing, methods=METHODS, include_in_schema=False)
    found.include_router(tiles)
    found.mount("/", console(site, found.state.commands))
    found.openapi = partial(document, found)  # type: ignore[method-assign]
    return found


def guarded(
    app: FastAPI, *, secure: bool, before: Callable[[ASGIApp], ASGIApp] | None = None
) -> ASGIApp:
    """The application as it is served. ``secure``: browsers use TLS. ``before`` puts a further
    application before the routes."""
    ways = routed(app)
    return SafeHeaders(LimitedBodies(before(ways) if before else ways), secure=secure)


def routed(app: FastAPI) -> ASGIApp:
    """The routes with every way in which a request may reach them."""
    return SlashesInNames(Shortcut(app, COMMANDS, "/v1"))


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _nothing(request: Request) -> None:
    """Raises ``Problem``: there is no such address, or it does not take this method."""
    scope = {**request.scope, "path": request.scope["path"].removeprefix("/v1")}
    routes = [each for router in API for each in router.routes if isinstance(each, APIRoute)]
    matching = (each for each in routes if each.matches(scope)[0] is Match.PARTIAL)
    there = {method for each in matching for method in each.methods or ()}
    if there:
        allowed = ", ".join(sorted(there))
        sentence = f"This address takes {allowed}."
        raise Problem(405, "method_not_allowed", sentence, headers={"Allow": allowed})
    raise Problem(404, "not_found", "There is nothing at this address.")


def _alive() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


def _ready(site: Site) -> JSONResponse:
    try:
        health_of(site.program.opened)
    except StoreError as error:
        return JSONResponse({"ready": False, "reason": str(error)}, 503)
    return JSONResponse({"ready": True})
