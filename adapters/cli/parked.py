"""``sendledger parked`` and ``unpark``: workspaces that could not be settled again and again."""

from typing import TYPE_CHECKING, cast

from adapters.cli.common import Session
from adapters.screen.exit_codes import EXIT_UNKNOWN
from adapters.screen.output import fail, print_json, say
from adapters.stores.opening import Kind, kind_of
from events.vocabulary import instant_text

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore


def show_parked(here: Session, *, as_json: bool) -> None:
    from adapters.stores.postgres.leases import parked

    found = parked(_server(here)) if _server_there(here) else []
    if as_json:
        rows = [
            {
                **each._asdict(),
                "failed_at": instant_text(each.failed_at),
                "parked_at": instant_text(each.parked_at),
            }
            for each in found
        ]
        print_json({"parked": rows})
        return
    for each in found:
        say(
            f"{each.workspace}: parked at {instant_text(each.parked_at)} after {each.failures} "
            f"failures. {each.error}"
        )
    if not found:
        say("Nothing is parked.")


def retry_parked(here: Session, workspace: str, *, as_json: bool) -> None:
    from adapters.stores.postgres.leases import unpark

    if not (_server_there(here) and unpark(_server(here), workspace)):
        fail(f"Workspace {workspace} is not parked. See `sendledger parked`.", EXIT_UNKNOWN)
    if as_json:
        print_json({"workspace": workspace})
    else:
        say(f"{workspace} is settled again at the next turn of a worker.")


def _server_there(here: Session) -> bool:
    """An embedded store parks nothing: its one worker tries every workspace at every turn."""
    return kind_of(here.settings.store) is Kind.POSTGRES


def _server(here: Session) -> "PostgresStore":
    return cast("PostgresStore", here.store)
