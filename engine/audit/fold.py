"""The shipped projections, folded in memory over any part of a history."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.ports.view_status import Keeper, ViewStatus
from engine.ports.views import RowsInMemory
from events.base import Event
from events.recorded import Recorded
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.clocks import CLOCKS
from projections.notices import NOTICES
from projections.projection import Projection, RowKey
from projections.recipient_status import RECIPIENT_STATUS
from projections.slots import SLOTS

LISTED = (ACCOUNTS, SLOTS, CAMPAIGNS, CLOCKS, NOTICES, RECIPIENT_STATUS)
"""The views that describe the present state."""


class Fold:
    """The rows of each projection by key, updated fact by fact."""

    def __init__(self, projections: Sequence[Projection] = LISTED) -> None:
        self.rows: dict[Projection, dict[RowKey, Any]] = {each: {} for each in projections}
        watched = frozenset[type[Event]]().union(*(each.watches for each in projections))
        self._concerned = {
            event: [
                (self.rows[each], each.key, each.evolve)
                for each in projections
                if event in each.watches
            ]
            for event in watched
        }

    def add(self, facts: Iterable[Recorded]) -> "Fold":
        concerned = self._concerned
        for fact in facts:
            for rows, key, evolve in concerned.get(type(fact.event), ()):
                where = key(fact)
                rows[where] = evolve(rows.get(where), fact)
        return self

    def views(self) -> "FoldedViews":
        """The rows as the engine's answers read them."""
        return FoldedViews(self.rows)


class FoldedViews(RowsInMemory):
    """Rows that no longer change, sorted once, because many campaigns are queried one after
    another."""

    def __init__(self, rows: Mapping[Projection, Mapping[RowKey, Any]]) -> None:
        self._rows = rows
        self._keys: dict[Projection, list[RowKey]] = {}

    def position(self, _projection: Projection) -> int:
        """Not known here: the history says which position the rows are of."""
        return 0

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        rows = self._rows.get(projection, {})
        return {key: rows[key] for key in keys if key in rows}

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        rows = self._rows.get(projection, {})
        keys = self._keys.get(projection)
        if keys is None:
            keys = self._keys[projection] = sorted(rows)
        first = bisect_left(keys, prefix)
        last = bisect_right(keys, prefix, lo=first, key=lambda key: key[: len(prefix)])
        found = map(rows.__getitem__, keys[first:last])
        return [
            row
            for row in found
            if all(getattr(row, column) == value for column, value in equal.items())
        ]

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {each: ViewStatus() for each in projections}

    def keepers(self, _projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        return {}
