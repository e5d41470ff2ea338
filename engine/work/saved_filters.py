"""Views of the log that a person keeps under a name."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class SavedFilter(NamedTuple):
    owner: str
    name: str
    query: str
    """As it stands in the address of the page."""


class SavedFilters(Protocol):
    def save(self, saved: SavedFilter) -> None:
        """In place of what the owner kept under that name."""
        ...

    def of(self, owner: str) -> Sequence[SavedFilter]:
        """By name."""
        ...

    def remove(self, owner: str, name: str) -> None: ...
