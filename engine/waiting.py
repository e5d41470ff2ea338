"""Reading your own write: wait until views have come to a position."""

from collections.abc import Sequence
from threading import Event as Never
from time import monotonic
from typing import Protocol

from engine.store import Views, ViewStopped
from projections.projection import Projection

POLL = 0.02
"""Seconds between two looks where nobody tells that a view has come further."""


class Wakes(Protocol):
    def wait(self, timeout: float) -> bool:
        """Return when something may have changed, and at the latest after so many seconds."""
        ...


class Polling:
    """Wakes whoever waits again and again, for stores that tell nothing."""

    def wait(self, timeout: float) -> bool:
        Never().wait(min(timeout, POLL))
        return True


def wait_for(
    views: Views,
    projections: Sequence[Projection],
    position: int,
    timeout: float,
    wakes: Wakes | None = None,
) -> bool:
    """Until all of them have reached the position; False when they have not after ``timeout`` s.

    ``wakes`` was made before the wait, so that nothing is missed. Raises ``ViewStopped`` for a
    view that will not come so far before an operator has decided.
    """
    wakes = wakes or Polling()
    deadline = monotonic() + timeout
    while not _reached(views, projections, position):
        left = deadline - monotonic()
        if left <= 0:
            return False
        wakes.wait(left)
    return True


def _reached(views: Views, projections: Sequence[Projection], position: int) -> bool:
    standings = views.standings(projections)
    for projection, standing in standings.items():
        if standing.stop is not None and standing.stop.position <= position:
            raise ViewStopped(projection, standing.stop)
    return all(standing.position >= position for standing in standings.values())
