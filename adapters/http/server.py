"""The application behind ``serve --http``: the doors side by side, and what they share."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from adapters.composition import health_of
from adapters.http.api.caller import router as caller
from adapters.http.api.feed import router as feed
from adapters.http.api.questions import router as questions
from adapters.http.names import SlashesInNames
from adapters.http.problems import HANDLERS
from adapters.http.reading.listing import router as lists
from adapters.http.site import Site
from engine.ports.errors import StoreError

ROUTERS = (caller, lists(), questions(), feed)


def server(site: Site) -> FastAPI:
    found = FastAPI(
        title="Sendledger",
        version="1",
        docs_url=None,
        redoc_url=None,
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
    )
    found.state.site = site
    found.add_middleware(SlashesInNames)
    found.router.redirect_slashes = False
    for each in ROUTERS:
        found.include_router(each, prefix="/v1")

    @found.get("/livez", include_in_schema=False)
    def alive() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @found.get("/readyz", include_in_schema=False)
    def ready(_: Request) -> JSONResponse:
        try:
            health_of(site.program.opened)
        except StoreError as error:
            return JSONResponse({"ready": False, "reason": str(error)}, 503)
        return JSONResponse({"ready": True})

    return found
