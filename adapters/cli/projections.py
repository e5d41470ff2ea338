"""``sendledger projections``: the state of the views, and what to do with a stopped one."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from adapters.cli.common import Session, person, reading, session
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Yes, group_options
from adapters.screen.output import agreed, fail, print_json, say, unknown
from adapters.screen.program import group
from adapters.screen.where import Where
from events.vocabulary import instant_text

if TYPE_CHECKING:
    from engine.ports.log import Log
    from engine.ports.view_status import Keeper, Stop, ViewStatus
    from engine.ports.views import ReadableViews
    from projections.projection import Projection

app = group()

Name = Annotated[str, typer.Argument(help="The view, as `sendledger projections` names it.")]
COLUMNS = ("name", "position", "lag", "keeper", "stopped_at", "error")


class Shown(NamedTuple):
    """The state of a view; nothing is folded for it."""

    projection: "Projection"
    status: "ViewStatus"
    lag: int
    """Events of the log that the view has not folded yet."""
    keeper: "Keeper | None"

    def to_json(self) -> dict[str, Any]:
        keeper, stop = self.keeper, self.status.stop
        return {
            "name": self.projection.name,
            "version": self.projection.version,
            "position": self.status.position,
            "lag": self.lag,
            "keeper": keeper and keeper.name,
            "kept_since": keeper and instant_text(keeper.since),
            "stopped_at": stop and stop.position,
            "error": stop and stop.error,
            "stopped_since": stop and instant_text(stop.since),
            "skips": [
                {**each._asdict(), "skipped_at": instant_text(each.skipped_at)}
                for each in self.status.skips
            ],
        }


@app.callback(invoke_without_command=True)
def projections(context: typer.Context, *, at: Where) -> None:
    """The views. Without a command: show how each stands."""
    if group_options(context):
        show_all(at=at)


@app.command("list")
def show_all(*, at: Where) -> None:
    """Show each view: how far it is, who keeps it, and if it is stopped, where and why."""
    with reading(at) as opened:
        shown = look(opened.store, opened.views)
    if at.as_json:
        print_json({"projections": [each.to_json() for each in shown]})
    else:
        _show(shown)


@app.command("catch-up")
def catch_up(*, at: Where) -> None:
    """Bring the views to the log's end, where no worker keeps them. Asking alone writes nothing."""
    with session(at) as here:
        stopped = here.catch_up()
        shown = look(here.store, here.views)
    at.tell(
        {"projections": [each.to_json() for each in shown]},
        f"The views stand at {min(each.status.position for each in shown)}.",
    )
    for projection, stop in stopped.items():
        fail(f"View {projection.name} is stopped at position {stop.position}: {stop.error}.")


@app.command()
def retry(name: Name, *, at: Where) -> None:
    """Have a stopped view try its event again, once the cause is gone."""
    with session(at) as here:
        projection, stop = _stopped(here, name)
        here.views.retry(projection)
        _go_on(here, projection, f"{name} tries position {stop.position} again")


@app.command()
def skip(
    name: Name,
    position: Annotated[int, typer.Option(min=1, help="Where it is stopped.")],
    reason: Annotated[str, typer.Option(help="Why the view can do without; recorded for ever.")],
    yes: Yes = False,
    *,
    at: Where,
) -> None:
    """Have a stopped view skip its event for good, also when it is rebuilt."""
    from engine.ports.view_status import Skip

    if not reason.strip():
        fail("Expected a reason; it is recorded with your name.", EXIT_UNREADABLE)
    with session(at) as here:
        projection, stop = _stopped(here, name, position)
        agreed(
            f"View {name} will never show what happened at position {position} ({stop.error}). "
            "Skip it?",
            yes=yes,
        )
        actor, now = f"user:{person()}", here.store.now()
        here.views.skip(projection, Skip(position, reason.strip(), actor, now))
        _go_on(here, projection, f"{name} passes over position {position}")


def look(log: "Log", views: "ReadableViews") -> list[Shown]:
    from projections.shipped import SHIPPED

    end = log.last_position()
    keepers = views.keepers(SHIPPED)
    return [
        Shown(each, status, max(end - status.position, 0), keepers.get(each))
        for each, status in views.statuses(SHIPPED).items()
    ]


def _stopped(here: Session, name: str, position: int | None = None) -> "tuple[Projection, Stop]":
    """The view by that name and its stop; ends the program if it is not stopped there."""
    from engine.ports.errors import NotStoppedThere

    shown = {each.projection.name: each for each in look(here.store, here.views)}
    if name not in shown:
        unknown("projection", name, [*shown])
    projection, stop = shown[name].projection, shown[name].status.stop
    if stop is None:
        fail(f"View {name} is not stopped; nothing was changed. See `sendledger projections`.")
    if position not in (None, stop.position):
        raise NotStoppedThere(projection, position, stop)
    return projection, stop


def _go_on(here: Session, projection: "Projection", done: str) -> None:
    """Try the event now, or have the view's keeper do so, and report how the view stands then."""
    from engine.waiting import keep_or_wait

    keep_or_wait(here.store, here.views, [projection])
    (shown,) = (each for each in look(here.store, here.views) if each.projection == projection)
    stop = shown.status.stop
    if here.at.as_json:
        print_json({"projection": shown.to_json()})
    elif stop is None:
        say(f"{done} and stands at {shown.status.position}.")
    if stop is not None:
        fail(f"{done}, and is stopped at {stop.position}: {stop.error}.")


def _show(shown: list[Shown]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from adapters.screen.escaping import escaped

    table = Table(title="projections", title_justify="left")
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), overflow="fold")
    for each in shown:
        told = each.to_json()
        cells = ["" if told[column] is None else str(told[column]) for column in COLUMNS]
        table.add_row(
            *(Text(escaped(cell)) for cell in cells), style="red" if each.status.stop else None
        )
    Console().print(table)
