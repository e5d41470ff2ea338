"""A witness: what is known outside a store about how far its log went (M6)."""

from typing import NamedTuple, Protocol


class Noted(NamedTuple):
    """An event that the store is known to have recorded."""

    position: int
    event_id: str


class SignedLog(Protocol):
    """The checkpoint that was signed last; it is not restored with a backup of the store."""

    def lacking(self) -> str | None:
        """Why the store is not what was signed, as the end of a sentence; None if it is, or if it
        cannot be determined."""
        ...

    def named(self) -> str | None:
        """The checkpoint, in the form in which a generation's first entry names it."""
        ...

    def generation(self) -> int:
        """The store's generation to which the checkpoint belongs; 0 if there is none of it."""
        ...


class Witness(Protocol):
    """The witness of one store. Raises ``OSError`` if it cannot be read or written."""

    def read(self) -> Noted | None:
        """What is noted; None if nothing ever was."""
        ...

    def note(self, noted: Noted) -> Noted:
        """Note it permanently, unless something later is noted; return what is noted then."""
        ...

    def begin_anew(self, noted: Noted) -> None:
        """Note this, whatever was noted before: the store was reconciled."""
        ...

    def draw_generation(self, above: int) -> int:
        """The number for a new generation: higher than that, and than any that was drawn before."""
        ...
