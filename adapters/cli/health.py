"""``sendledger health``: whether the store is well, for people and monitoring."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from adapters.cli.common import require_workspace
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.output import print_json, say

if TYPE_CHECKING:
    from adapters.settings.model import EngineSettings
    from engine.answers.health import Health


NOTHING: dict[str, Any] = {
    "at": None,
    "position": None,
    "fenced": None,
    "views": [],
    "due": None,
    "late_checks": None,
    "relay": None,
    "signed": None,
    "parked": [],
}
"""The values that are shown for a store that cannot be used."""


class Found(NamedTuple):
    health: "Health | None"
    """None if the store cannot be used."""
    reasons: list[str]

    def to_json(self) -> dict[str, Any]:
        seen = self.health.to_json() if self.health else NOTHING
        return {"well": not self.reasons, "reasons": self.reasons, **seen}


def show_health(settings: "EngineSettings", workspace: str | None, *, as_json: bool) -> None:
    """Show it. Exit code 1 if the store is not well; the workspace must be known."""
    found = _look(settings, workspace)
    if as_json:
        print_json(found.to_json())
    else:
        for reason in found.reasons or ["Well."]:
            say(reason)
    raise typer.Exit(EXIT_FAILED if found.reasons else 0)


def _look(settings: "EngineSettings", workspace: str | None) -> Found:
    from adapters.composition.programs import asking, health_of
    from adapters.screen.hints import finding_with_hint, with_hint
    from engine.ports.errors import StoreError

    outbox = list(outbox_problems(None if settings.notice_relay else settings.outbox))
    try:
        with asking(settings) as opened:
            if workspace is not None:
                require_workspace(opened.store, workspace)
            health = health_of(opened, settings.proof_folder)
    except StoreError as error:
        return Found(None, [with_hint(error), *outbox])
    return Found(health, [*map(finding_with_hint, health.reasons(settings.overdue_after)), *outbox])


def outbox_problems(outbox: Path | None) -> Iterator[str]:
    """A sentence for each reason why nothing could be put there; nothing is tried out."""
    if outbox is None:
        return
    there = next(each for each in (outbox, *outbox.absolute().parents) if each.exists())
    for folder in (there, *(there / part for part in ("tmp", "new", "cur"))):
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            yield f"The outbox {outbox} cannot be written: look at {folder}."
