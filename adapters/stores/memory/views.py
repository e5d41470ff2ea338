"""Projections' rows in memory."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from adapters.stores.view_checks import check_move, check_skip, check_stop
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus, view_status
from engine.ports.views import Changes, RowsInMemory, Since
from projections.projection import Projection, RowKey


class MemoryViews(RowsInMemory):
    def __init__(self) -> None:
        self._rows: dict[str, dict[RowKey, Any]] = {}
        self._positions: dict[str, int] = {}
        self._stops: dict[Projection, Stop] = {}
        self._skips: dict[Projection, list[Skip]] = {}

    def position(self, projection: Projection) -> int:
        return self._positions.get(projection.tracking_name, 0)

    def reset(self, projection: Projection) -> None:
        self._rows[projection.name] = {}
        for other in [name for name in self._positions if name.startswith(f"{projection.name}/")]:
            del self._positions[other]
        self.retry(projection)

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        rows = self._rows.get(projection.name, {})
        return {key: rows[key] for key in keys if key in rows}

    def save(self, changes: Changes, since: Since, position: int) -> None:
        for projection in changes:
            check_move(projection, self.position(projection), since[projection], position)
        for projection, rows in changes.items():
            self._rows.setdefault(projection.name, {}).update(rows)
            self._positions[projection.tracking_name] = position

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        found = sorted(self._rows.get(projection.name, {}).items())
        return [
            row
            for key, row in found
            if key[: len(prefix)] == prefix
            and all(getattr(row, column) == value for column, value in equal.items())
        ]

    def names(self) -> frozenset[str]:
        return frozenset({*self._rows, *self._positions})

    def of_one_moment(self, projections: Sequence[Projection]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def stored(self, projection: Projection) -> Iterator[tuple[RowKey, Any]]:
        yield from self._rows.get(projection.name, {}).items()

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {each: self._status(each) for each in projections}

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:  # noqa: ARG002
        """Nobody: these views belong to one process."""
        return {}

    def stop(self, projection: Projection, stop: Stop) -> None:
        check_stop(projection, self._status(projection), stop)
        self._stops[projection] = stop

    def retry(self, projection: Projection) -> None:
        self._stops.pop(projection, None)

    def skip(self, projection: Projection, skip: Skip) -> None:
        check_skip(projection, self._status(projection), skip)
        self._skips.setdefault(projection, []).append(skip)
        self.retry(projection)

    def _status(self, projection: Projection) -> ViewStatus:
        skips = self._skips.get(projection, ())
        return view_status(self.position(projection), self._stops.get(projection), skips)
