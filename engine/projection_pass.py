"""One pass through the log with several views, some of which may stop at an event while others go
on."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.folding import CannotTake, fold, shared_out
from engine.ports.log import Log
from engine.ports.view_status import Stop, ViewStatus, one_line
from engine.ports.views import Views
from events.catalogue import UnreadableEvent
from events.recorded import Recorded
from projections.projection import Projection, RowKey


class ProjectionPass:
    """Views of another version, or ahead of the log, are emptied; stopped ones take no part.

    ``strict`` raises at the first event that a view cannot process; otherwise the view is stopped
    there, with everything before it saved, and the others go on.
    """

    def __init__(
        self, log: Log, views: Views, projections: Sequence[Projection], *, strict: bool
    ) -> None:
        self._log = log
        self._views = views
        self._strict = strict
        self._statuses = views.statuses(projections)
        self._end = log.last_position()
        self.going: dict[Projection, int] = {}
        """The views that go on, and the position of each."""
        self.stopped: dict[Projection, Stop] = {}
        for projection, status in self._statuses.items():
            self._begin(projection, status)

    def _begin(self, projection: Projection, status: ViewStatus) -> None:
        position, stop, _ = status
        if stop is not None and stop.position <= self._end:
            self.stopped[projection] = stop
        elif position == 0 or position > self._end:
            self._views.reset(projection)
            self.going[projection] = 0
        else:
            self.going[projection] = position

    @property
    def position(self) -> int:
        """The position of the view furthest behind among those that go on; the log's end if none
        does."""
        return min(self.going.values(), default=self._end)

    def take(self, page: Sequence[Recorded]) -> None:
        """Fold these facts into every view that has not processed them."""
        last = page[-1].position
        behind = {each: at for each, at in self.going.items() if at < last}
        shares = shared_out(page, behind)
        folded = {each: self._folded(each, shares[each], at) for each, at in behind.items()}
        self._save({each: rows for each, (rows, poison) in folded.items() if not poison}, last)
        for projection, (rows, poison) in folded.items():
            if poison:
                self._save({projection: rows}, poison.position - 1)
                self._stop(projection, poison.position, poison.error)

    def meet(self, unreadable: UnreadableEvent, position: int) -> None:
        """Handle an event that cannot be read, so that it is not known which views it concerns."""
        met = [each for each, at in self.going.items() if at == position - 1]
        passing = [each for each in met if position in self._statuses[each].passes_over]
        self._save({each: {} for each in passing}, position)
        for projection in met:
            if projection not in passing:
                if self._strict:
                    raise unreadable
                self._stop(projection, position, one_line(unreadable))

    def _folded(
        self, projection: Projection, page: Sequence[Recorded], after: int
    ) -> tuple[dict[RowKey, Any], CannotTake | None]:
        """The rows after the page, or, if the view cannot process one of its events, up to that
        event, with the error."""
        passes_over, poison = self._statuses[projection].passes_over, None
        while True:
            try:
                return fold(projection, page, after, passes_over, self._views.fetch), poison
            except CannotTake as error:
                if self._strict:
                    raise
                poison = error
                page = [each for each in page if each.position < error.position]

    def _save(self, changes: Mapping[Projection, Mapping[RowKey, Any]], position: int) -> None:
        moved = {each: rows for each, rows in changes.items() if self.going[each] < position}
        if moved:
            self._views.save(moved, {each: self.going[each] for each in moved}, position)
            self.going.update(dict.fromkeys(moved, position))

    def _stop(self, projection: Projection, position: int, error: str) -> None:
        stop = Stop(position, error, self._log.now())
        self._views.stop(projection, stop)
        del self.going[projection]
        self.stopped[projection] = stop
