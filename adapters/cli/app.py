"""The commands that belong to no group.

Imports stay inside the commands, so that help and completion are quick.
"""

from typing import Annotated

import typer

from adapters.cli.common import asking, reading, session, settings_of
from adapters.screen.errors import explained
from adapters.screen.where import Where, WholeStore, Zoned


def clocks(*, at: Zoned) -> None:
    """Show every clock: until when, how many are at stake, and the cheapest cure."""
    from adapters.cli.tables import show_clocks

    with asking(at) as here:
        show_clocks(here.answers(), as_json=at.as_json)


def notices(*, at: Zoned) -> None:
    """Show who was told what, when, and whether it arrived."""
    from adapters.cli.tables import show_notices

    with asking(at) as here:
        show_notices(here.answers(), as_json=at.as_json)


def status(*, at: Zoned) -> None:
    """Show what needs a human now: stopped views, clocks, campaigns that do not send, notices."""
    from adapters.cli.status import show_status

    with asking(at, strict=False) as here:
        show_status(here, as_json=at.as_json)


def health(*, at: Where) -> None:
    """Check that the store is well. Exit 1 if it is not, with one reason per line."""
    from adapters.cli.health import show_health

    with explained():
        show_health(settings_of(at), at.workspace, as_json=at.as_json)


def parked(*, at: WholeStore) -> None:
    """Show the workspaces that repeatedly failed to settle, and why."""
    from adapters.cli.parked import show_parked

    with reading(at) as opened:
        show_parked(opened.coordination, as_json=at.as_json)


def unpark(
    name: Annotated[str, typer.Argument(help="The workspace that is parked.")], *, at: WholeStore
) -> None:
    """Settle a parked workspace again, once the cause is gone."""
    from adapters.cli.parked import retry_parked

    with session(at) as here:
        retry_parked(here, name, as_json=at.as_json)


def reindex(*, at: Where) -> None:
    """Rebuild timers and roster from the log. Stop `serve` first."""
    from engine.indexes import rebuild_indexes

    with session(at) as here:
        timers = rebuild_indexes(here.store)
        at.tell({"timers": timers}, f"Timers and roster were rebuilt: {timers} timers.")
