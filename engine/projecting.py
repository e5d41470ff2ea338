"""The one loop that keeps projections: live, catching up, and rebuilding are the same.

A page of the log is read and decoded once for all, folded in memory, and written with the position
in one transaction. A page, never a single event, is what makes it fast.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from engine.collector import collector_paused
from engine.decoding import decode_page
from engine.store import RowKey, StaleView, Store, StoreError, Views
from events.catalogue import UnreadableEvent
from events.recorded import Recorded
from projections.projection import Projection

PAGE = 20_000
ATTEMPTS = 10
"""How often to begin anew when another process folds the same views at the same time."""


class ProjectionRunner:
    """Keeps a set of projections in step with the log. Not safe to share between threads."""

    def __init__(
        self, store: Store, views: Views, projections: Sequence[Projection], page: int = PAGE
    ) -> None:
        self._store = store
        self._views = views
        self._projections = projections
        self._page = page

    def catch_up(self, progress: Callable[[int], None] = lambda _position: None) -> int:
        """Fold everything up to the log's end. Answers the position reached.

        A view of another version, or ahead of the log, is emptied and rebuilt. Raises
        ``UnreadableEvent`` at the first event it cannot read; what came before is folded. Another
        process may keep the same views.
        """
        with collector_paused():
            for _ in range(ATTEMPTS - 1):
                with suppress(StaleView):
                    return self._catch_up(progress)
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
            self._views.save(changes, behind, position)
            positions.update(dict.fromkeys(behind, position))
            progress(position)
        return position

    def _read(self, position: int) -> list[Recorded]:
        """The next page, or what stands in it before the first event that cannot be read."""
        page: list[Recorded] = []
        try:
            for recorded in decode_page(self._store.read(position, self._page), position):
                page.append(recorded)  # noqa: PERF402 what was read before an error stays
        except (UnreadableEvent, StoreError):
            if not page:
                raise
        return page

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
        if projection.appends:
            return {row: row for row, _ in concerned}
        keys = list({each: None for each, _ in concerned})
        rows: dict[RowKey, Any] = self._views.fetch(projection, keys) if after else {}
        get = rows.get
        for each, recorded in concerned:
            rows[each] = evolve(get(each), recorded)
        return rows
