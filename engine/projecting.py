"""The one loop that keeps projections: live, catching up, and rebuilding are the same.

A page of the log is read and decoded once for all, folded in memory, and written with the position
in one transaction. A page, never a single event, is what makes it fast.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.collector import collector_paused
from engine.decoding import decode_page
from engine.store import RowKey, Store, Views
from events.recorded import Recorded
from projections.projection import Projection

PAGE = 20_000


class ProjectionRunner:
    """Keeps a set of projections in step with the log. Not safe to share between threads."""

    def __init__(
        self, store: Store, views: Views, projections: Sequence[Projection], page: int = PAGE
    ) -> None:
        self._store = store
        self._views = views
        self._projections = projections
        self._page = page

    def catch_up(self, progress: Callable[[int], None] = lambda position: None) -> int:
        """Fold everything up to the log's end. Answers the position reached.

        A view of another version, or ahead of the log, is emptied and rebuilt. Raises
        ``UnreadableEvent`` at the first event it cannot read; what came before stays folded.
        """
        with collector_paused():
            return self._catch_up(progress)

    def _catch_up(self, progress: Callable[[int], None]) -> int:
        positions = {each: self._views.position(each) for each in self._projections}
        end = self._store.last_position()
        for projection, position in positions.items():
            if position > end or position == 0:
                self._views.reset(projection)
                positions[projection] = 0
        position = min(positions.values(), default=end)
        while page := self._read(position):
            position = page[-1].position
            behind = {each: at for each, at in positions.items() if at < position}
            changes = {each: self._folded(each, page, at) for each, at in behind.items()}
            self._views.save(changes, position)
            positions.update(dict.fromkeys(behind, position))
            progress(position)
        return position

    def _read(self, position: int) -> list[Recorded]:
        return list(decode_page(self._store.read(position, self._page), position))

    def _folded(
        self, projection: Projection, page: Iterable[Recorded], after: int
    ) -> dict[RowKey, Any]:
        """The rows that this page changes, as they are behind it."""
        watches, key, evolve = projection.watches, projection.key, projection.evolve
        concerned = [
            (key(recorded), recorded)
            for recorded in page
            if type(recorded.event) in watches and recorded.position > after
        ]
        keys = list({each: None for each, _ in concerned})
        rows: dict[RowKey, Any] = self._views.fetch(projection, keys) if after else {}
        get = rows.get
        for each, recorded in concerned:
            rows[each] = evolve(get(each), recorded)
        return rows
