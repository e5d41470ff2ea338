"""``sendledger tokens``: with which programs call the HTTP API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import reading, require_name, session
from adapters.cli.durations import duration
from adapters.screen.errors import explained
from adapters.screen.output import print_json
from adapters.screen.program import group
from adapters.screen.where import WholeStore
from engine.work.permissions import AccessError, Role

if TYPE_CHECKING:
    from engine.work.api_tokens import ApiToken

app = group()
COLUMNS = ("name", "role", "workspace", "created_at", "expires_at", "used_at")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for; unique.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    workspace: Annotated[
        str | None, typer.Option(help="The only workspace it is good for. Default: all.")
    ] = None,
    good_for: Annotated[
        str, typer.Option("--for", help="How long it is good: `P90D`, `2 days`, or seconds.")
    ] = "P90D",
    *,
    at: WholeStore,
) -> None:
    """Make a token and print it; it is shown only once. Makes the store if there is none."""
    from adapters.composition.access import tokens_of
    from engine.work.api_tokens import LONGEST, ApiToken, make
    from events.vocabulary import instant_text

    require_name("token", name)
    span = duration("--for", good_for, LONGEST)
    with explained(AccessError), session(at, create=True) as here:
        now = here.store.now()
        wanted = ApiToken(name, role, workspace, now, now + span)
        made = make(tokens_of(here.opened), wanted).reveal()
        until = instant_text(wanted.expires_at)
        at.tell(
            {"name": name, "role": role, "token": made, "expires_at": until},
            made,
            f"It is good until {until} and is shown this once. Keep it as a password.",
        )


@app.command("list")
def list_all(*, at: WholeStore) -> None:
    """Show every token that is not revoked: never the token itself."""
    from adapters.composition.access import tokens_of

    with reading(at) as opened:
        _show(at, tokens_of(opened).all())


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.")],
    *,
    at: WholeStore,
) -> None:
    """Revoke a token. A running server refuses it within a second."""
    from adapters.composition.access import tokens_of

    with explained(AccessError), session(at) as here:
        tokens_of(here.opened).revoke(name)
        at.tell({"name": name, "revoked": True}, f"{name} is revoked.")


def _show(at: WholeStore, found: "Sequence[ApiToken]") -> None:
    from adapters.screen.reading import reader
    from adapters.screen.tables import print_table
    from engine.answers.telling.rows import all_told

    if at.as_json:
        print_json({"tokens": all_told(found)})
        return
    when = reader().when
    rows = [
        (
            each.name,
            each.role,
            each.workspace or "all",
            when(each.created_at),
            when(each.expires_at),
            when(each.used_at) if each.used_at else "never",
        )
        for each in found
    ]
    print_table("tokens, times in UTC", COLUMNS, rows, most=None)
