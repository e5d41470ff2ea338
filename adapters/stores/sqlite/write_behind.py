"""Views that are being built by one program alone: rows stay in hand and are written in bulk.

Nobody reads them yet, so rows need not be on the disk with every page, and a row that a later page
changes again is written once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.sqlite.views import SQLiteViews
from engine.ports.view_status import Skip, ViewStatus
from projections.projection import Projection, RowKey

IN_HAND = 500_000
"""Rows of one projection in memory, about 200 MB of the largest."""
APPENDED_IN_HAND = 300_000
"""Of one that never looks at a row again."""


class WriteBehind(SQLiteViews):
    """Call ``write`` at the end; until then the rows are not all in the store.

    ``skips`` are the events that each is to pass over, as the view in use does. A view that is
    being built is never stopped: who builds it is told at once.
    """

    def __init__(
        self,
        store: SQLiteStore,
        projections: Sequence[Projection],
        in_hand: int = IN_HAND,
        skips: Mapping[Projection, tuple[Skip, ...]] | None = None,
    ) -> None:
        super().__init__(store)
        self._skips = skips or {}
        self._limits = {
            each: min(in_hand, APPENDED_IN_HAND) if each.appends else in_hand
            for each in projections
        }
        self._rows: dict[Projection, dict[RowKey, Any]] = {each: {} for each in projections}
        self._written = dict.fromkeys(projections, 0)
        self._position = 0

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {
            each: ViewStatus(self._position, skips=self._skips.get(each, ()))
            for each in projections
        }

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        """All rows in hand, where the page is folded, and of the written ones those asked for."""
        rows = self._rows[projection]
        if self._written[projection]:
            rows.update(super().fetch(projection, [key for key in keys if key not in rows]))
        return rows

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        since: Mapping[Projection, int],  # noqa: ARG002 nobody else folds them
        position: int,
    ) -> None:
        self._position = position
        for projection, changed in changes.items():
            rows = self._rows[projection]
            if changed is not rows:
                rows.update(changed)
            if len(rows) > self._limits[projection]:
                self._write(projection)

    def write(self) -> None:
        """Everything that is still in hand, and the position reached."""
        for projection, written in self._written.items():
            if self._position > written:
                self._write(projection)

    def _write(self, projection: Projection) -> None:
        rows, since = self._rows[projection], self._written[projection]
        super().save({projection: rows}, {projection: since}, self._position)
        self._rows[projection] = {}
        self._written[projection] = self._position
