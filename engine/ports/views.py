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

Changes = Mapping[Projection, Mapping[RowKey, Any]]
"""New rows, by view and by key."""
Since = Mapping[Projection, int]
"""The position from which each view was folded."""


class ReadableViews(Protocol):
    """Rows and positions as they are; reading them writes nothing."""

    def position(self, projection: Projection) -> int:
        """The position of the rows; 0 if there are none, or they are of another version."""
        ...

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        """The rows of these keys that are there, by key. A key may come more than once."""
        ...

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        """Rows whose key begins with ``prefix`` and whose columns have these values, in order of
        key."""
        ...

    def page(
        self,
        projection: Projection,
        prefix: RowKey,
        after: RowKey | None,
        limit: int,
        **equal: str | bool,
    ) -> Sequence[Any]:
        """Up to ``limit`` of the ``rows`` whose key is greater than ``after``."""
        ...

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int: ...

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        """The number of rows for each combination of values of these columns, among those whose key
        begins with ``prefix``."""
        ...

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        """The status of each of these, all read at once."""
        ...

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        """The processes that lead them now; views without a leader are left out."""
        ...


def page_of(
    projection: Projection, rows: Sequence[Any], after: RowKey | None, limit: int
) -> Sequence[Any]:
    """The ``page`` of the given rows, which are in order of key."""
    length = projection.key_length
    first = bisect_right(rows, after, key=lambda row: row[:length]) if after is not None else 0
    return rows[first : first + limit]


class RowsInMemory(ABC):
    """The answers that follow from ``rows``, if all rows are in memory."""

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
    """Views, for keeping them and for deciding what becomes of a stopped one."""

    def reset(self, projection: Projection) -> None:
        """Empty the view and start again at 0, not stopped; the positions of other versions are
        removed, too."""
        ...

    def save(self, changes: Changes, since: Since, position: int) -> None:
        """Write the rows and the position of all these projections in one transaction.

        Raises ``StaleView`` if a view is not at ``since`` now: somebody else folded or emptied it
        meanwhile.
        """
        ...

    def stop(self, projection: Projection, stop: Stop) -> None:
        """Record that the view cannot process the event at that position.

        Raises ``StaleView`` if somebody has had it continue or skip the event meanwhile.
        """
        ...

    def retry(self, projection: Projection) -> None:
        """Clear the stop, so that the event is tried again."""
        ...

    def skip(self, projection: Projection, skip: Skip) -> None:
        """Record for ever that the view skips the event at which it is stopped, and let it
        continue.

        Raises ``NotStoppedThere`` if it is not stopped there.
        """
        ...


class StoredViews(Views, Protocol):
    """A store's views, for comparing them with the log."""

    def names(self) -> frozenset[str]:
        """The names under which rows are stored, and ``name/version`` for each stored position.

        Those of other versions, other programs and rebuilds are included.
        """
        ...

    def of_one_moment(self, projections: Sequence[Projection]) -> AbstractContextManager[None]:
        """Within the block, what this thread reads of a read-only store is of one moment, and none
        of these views is replaced."""
        ...

    def stored(self, projection: Projection) -> Iterator[tuple[RowKey, Any]]:
        """Every key with its row, in no order, whatever the view's position.

        The row is None if it is not in the form that this program writes.
        """
        ...
