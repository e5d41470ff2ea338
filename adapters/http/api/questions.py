"""A route for each question about one thing, with an entity tag of the answer."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from adapters.http.gate import Here, of
from adapters.http.reading.listing import moment_of
from adapters.http.reading.questions import QUESTIONS, Asking, Question

At = Annotated[str | None, Query(description="As recorded up to that time.")]


def router() -> APIRouter:
    found = APIRouter()
    for each in QUESTIONS:
        _add(found, each)
    return found


def _add(routes: APIRouter, question: Question) -> None:
    def answer(asks: Annotated[Here, of(question.act)], at: At = None) -> Response:
        site, names = asks.site, asks.names
        about = question.about(asks.workspace, names)
        with site.view(asks.workspace, moment_of(at), about) as view:
            return tagged(asks.request, question.answer(Asking(site, view, names, asks.caller)))

    routes.add_api_route(
        question.path,
        answer,
        name=question.name,
        operation_id=question.name,
        summary=question.answers,
        response_model=question.told,
        tags=[question.path.split("/")[1]],
    )


def tagged(request: Request, told: dict[str, Any]) -> Response:
    """The answer with its entity tag, or 304 if the caller already has it."""
    response = JSONResponse(told)
    tag = f'"{sha256(bytes(response.body)).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response
