"""Forms that do not change history: what-if, and saved views of the log."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from adapters.http.api.history import Change, what_if
from adapters.http.console.pages import Looking
from adapters.http.console.sessions import require_ours
from engine.work.permissions import Act
from engine.work.saved_filters import SavedFilter

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=4_000)]


@router.post("/what-if")
def tried(
    request: Request, page: Looking, csrf: Text = "", insert: Text = "", moment: Text = ""
) -> Response:
    require_ours(request, page.signed.session, {"csrf": csrf})
    page.require(Act.READ_LOG)
    change = Change(insert=[f"{insert} at {moment}"])
    told = what_if(page.here, change)
    return page.show("what_if.html", told=told)


@router.post("/log/filters")
def save(
    request: Request, page: Looking, csrf: Text = "", name: Text = "", query: Text = ""
) -> Response:
    require_ours(request, page.signed.session, {"csrf": csrf})
    page.require(Act.READ_LOG)
    named = name.strip()[:60]
    if named:
        page.site.filters.save(SavedFilter(page.caller.name, named, query))
    return RedirectResponse(page.link("/log", **dict(parse_qsl(query))), 303)


@router.post("/log/filters/remove")
def remove(request: Request, page: Looking, csrf: Text = "", name: Text = "") -> Response:
    require_ours(request, page.signed.session, {"csrf": csrf})
    page.site.filters.remove(page.caller.name, name)
    return RedirectResponse(page.link("/log"), 303)
