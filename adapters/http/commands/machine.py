"""What an operator does to keep the machine running: stopped views, parked workspaces."""

from typing import Annotated

from pydantic import Field

from adapters.http.commands.operation import Asked, Body, Operation, Preview, Progress, Told
from adapters.http.problems import NotFound, Problem
from engine.answers.telling import rows
from engine.command_context import Look
from engine.ports.view_status import Skip, Stop
from engine.waiting import keep_or_wait
from engine.work.permissions import Act
from projections.projection import Projection
from projections.shipped import SHIPPED


class Skipped(Body):
    position: Annotated[int, Field(ge=1, le=2**63 - 1)]
    """The position at which the view is stopped."""
    reason: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S")]
    """Kept for ever."""


def _view(asked: Asked) -> Projection:
    name = asked.names["view"]
    found = next((each for each in SHIPPED if each.name == name), None)
    if found is None:
        raise NotFound("view", name)
    return found


def _stopped(asked: Asked) -> tuple[Projection, Stop]:
    view = _view(asked)
    stop = asked.site.program.opened.views.statuses([view])[view].stop
    if stop is None:
        raise Problem(409, "not_stopped", f"View {view.name} is not stopped; nothing was changed.")
    return view, stop


def retry(asked: Asked, _: Progress) -> Told:
    view, _stop = _stopped(asked)
    asked.site.program.opened.views.retry(view)
    return _goes_on(asked, view)


def skip(asked: Asked, _: Progress) -> Told:
    view, stop = _stopped_there(asked)
    now = asked.site.now()
    told = Skip(stop.position, asked.body.reason.strip(), asked.actor, now)
    asked.site.program.opened.views.skip(view, told)
    return _goes_on(asked, view)


def _skipping(asked: Asked, _: Look) -> Told:
    return rows.stopped_view(*_stopped_there(asked))


def _stopped_there(asked: Asked) -> tuple[Projection, Stop]:
    view, stop = _stopped(asked)
    if stop.position != asked.body.position:
        told = f"View {view.name} is stopped at position {stop.position}; nothing was changed."
        raise Problem(409, "not_stopped", told, facts={"stopped_at": stop.position})
    return view, stop


def _goes_on(asked: Asked, view: Projection) -> Told:
    opened = asked.site.program.opened
    keep_or_wait(opened.store, opened.views, [view])
    status = opened.views.statuses([view])[view]
    told = rows.stopped_view(view, status.stop) if status.stop else {"name": view.name}
    return {"position": status.position, **told}


def unpark(asked: Asked, _: Progress) -> Told:
    if not asked.site.program.opened.coordination.unpark(asked.workspace):
        told = f"Workspace {asked.workspace} is not parked; nothing was changed."
        raise Problem(409, "not_parked", told)
    return {"workspace": asked.workspace, "parked": False}


MACHINE = (
    Operation(
        "retry_view", "/views/{view}/retry", "Have a stopped view try its event again.",
        Act.OPERATE, steps=retry,
    ),
    Operation(
        "skip_event", "/views/{view}/skip", "Have a stopped view skip its event for good.",
        Act.OPERATE, Skipped, steps=skip, preview=Preview(_skipping),
    ),
    Operation(
        "unpark", "/unpark", "Settle a parked workspace again.",
        Act.OPERATE, steps=unpark,
    ),
)  # fmt: skip
