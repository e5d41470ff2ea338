"""The shape of every projection."""

from collections.abc import Callable
from typing import Any, NamedTuple

from events.base import Event
from events.recorded import Recorded

RowKey = tuple[str, ...]


class Projection(NamedTuple):
    """One view: rows by key, folded from the facts it watches.

    ``row`` is a NamedTuple class whose first ``key_length`` fields are the key. ``key`` answers the
    row a fact concerns; ``evolve`` the row after it (``None`` comes in for a row that is not there
    yet). Raise ``version`` when either changes meaning: the view is then rebuilt from the log.
    """

    name: str
    version: int
    row: type[Any]
    key_length: int
    watches: frozenset[type[Event]]
    key: Callable[[Recorded], RowKey]
    evolve: Callable[[Any, Recorded], Any]
    appends: bool = False
    """Each fact has a row of its own, and ``key`` answers all of it: nothing is looked up first."""
    share_by: str | None = None
    """A field of text that every watched fact has and that is part of the key by the same name.
    Facts that differ in it concern different rows, so a rebuild may fold them in two processes."""

    indexed: tuple[str, ...] = ()
    """Fields by which few rows are looked for among many; stores may keep an index of each."""

    def __hash__(self) -> int:
        return hash(self.tracking_name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projection) and self.tracking_name == other.tracking_name

    @property
    def tracking_name(self) -> str:
        """The name under which the view's position is kept; another version is another name."""
        return f"{self.name}/{self.version}"
