"""Lists of people that are uploaded: the octets are streamed into a file, up to a limit."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from adapters.http.api.commands import (
    Confirmation,
    IdempotencyKey,
    Shown,
    commands_of,
    response_to,
)
from adapters.http.commands.imports import IMPORT, SUPPRESS_ALL, Imports, Listed, upload
from adapters.http.commands.keys import digest_of, key_of
from adapters.http.commands.operation import Asked, Operation
from adapters.http.commands.performing import Answer
from adapters.http.commands.previews import HEADER
from adapters.http.gate import Here, of
from adapters.http.problems import Problem
from engine.work.permissions import Act

SECONDS = 30.0
"""An upload from which no octet arrives for so long is given up."""
NO_ROOM = (
    "The server could not keep the upload: its disk for temporary files is full, or cannot be "
    "written to. Nobody was taken; send it again when there is room."
)
CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Map = Annotated[
    list[str] | None, Query(alias="map", max_length=100, description="HEADER=COLUMN of ours.")
]
Skip = Annotated[bool, Query(description="Reject lines that are not UTF-8 singly.")]

router = APIRouter()
log = structlog.get_logger("sendledger.http")


@router.post(
    IMPORT.path, operation_id=IMPORT.name, summary=IMPORT.summary, status_code=202,
    response_model=dict[str, Any], tags=["campaigns"], openapi_extra=CSV,
)  # fmt: skip
async def take(
    asks: Annotated[Here, of(IMPORT.act)],
    idempotency_key: IdempotencyKey,  # noqa: ARG001
    map_: Map = None,
    skip_undecodable: Skip = False,
) -> Response:
    """It is taken in the background; see `GET /v1/imports/{import_id}`."""
    asked = await _uploaded(asks, IMPORT, map_, skip_undecodable=skip_undecodable)
    return response_to(await run_in_threadpool(_imports(asks.request).begin, IMPORT, asked))


@router.get(
    "/imports/{import_id}", operation_id="import_progress",
    summary="How far is the import, and what was rejected?", response_model=dict[str, Any],
    tags=["campaigns"],
)  # fmt: skip
def progress(asks: Annotated[Here, of(Act.READ)]) -> Response:
    found = _imports(asks.request).progress(asks.workspace, asks.names["import_id"])
    return JSONResponse(found)


@router.post(
    SUPPRESS_ALL.path, operation_id=SUPPRESS_ALL.name, summary=SUPPRESS_ALL.summary,
    response_model=dict[str, Any], tags=["suppressions"], openapi_extra=CSV,
)  # fmt: skip
async def suppress(
    asks: Annotated[Here, of(SUPPRESS_ALL.act)],
    idempotency_key: IdempotencyKey,  # noqa: ARG001
    confirmation: Confirmation = None,  # noqa: ARG001
    map_: Map = None,
) -> Response:
    asked = await _uploaded(asks, SUPPRESS_ALL, map_, skip_undecodable=False)
    return await run_in_threadpool(_done, asks.request, asked, preview=False)


@router.post(
    f"{SUPPRESS_ALL.path}/preview", operation_id=f"preview_{SUPPRESS_ALL.name}",
    summary=f"What would happen: {SUPPRESS_ALL.summary}", response_model=Shown,
    tags=["suppressions"], openapi_extra=CSV,
)  # fmt: skip
async def preview(asks: Annotated[Here, of(SUPPRESS_ALL.act)], map_: Map = None) -> Response:
    asked = await _uploaded(asks, SUPPRESS_ALL, map_, skip_undecodable=False, key="preview")
    return await run_in_threadpool(_done, asks.request, asked, preview=True)


def _done(request: Request, asked: Asked, *, preview: bool) -> Response:
    commands = commands_of(request)
    perform = commands.preview if preview else commands.perform
    try:
        found: Answer = perform(SUPPRESS_ALL, asked)
    finally:
        asked.body.file.unlink(missing_ok=True)
    return response_to(found)


def _imports(request: Request) -> Imports:
    found: Imports = request.app.state.imports
    return found


async def _uploaded(
    asks: Here,
    operation: Operation,
    map_: list[str] | None,
    *,
    skip_undecodable: bool,
    key: str | None = None,
) -> Asked:
    """The checked request. Raises ``Problem``, and then leaves nothing of the upload behind."""
    request, names = asks.request, asks.names
    _require_csv(request)
    columns = _columns(map_)
    given = key or request.headers.get("Idempotency-Key")
    key_of(given, asks.caller, "")
    try:
        file, digest = await _streamed(request)
    except OSError as error:
        log.warning("an upload could not be kept", error=str(error))
        raise Problem(507, "no_room", NO_ROOM) from None
    listed = Listed(file, columns, skip_undecodable)
    told = operation.name, repr(sorted(names.items())), repr(listed[1:]), digest
    what = digest_of(commands_of(request).kept.secret(), *told)
    return Asked(
        asks.site,
        asks.caller,
        asks.workspace,
        names,
        listed,
        what,
        key_of(given, asks.caller, what),
        request.headers.get(HEADER),
    )


async def _streamed(request: Request) -> tuple[Path, str]:
    digest = sha256()
    with upload() as file:
        path = Path(file.name)
        try:
            pieces = request.stream()
            while True:
                async with asyncio.timeout(SECONDS):
                    piece = await anext(pieces, None)
                if piece is None:
                    await run_in_threadpool(file.flush)
                    return path, digest.hexdigest()
                digest.update(piece)
                await run_in_threadpool(file.write, piece)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, ClientDisconnect | TimeoutError):
                raise Problem(408, "cut_off", "The upload ended before its end.") from None
            raise


def _require_csv(request: Request) -> None:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("text/csv", "application/octet-stream") or (
        "Content-Encoding" in request.headers
    ):
        raise Problem(415, "unsupported_media_type", "Give a body of text/csv, as it is.")


def _columns(texts: list[str] | None) -> dict[str, str]:
    found = {}
    for text in texts or ():
        header, equals, column = text.rpartition("=")
        if not equals or not header.strip() or not column.strip():
            raise Problem(422, "invalid_request", f"map: expected HEADER=COLUMN, found {text!r}.")
        found[header] = column
    return found
