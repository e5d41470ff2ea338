"""Reading your own write: wait until views have come to a position, whoever keeps them."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Event as Never
from time import monotonic
from typing import Protocol

from engine.ports.errors import ViewStopped
from engine.ports.store import Store
from engine.ports.view_status import Stop
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from projections.projection import Projection

POLL = 0.02
"""Seconds between two looks where nobody tells that a view has come further."""

PATIENCE = 2.0
"""Seconds that a leader is given to come to where the log ends now."""


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
    statuses = views.statuses(projections)
    for projection, status in statuses.items():
        if status.stop is not None and status.stop.position <= position:
            raise ViewStopped(projection, status.stop)
    return all(status.position >= position for status in statuses.values())


def keep_or_wait(
    store: Store, views: Views, projections: Sequence[Projection]
) -> dict[Projection, Stop]:
    """Bring them up to the log's end, but for those that are stopped, which it answers.

    What another process leads is left to it: this program may be older than the leader's, and
    would stop the view at an event that only the leader's can read.
    """
    led = [*views.keepers(projections)]
    ProjectionRunner(store, views, [each for each in projections if each not in led]).keep_up()
    with suppress(ViewStopped):
        wait_for(views, led, store.last_position(), PATIENCE)
    statuses = views.statuses(projections)
    return {each: found.stop for each, found in statuses.items() if found.stop is not None}
