"""The shipped projections folded in memory, over any part of a history."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from adapters.stores.memory.views import MemoryViews
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
"""The views that say how things stand."""


class Fold:
    """Rows by key of each projection, brought forward fact by fact."""

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
        views = FoldedViews()
        views.save(self.rows, dict.fromkeys(self.rows, 0), position=1)
        return views


class FoldedViews(MemoryViews):
    """Rows that change no more, sorted once: many campaigns are asked for one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, list[RowKey]] = {}

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        rows = self._rows.get(projection.name, {})
        keys = self._keys.get(projection.name)
        if keys is None:
            keys = self._keys[projection.name] = sorted(rows)
        first = bisect_left(keys, prefix)
        last = bisect_right(keys, prefix, lo=first, key=lambda key: key[: len(prefix)])
        found = map(rows.__getitem__, keys[first:last])
        return [
            row
            for row in found
            if all(getattr(row, column) == value for column, value in equal.items())
        ]
