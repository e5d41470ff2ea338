"""The console as a separate application, whose errors are pages."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from adapters.http.commands.performing import Commands
from adapters.http.console import acts, history_pages, proofs, routes, signing_in, trying
from adapters.http.console.pages import FILTERS, NotSignedInYet
from adapters.http.console.rendering import ENVIRONMENT, HERE, rendered
from adapters.http.problems import Problem, problem_of
from adapters.http.site import Site
from engine.audit.moments import NoMoment
from events.errors import ExplainedError

log = structlog.get_logger("sendledger.http")
ENVIRONMENT.filters |= FILTERS


def console(site: Site, commands: Commands) -> FastAPI:
    found = FastAPI(openapi_url=None, exception_handlers=HANDLERS)  # type: ignore[arg-type]
    found.state.site, found.state.commands = site, commands
    found.router.redirect_slashes = False
    found.include_router(signing_in.router)
    found.include_router(routes.router)
    found.include_router(history_pages.router)
    found.include_router(proofs.router)
    found.include_router(trying.router)
    found.include_router(acts.router)
    found.mount("/static", StaticFiles(directory=HERE / "static"))
    return found


def _shown(status: int, sentence: str) -> HTMLResponse:
    context = {"title": HTTPStatus(status).phrase, "sentence": sentence}
    return rendered("problem.html", context, status=status)


async def _sign_in(request: Request, _: Exception) -> Response:
    """A redirect to the sign-in page; htmx is told to load the whole page."""
    response = signing_in.to_sign_in(request)
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": response.headers["location"]})
    return response


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _shown(error.status, error.sentence)


async def _explained(_: Request, error: Exception) -> Response:
    assert isinstance(error, ExplainedError)
    problem = problem_of(error)
    return _shown(problem.status, problem.sentence)


async def _unreadable(_: Request, error: Exception) -> Response:
    told = str(error) if isinstance(error, NoMoment) else "Something in the address does not fit."
    return _shown(422, told)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _shown(error.status_code, "There is nothing at this address.")


async def _broken(_: Request, error: Exception) -> Response:
    log.error("a page failed", exc_info=error)
    return _shown(500, "Something went wrong here. Try again later.")


HANDLERS = {
    NotSignedInYet: _sign_in,
    Problem: _problem,
    ExplainedError: _explained,
    NoMoment: _unreadable,
    RequestValidationError: _unreadable,
    ValidationError: _unreadable,
    HTTPException: _http,
    Exception: _broken,
}
