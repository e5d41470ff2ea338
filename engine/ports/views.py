"""Where projections keep their rows and their position."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any, Protocol

from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from projections.projection import Projection, RowKey


class ReadableViews(Protocol):
    """Rows and positions as they stand; nothing is written by asking."""

    def position(self, projection: Projection) -> int:
        """How far the rows have come, 0 for none or for rows of another version."""
        ...

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]: ...

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        """Rows whose key begins with ``prefix`` and whose columns equal these, by key."""
        ...

    def page(
        self,
        projection: Projection,
        prefix: RowKey,
        after: RowKey | None,
        limit: int,
        **equal: str | bool,
    ) -> Sequence[Any]:
        """Up to ``limit`` of the ``rows``, those whose key is greater than ``after``."""
        ...

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int: ...

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        """How many rows, whose key begins with ``prefix``, have each values of these columns."""
        ...

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        """How each of these stands, read together."""
        ...

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        """Who leads them now; without those that nobody leads."""
        ...


def page_of(
    projection: Projection, rows: Sequence[Any], after: RowKey | None, limit: int
) -> Sequence[Any]:
    """``page`` of rows that are at hand, in order of key."""
    length = projection.key_length
    first = bisect_right(rows, after, key=lambda row: row[:length]) if after is not None else 0
    return rows[first : first + limit]


class RowsInMemory(ABC):
    """The answers that follow from ``rows`` where all of those are at hand."""

    @abstractmethod
    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]: ...

    def page(
        self,
        projection: Projection,
        prefix: RowKey,
        after: RowKey | None,
        limit: int,
        **equal: str | bool,
    ) -> Sequence[Any]:
        return page_of(projection, self.rows(projection, *prefix, **equal), after, limit)

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        return len(self.rows(projection, *prefix, **equal))

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        values = attrgetter(*columns, "__class__")
        return Counter(values(row)[:-1] for row in self.rows(projection, *prefix))


class Views(ReadableViews, Protocol):
    """For whoever keeps the views, or decides what becomes of one that is stopped."""

    def reset(self, projection: Projection) -> None:
        """Empty the view and start again at 0, not stopped; other versions' positions go too."""
        ...

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        since: Mapping[Projection, int],
        position: int,
    ) -> None:
        """Write the rows and the position of all these projections in one transaction.

        ``since`` is the position from which each was folded. Raises ``StaleView`` when one stands
        elsewhere by now: somebody else folded or emptied it meanwhile.
        """
        ...

    def stop(self, projection: Projection, stop: Stop) -> None:
        """Record that the view cannot take the event at that position.

        Raises ``StaleView`` when somebody had it go on or skip the event meanwhile.
        """
        ...

    def retry(self, projection: Projection) -> None:
        """Clear the stop, so that the event is tried again."""
        ...

    def skip(self, projection: Projection, skip: Skip) -> None:
        """Record for ever that the view passes over the event at which it is stopped, and go on.

        Raises ``NotStoppedThere`` when that is not where it is stopped.
        """
        ...


class StoredViews(Views, Protocol):
    """A store's, for whoever compares what stands in it with the log."""

    def names(self) -> frozenset[str]:
        """Under which there are rows, and ``name/version`` for each position that is kept.

        Of other versions, other programs and rebuilds too.
        """
        ...

    def of_one_moment(self, projections: Sequence[Projection]) -> AbstractContextManager[None]:
        """In the block, what this thread reads of a read-only store is of one moment, and none of
        these views is replaced."""
        ...

    def stored(self, projection: Projection) -> Iterator[tuple[RowKey, Any]]:
        """Every row after its key, in no order, wherever the view stands.

        None for one that is not as this program writes rows.
        """
        ...
