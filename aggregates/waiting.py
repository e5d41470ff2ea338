"""Why nothing is sent yet, and when that ends; combines the reasons (M3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from events.vocabulary import Waiting


class NotBefore(NamedTuple):
    at: datetime | None
    """In UTC; None if only somebody's act ends it."""
    reason: Waiting


Constraint = Callable[[datetime], NotBefore | None]
"""What a condition says of sending at that moment: None if it may, else a later moment."""


def soonest(at: datetime, constraints: Sequence[Constraint]) -> NotBefore | None:
    """None if all of them permit sending at ``at``; else the first moment at which all do, with the
    reason that ends last."""
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
