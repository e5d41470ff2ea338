"""Views that are being built by one program alone: rows stay in hand and are written in bulk.

Nobody reads them yet, so rows need not be on the disk with every page, and a row that a later page
changes again is written once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.stores.sqlite.views import SQLiteViews
from engine.ports.errors import NotStoppedThere, StaleView
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from projections.projection import Projection, RowKey

IN_HAND = 500_000
"""Rows of one projection in memory, about 200 MB of the largest."""
APPENDED_IN_HAND = 300_000
"""Of one that never looks at a row again."""


class WriteBehind:
    """Call ``write`` at the end; until then the rows are not all in the store.

    ``skips`` are the events that each is to pass over, as the view in use does. A view that is
    being built is never stopped: who builds it is told at once.
    """

    def __init__(
        self,
        views: SQLiteViews,
        projections: Sequence[Projection],
        in_hand: int = IN_HAND,
        skips: Mapping[Projection, tuple[Skip, ...]] | None = None,
    ) -> None:
        self._views = views
        self._skips = skips or {}
        self._limits = {
            each: min(in_hand, APPENDED_IN_HAND) if each.appends else in_hand
            for each in projections
        }
        self._rows: dict[Projection, dict[RowKey, Any]] = {each: {} for each in projections}
        self._written = dict.fromkeys(projections, 0)
        self._position = 0

    def position(self, _projection: Projection) -> int:
        return self._position

    def reset(self, projection: Projection) -> None:
        self._views.reset(projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        rows = self._rows[projection]
        found = {key: rows[key] for key in keys if key in rows}
        if self._written[projection] and len(found) < len(keys):
            found |= self._views.fetch(projection, [key for key in keys if key not in found])
        return found

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        _since: Mapping[Projection, int],
        position: int,
    ) -> None:
        self._position = position
        for projection, changed in changes.items():
            rows = self._rows[projection]
            rows.update(changed)
            if len(rows) > self._limits[projection]:
                self._write(projection)

    def write(self) -> None:
        """Everything that is still in hand, and the position reached."""
        for projection, written in self._written.items():
            if self._position > written:
                self._write(projection)

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        self.write()
        return self._views.rows(projection, *prefix, **equal)

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        self.write()
        return self._views.count(projection, *prefix, **equal)

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        self.write()
        return self._views.tally(projection, columns, *prefix)

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {
            each: ViewStatus(self._position, skips=self._skips.get(each, ()))
            for each in projections
        }

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:  # noqa: ARG002
        return {}

    def stop(self, projection: Projection, stop: Stop) -> None:
        raise StaleView(
            view=projection.tracking_name, expected=stop.position - 1, found=self._position
        )

    def retry(self, projection: Projection) -> None:
        """Nothing is stopped here."""

    def skip(self, projection: Projection, skip: Skip) -> None:
        raise NotStoppedThere(projection, skip.position, None)

    def _write(self, projection: Projection) -> None:
        rows, since = self._rows[projection], self._written[projection]
        self._views.save({projection: rows}, {projection: since}, self._position)
        self._rows[projection] = {}
        self._written[projection] = self._position
