"""One page of facts folded into the rows of one view."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from engine.ports.errors import StoreError
from engine.ports.view_status import one_line
from events.base import Event
from events.recorded import Recorded
from projections.projection import Projection, RowKey

Fetch = Callable[[Projection, Sequence[RowKey]], dict[RowKey, Any]]


class CannotTake(StoreError):
    """A view's ``key`` or ``evolve`` failed at this event; other views are not affected."""

    sentence = "View {view} cannot take the event at position {position} ({error})."

    def __init__(self, projection: Projection, recorded: Recorded, cause: Exception) -> None:
        self.position = recorded.position
        self.error = f"{type(recorded.event).__name__}: {one_line(cause)}"
        super().__init__(view=projection.name, position=self.position, error=self.error)


def fold(
    projection: Projection,
    page: Iterable[Recorded],
    after: int,
    passes_over: Collection[int],
    fetch: Fetch,
) -> dict[RowKey, Any]:
    """The rows that this page changes, as they are after it, and whatever else ``fetch`` answered.

    The view watches every event of ``page``. ``after`` is the view's position; events up to it and
    those in ``passes_over`` are left out. ``fetch`` returns rows for the page's keys, which may
    repeat; rows it already has in memory are changed in place. Raises ``CannotTake`` at the first
    event that the view cannot process.
    """
    evolve, keys = projection.evolve, list[RowKey]()
    watched = [recorded for recorded in page if recorded.position > after]
    if passes_over:
        watched = [recorded for recorded in watched if recorded.position not in passes_over]
    try:
        keys.extend(map(projection.key, watched))
    except Exception as error:
        raise CannotTake(projection, watched[len(keys)], error) from error
    if projection.appends:
        return dict(zip(keys, keys, strict=True))
    rows = fetch(projection, keys) if after and keys else {}
    get = rows.get
    for each, recorded in zip(keys, watched, strict=True):
        try:
            rows[each] = evolve(get(each), recorded)
        except Exception as error:
            raise CannotTake(projection, recorded, error) from error
    return rows


def shared_out(
    page: Iterable[Recorded], projections: Iterable[Projection]
) -> dict[Projection, list[Recorded]]:
    """For each view the facts that concern it, found in one pass over the page by their type."""
    shares: dict[Projection, list[Recorded]] = {each: [] for each in projections}
    takers: dict[type[Event], list[Callable[[Recorded], None]]] = {}
    for projection, share in shares.items():
        for watched in projection.watches:
            takers.setdefault(watched, []).append(share.append)
    for recorded in page:
        for take in takers.get(type(recorded.event), ()):
            take(recorded)
    return shares
