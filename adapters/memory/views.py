"""Projections' rows in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.projection import Projection, RowKey


class MemoryViews:
    def __init__(self) -> None:
        self._rows: dict[str, dict[RowKey, Any]] = {}
        self._positions: dict[str, int] = {}

    def position(self, projection: Projection) -> int:
        return self._positions.get(projection.tracking_name, 0)

    def reset(self, projection: Projection) -> None:
        self._rows[projection.name] = {}
        self._positions[projection.tracking_name] = 0

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        rows = self._rows.get(projection.name, {})
        return {key: rows[key] for key in keys if key in rows}

    def save(self, changes: Mapping[Projection, Mapping[RowKey, Any]], position: int) -> None:
        for projection, rows in changes.items():
            self._rows.setdefault(projection.name, {}).update(rows)
            self._positions[projection.tracking_name] = position

    def rows(self, projection: Projection, *prefix: str, **equal: str) -> Sequence[Any]:
        found = sorted(self._rows.get(projection.name, {}).items())
        return [
            row
            for key, row in found
            if key[: len(prefix)] == prefix
            and all(getattr(row, column) == value for column, value in equal.items())
        ]

    def count(self, projection: Projection, *prefix: str, **equal: str) -> int:
        return len(self.rows(projection, *prefix, **equal))
