"""One page of facts folded into the rows of one view."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from engine.ports.errors import StoreError
from engine.ports.view_status import one_line
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
    """The rows that this page changes, as they are after it.

    ``after`` is the view's position; events up to it and those in ``passes_over`` are left out.
    Raises ``CannotTake`` at the first event that the view cannot process.
    """
    watches, key, evolve = projection.watches, projection.key, projection.evolve
    concerned: list[tuple[RowKey, Recorded]] = []
    watched = [
        recorded
        for recorded in page
        if type(recorded.event) in watches and recorded.position > after
    ]
    if passes_over:
        watched = [recorded for recorded in watched if recorded.position not in passes_over]
    try:
        concerned.extend((key(recorded), recorded) for recorded in watched)
    except Exception as error:
        raise CannotTake(projection, watched[len(concerned)], error) from error
    if projection.appends:
        return {row: row for row, _ in concerned}
    keys = list({each: None for each, _ in concerned})
    rows: dict[RowKey, Any] = fetch(projection, keys) if after else {}
    get = rows.get
    for each, recorded in concerned:
        try:
            rows[each] = evolve(get(each), recorded)
        except Exception as error:
            raise CannotTake(projection, recorded, error) from error
    return rows
