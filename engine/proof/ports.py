"""What proving needs from outside: a place for tiles, and witnesses."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from engine.proof.merkle import Node
from engine.proof.tiles import Tile


class Tiles(Protocol):
    """Where a tree is stored. Raises ``ProofError`` for what is missing or cannot be read."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep others from writing until the end of the block. Raises ``ProofError`` if another
        process writes."""
        ...

    def checkpoint(self) -> str | None:
        """The last signed note that was published."""
        ...

    def read(self, tile: Tile) -> Sequence[bytes]: ...

    def write(self, tile: Tile, hashes: Sequence[bytes]) -> None: ...

    def publish(self, note: str) -> None:
        """Publish the note, once every tile of its tree is on the disk; afterwards the note is,
        too."""
        ...


class Cosigners(Protocol):
    """The witnesses, which check that the log only grows."""

    def cosigned(self, note: str, node: Node) -> str:
        """The note, with the cosignatures of witnesses that had not cosigned it yet and answered in
        time.

        ``node``: the nodes of the note's tree.
        """
        ...
