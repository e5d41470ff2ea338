"""The commands that belong to no group, and where the groups are.

Imports stay inside the commands, so that help and completion are quick.
"""

from typing import Annotated

import typer

from adapters.cli.common import asking, reading, session, settings_of
from adapters.screen.errors import explained
from adapters.screen.where import Where, WholeStore, Zoned

GROUPS = {
    "accounts": ("adapters.cli.accounts", "Connect, test, repair and look at email accounts."),
    "campaigns": (
        "adapters.cli.campaigns",
        "Create, fill, start, pause, resume and look at campaigns.",
    ),
    "mail": ("adapters.cli.mail", "Judge what mail servers said, without a connection."),
    "projections": (
        "adapters.cli.projections",
        "How the views stand, and what to do with one that is stopped.",
    ),
    "proof": ("adapters.cli.proof", "Sign the log, so that nobody can rewrite it unnoticed."),
    "recipients": ("adapters.cli.recipients", "Show recipients, tell why, forget a person."),
    "sends": ("adapters.cli.by_hand", "Record sends by hand, at the simulated provider."),
    "staff": ("adapters.cli.staff", "Let people sign in to the console: add, invite, change."),
    "store": ("adapters.cli.stores", "Make a store fit this program, and check it."),
    "suppressions": (
        "adapters.cli.suppressions",
        "Whom no campaign ever writes to again: add, import, release, list.",
    ),
    "tokens": ("adapters.cli.tokens", "Let programs call the HTTP API: make, list, revoke tokens."),
    "webhooks": (
        "adapters.cli.webhooks",
        "Have events delivered by HTTP: create, look at, pause, replay, test.",
    ),
    "vault": ("adapters.cli.vault", "Keep passwords and tokens encrypted: keys, checks, rotation."),
}
"""By name: the module, and what the group is for."""


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
    """Is the store well? Exit 0; or 1, with the reasons, one a line."""
    from adapters.cli.health import show_health

    with explained():
        show_health(settings_of(at), at.workspace, as_json=at.as_json)


def parked(*, at: WholeStore) -> None:
    """Show workspaces that could not be settled again and again, and why."""
    from adapters.cli.parked import show_parked

    with reading(at) as opened:
        show_parked(opened.coordination, as_json=at.as_json)


def unpark(
    name: Annotated[str, typer.Argument(help="The workspace that is parked.")], *, at: WholeStore
) -> None:
    """Have a parked workspace settled again, once its cause is gone."""
    from adapters.cli.parked import retry_parked

    with session(at) as here:
        retry_parked(here, name, as_json=at.as_json)


def reindex(*, at: Where) -> None:
    """Derive timers and roster anew from the log. Stop `serve` first."""
    from engine.indexes import rebuild_indexes

    with session(at) as here:
        timers = rebuild_indexes(here.store)
        at.tell({"timers": timers}, f"Timers and roster are derived anew: {timers} timers.")


commands = (clocks, notices, status, health, parked, unpark, reindex)
