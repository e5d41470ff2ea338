"""``sendledger parked`` and ``unpark``: workspaces that repeatedly could not be settled."""

from adapters.cli.common import Session
from adapters.screen.exit_codes import EXIT_UNKNOWN
from adapters.screen.output import fail, print_json, say
from engine.ports.coordination import Coordination
from events.vocabulary import instant_text


def show_parked(coordination: Coordination, *, as_json: bool) -> None:
    found = coordination.parked()
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
    if not here.opened.coordination.unpark(workspace):
        fail(f"Workspace {workspace} is not parked. See `sendledger parked`.", EXIT_UNKNOWN)
    if as_json:
        print_json({"workspace": workspace})
    else:
        say(f"{workspace} is settled again at the next turn of a worker.")
