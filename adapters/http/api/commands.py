"""A route for each operation, and one for its preview.

FastAPI reads the signatures for its document; requests arrive through ``Shortcut``, which handles
each on a single thread, from the gate to the answer.
"""

import json
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from adapters.http.commands.keys import LONGEST, digest_of, key_of
from adapters.http.commands.operation import Asked, Operation, Told, tag_of
from adapters.http.commands.performing import REPLAYED, Answer, Commands
from adapters.http.commands.previews import HEADER
from adapters.http.commands.table import OPERATIONS
from adapters.http.gate import Here, here, of
from adapters.http.problems import NotFound, Problem
from engine.command_context import Look
from engine.work.permissions import Act

Edited = Callable[[Mapping[str, str], Look], Told | None]
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=LONGEST)]
Confirmation = Annotated[str | None, Header(alias=HEADER)]
IfMatch = Annotated[str | None, Header(alias="If-Match")]


class Event(BaseModel):
    position: int
    type: str
    stream: str


class Done(BaseModel):
    """What a command of one step has recorded: at most 100 of its events."""

    command_id: str
    position: int
    """The command recorded nothing after this position."""
    events: list[Event]
    recorded: int
    """The number of all its events."""


class Shown(BaseModel):
    preview: dict[str, Any]
    token: str
    expires_at: str


def router() -> APIRouter:
    found = APIRouter()
    for each in OPERATIONS:
        found.routes.append(_route(each, each.path, each.method, _signed(each, _headers(each))))
        if each.preview is not None:
            found.routes.append(_route(each, f"{each.path}/preview", "POST", _signed(each, {})))
    return found


def editable() -> APIRouter:
    """Routes to read what can be edited, each with its entity tag."""
    found = APIRouter()
    for each in OPERATIONS:
        if each.edited is not None:
            _add_read(found, each, each.edited)
    return found


def _add_read(routes: APIRouter, operation: Operation, edited: Edited) -> None:
    def read(asks: Annotated[Here, of(Act.READ)]) -> Response:
        with asks.site.program.engine.look(asks.workspace) as now:
            told = edited(asks.names, now)
        if told is None:
            name = next(iter(asks.names.values()))
            raise NotFound(operation.path.split("/")[1].rstrip("s"), name)
        return JSONResponse(told, headers={"ETag": tag_of(told)})

    routes.add_api_route(
        operation.path,
        read,
        name=f"{operation.name}_now",
        operation_id=operation.name.replace("set_", "read_"),
        summary="As it is now; its ETag is for If-Match.",
        response_model=dict[str, Any],
        responses={200: {"headers": {"ETag": {"schema": {"type": "string"}}}}},
        tags=[operation.path.split("/")[1]],
    )


def commands_of(request: Request) -> Commands:
    found: Commands = request.app.state.commands
    return found


class Given(NamedTuple):
    """What a request contains: the octets of its body, and the headers that matter."""

    octets: bytes
    key: str | None
    token: str | None = None
    tag: str | None = None


def asked_of(
    commands: Commands, asks: Here, operation: Operation, names: dict[str, str], given: Given
) -> Asked:
    """The checked request. Raises ``Problem`` and ``RequestValidationError``."""
    told = _json(given.octets)
    try:
        body = operation.body.model_validate_json(given.octets or b"{}")
    except ValidationError as error:
        raise RequestValidationError(_without_input(error)) from None
    what = digest_of(commands.kept.secret(), operation.name, json.dumps(names), told)
    return Asked(
        commands.site,
        asks.caller,
        asks.workspace,
        names,
        body,
        what,
        key_of(given.key, asks.caller, what),
        given.token,
        given.tag,
    )


def _json(octets: bytes) -> str:
    """The same text for the same value, however it was formatted."""
    try:
        return json.dumps(json.loads(octets or b"{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return ""


def _without_input(error: ValidationError) -> list[Any]:
    """The problems found, without the input, which may be a secret."""
    return [
        {**each, "loc": ("body", *each["loc"])}
        for each in error.errors(include_input=False, include_context=False, include_url=False)
    ]


def _route(
    operation: Operation, path: str, method: str, documented: Callable[..., Any]
) -> "LeanRoute":
    is_preview = path.endswith("/preview") and operation.preview is not None
    found = LeanRoute(
        path,
        documented,
        name=f"{operation.name}_preview" if is_preview else operation.name,
        operation_id=f"preview_{operation.name}" if is_preview else operation.name,
        summary=f"What would happen: {operation.summary}" if is_preview else operation.summary,
        methods=[method],
        tags=[operation.path.split("/")[1]],
        response_model=Shown if is_preview else Done if operation.command else dict[str, Any],
    )
    found.operation, found.is_preview = operation, is_preview
    return found


class LeanRoute(APIRoute):
    operation: Operation
    is_preview: bool

    def carried_out(self, request: Request, octets: bytes) -> Response:
        """Raises ``Problem``, ``RequestValidationError`` and what the engine raises."""
        operation = self.operation
        asks = here(operation.act)(request, request.query_params.get("workspace"))
        commands, headers = commands_of(request), request.headers
        key = "preview" if self.is_preview else headers.get("Idempotency-Key")
        given = Given(octets, key, headers.get(HEADER), headers.get("If-Match"))
        asked = asked_of(commands, asks, operation, asks.names, given)
        perform = commands.preview if self.is_preview else commands.perform
        return response_to(perform(operation, asked))


async def body_of(request: Request) -> bytes:
    """The body's octets. Raises ``Problem`` for a type other than JSON, or if it was cut off."""
    kind = request.headers.get("Content-Type", "application/json").partition(";")[0]
    if kind.strip().lower() != "application/json" or "Content-Encoding" in request.headers:
        raise Problem(415, "unsupported_media_type", "Give a body of application/json, as it is.")
    try:
        return await request.body()
    except ClientDisconnect:
        raise Problem(400, "cut_off", "The request ended before its end.") from None


def response_to(answer: Answer) -> Response:
    headers = REPLAYED if answer.replayed else None
    return JSONResponse(answer.body, answer.status, headers)


def _headers(operation: Operation) -> dict[str, Any]:
    return {
        "idempotency_key": IdempotencyKey,
        **({"confirmation": Confirmation} if operation.preview else {}),
        **({"if_match": IfMatch} if operation.edited else {}),
    }


def _signed(operation: Operation, headers: Mapping[str, Any]) -> Callable[..., Any]:
    """A function whose signature describes the operation; it is used for the document only."""

    def asked(**_: Any) -> None: ...

    taken = {"asks": Annotated[Here, of(operation.act)], "body": operation.body, **headers}
    none = dict.fromkeys(("confirmation", "if_match"))
    parameters = [
        Parameter(
            name, Parameter.KEYWORD_ONLY, annotation=each, default=none.get(name, Parameter.empty)
        )
        for name, each in taken.items()
    ]
    asked.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return asked
