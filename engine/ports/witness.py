"""A witness: what is known outside a store of how far its log went (M6)."""

from typing import NamedTuple, Protocol


class Noted(NamedTuple):
    """An event that the store is known to have recorded."""

    position: int
    event_id: str


class SignedLog(Protocol):
    """The checkpoint that was signed last, which no backup of the store brings back."""

    def lacking(self) -> str | None:
        """Why the store is not what was signed, as the end of a sentence; None where it is, and
        where nothing can be told of it."""
        ...

    def named(self) -> str | None:
        """The checkpoint, as a generation's first entry names it."""
        ...


class Witness(Protocol):
    """Of one store. All of it raises ``OSError`` where it cannot be read or written."""

    def read(self) -> Noted | None:
        """None where nothing was ever noted."""
        ...

    def note(self, noted: Noted) -> Noted:
        """Keep it for good, unless something later is kept; answers what is kept then."""
        ...

    def begin_anew(self, noted: Noted) -> None:
        """Keep this, whatever was kept: the store was reconciled."""
        ...
