"""``sendledger health``: is the store well, for a person or whatever watches it?"""

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.output import print_json, say

if TYPE_CHECKING:
    from adapters.settings import EngineSettings
    from engine.answers.health import Health


NOTHING: dict[str, Any] = {"at": None, "position": None, "views": [], "due": None, "parked": []}
"""What is seen of a store that cannot be used."""


class Found(NamedTuple):
    health: "Health | None"
    """None where the store cannot be used."""
    reasons: list[str]

    def to_json(self) -> dict[str, Any]:
        seen = self.health.to_json() if self.health else NOTHING
        return {"well": not self.reasons, "reasons": self.reasons, **seen}


def show_health(settings: "EngineSettings", *, as_json: bool) -> None:
    """Ends the program with 1 where the store is not well."""
    found = _look(settings)
    if as_json:
        print_json(found.to_json())
    else:
        for reason in found.reasons or ["Well."]:
            say(reason)
    raise typer.Exit(EXIT_FAILED if found.reasons else 0)


def _look(settings: "EngineSettings") -> Found:
    from adapters.screen.hints import with_hint
    from adapters.stores.opening import open_store
    from engine.answers.health import look
    from engine.ports.errors import StoreError

    try:
        with closing(open_store(settings)) as opened:
            health = look(opened, settings)
    except StoreError as error:
        return Found(None, [with_hint(error)])
    return Found(health, health.reasons(settings.overdue_after))
