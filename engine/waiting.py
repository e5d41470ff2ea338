"""Read your own write: wait until views have reached a position, whoever keeps them."""

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
"""Seconds between two looks if the store does not notify of progress."""

PATIENCE = 2.0
"""Seconds that a leader is given to reach the present end of the log."""


class Wakes(Protocol):
    def wait(self, timeout: float) -> bool:
        """Return when something may have changed, or after ``timeout`` seconds at the latest."""
        ...


class Polling:
    """Wakes at regular intervals, for stores that do not notify."""

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
    """Wait until all views have reached the position; False if they have not after ``timeout``
    seconds.

    ``wakes`` must be made before the wait, so that nothing is missed. Raises ``ViewStopped`` for a
    view that will not get that far before an operator has decided.
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
    """Bring the views up to the log's end, except stopped ones, which are returned.

    Views that another process leads are left to it: this program may be older than the leader's,
    and would stop a view at an event that only the leader's can read.
    """
    led = [*views.keepers(projections)]
    ProjectionRunner(store, views, [each for each in projections if each not in led]).keep_up()
    with suppress(ViewStopped):
        wait_for(views, led, store.last_position(), PATIENCE)
    statuses = views.statuses(projections)
    return {each: found.stop for each, found in statuses.items() if found.stop is not None}
