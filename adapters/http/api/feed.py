"""The feed: every event of the log as a CloudEvent, in batches or as server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from adapters.http.following import BATCH
from adapters.http.gate import Workspace, anywhere, caller_of
from adapters.http.problems import NotSignedIn, Problem, problem_of
from adapters.http.reading.answers import FeedEvent
from adapters.http.site import Site
from engine.work.permissions import Act, Caller, NoSuchWorkspace
from events.errors import ExplainedError

MOST, LONGEST_WAIT = 10_000, 60
AFTER, PLACE = "Sendledger-After", "Sendledger-Place"
EVENT = {"$ref": f"#/components/schemas/{FeedEvent.__name__}"}
NO_STORE = {"Cache-Control": "no-store"}

router = APIRouter(prefix="/feed", tags=["feed"])

Follower = Annotated[Caller, Depends(anywhere(Act.FOLLOW))]
After = Annotated[
    str,
    Query(max_length=200, description="Read on after it: a position, a place, or an event's id."),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Events of a batch.")]
Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for a first event."),
]
LastEventId = Annotated[str | None, Header(max_length=200, description="Goes before `after`.")]


@router.get(
    "",
    operation_id="read_feed",
    response_class=Response,
    responses={
        200: {
            "content": {BATCH: {"schema": {"type": "array", "items": EVENT}}},
            "headers": {
                AFTER: {"description": "How far was read.", "schema": {"type": "integer"}},
                PLACE: {
                    "description": "The same, to read on after: it tells a restore.",
                    "schema": {"type": "string"},
                },
            },
        }
    },
)
async def read_feed(
    request: Request,
    asks: Follower,
    *,
    after: After = "0",
    limit: Limit = 1_000,
    wait: Wait = 0,
    workspace: Workspace = None,
) -> Response:
    """Events in order of position, without a gap; those of one workspace skip positions."""
    site: Site = request.app.state.site
    position, only = await run_in_threadpool(_begin, site, asks, after, workspace)
    told = await site.following.batch(position, limit, wait, only)
    headers = {AFTER: str(told.last), PLACE: told.place, **NO_STORE}
    return Response(told.octets, headers=headers, media_type=BATCH)


@router.get(
    "/stream",
    operation_id="stream_feed",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_feed(
    request: Request,
    asks: Follower,
    *,
    after: After = "0",
    workspace: Workspace = None,
    last_event_id: LastEventId = None,
) -> Response:
    """The same events as server-sent ones; ends with an event ``problem`` if it cannot go on."""
    site: Site = request.app.state.site
    position, only = await run_in_threadpool(_begin, site, asks, last_event_id or after, workspace)

    def allowed() -> None:
        if caller_of(request) != asks:
            raise NotSignedIn

    events = site.following.stream(position, only, allowed)
    headers = {"X-Accel-Buffering": "no", **NO_STORE}
    return StreamingResponse(_ended(events), headers=headers, media_type="text/event-stream")


def _begin(site: Site, asks: Caller, after: str, workspace: str | None) -> tuple[int, str | None]:
    """The position to start after, and the only workspace wanted, if any. Raises ``FeedError`` and
    ``NoSuchWorkspace``."""
    only = asks.in_workspace(workspace, "") or None
    if only is not None and not site.knows(only):
        raise NoSuchWorkspace(workspace=only)
    return site.following.feed.position(after), only


async def _ended(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events; if they end with an error, a last event tells the reader why."""
    try:
        async for each in events:
            yield each
    except (Problem, ExplainedError) as error:
        found = error if isinstance(error, Problem) else problem_of(error)
        yield b"event: problem\ndata: %b\n\n" % json.dumps(found.body()).encode()
