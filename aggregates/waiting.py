"""Why nothing is sent yet, and when that ends: reasons are put together here (M3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from events.vocabulary import Waiting


class NotBefore(NamedTuple):
    at: datetime | None
    """UTC; none where only an act of somebody ends it."""
    reason: Waiting


Constraint = Callable[[datetime], NotBefore | None]
"""What it says of sending at that moment: none when it allows it, else a later moment."""


def soonest(at: datetime, constraints: Sequence[Constraint]) -> NotBefore | None:
    """None when all of them allow sending at ``at``; else the first moment at which all do, with
    the reason that ends last."""
    found: NotBefore | None = None
    waiting = True
    while waiting:
        waiting = False
        for constraint in constraints:
            later = constraint(found.at if found and found.at else at)
            if later is None:
                continue
            if later.at is None:
                return later
            found, waiting = later, True
    return found
