"""Searches of the log that a user has saved under a name."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class SavedFilter(NamedTuple):
    owner: str
    name: str
    query: str
    """The query as it is in the address of the page."""


class SavedFilters(Protocol):
    def save(self, saved: SavedFilter) -> None:
        """Save the filter, in place of one that the owner saved under the same name."""
        ...

    def of(self, owner: str) -> Sequence[SavedFilter]:
        """The owner's filters, sorted by name."""
        ...

    def remove(self, owner: str, name: str) -> None: ...
