"""What proving needs from outside: secrets of workspaces, and a place for tiles."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from engine.proof.merkle import Node
from engine.proof.tiles import Tile


class WorkspaceSecrets(Protocol):
    """32 random octets for each workspace, drawn once and never changed: every proof needs them."""

    def of(self, workspace: str) -> bytes:
        """Drawn now, if there is none."""
        ...

    def known(self, workspace: str) -> bytes:
        """Raises ``SecretMissing``."""
        ...


class Tiles(Protocol):
    """Where a tree is kept. Raises ``ProofError`` for what is not there or cannot be read."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep others from writing until the end of the block. Raises ``ProofError`` where somebody
        else does."""
        ...

    def checkpoint(self) -> str | None:
        """The signed note that was published last."""
        ...

    def read(self, tile: Tile) -> Sequence[bytes]: ...

    def write(self, tile: Tile, hashes: Sequence[bytes]) -> None: ...

    def publish(self, note: str) -> None:
        """After every tile of its tree is on the disk; then the note is, too."""
        ...


class Cosigners(Protocol):
    """Witnesses, who see that the log only grows."""

    def cosigned(self, note: str, node: Node) -> str:
        """The note, with what those say who have not cosigned it yet and answer in time.

        ``node``: of the note's tree.
        """
        ...
