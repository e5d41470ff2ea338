"""The result of a check at the simulated provider, as options of the command line."""

from enum import StrEnum
from typing import Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail
from events.vocabulary import FailureClass


class Verdict(StrEnum):
    """How the check of a connection or a reconnect ends."""

    PASSES = "passes"
    STILL_FAILING = "still_failing"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    IDENTITY_MISMATCH = "identity_mismatch"
    CONFIGURATION_CHANGED = "configuration_changed"

    @property
    def refusal(self) -> str | None:
        return None if self is Verdict.PASSES else str(self)


CLASSES = ", ".join(FailureClass)
Found = Annotated[
    str | None,
    typer.Option("--result", help=f"What a simulated check finds: passes (default), {CLASSES}."),
]
Result = Annotated[
    Verdict | None, typer.Option(help="What a simulated check finds. Default: passes.")
]


def class_of(result: str | None) -> FailureClass | None:
    if result is None:
        return None
    if result not in ("passes", *FailureClass):
        fail(f"Result {result}: expected passes, {CLASSES}.", EXIT_UNREADABLE)
    return None if result == "passes" else FailureClass(result)
