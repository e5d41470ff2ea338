"""Is it the history that was signed? All of it against a checkpoint, offline or at the store."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.ports.log import Log
from engine.proof.errors import ProofError, TilesDiffer
from engine.proof.merkle import leaf_hash, root
from engine.proof.notes import Checkpoint
from engine.proof.ports import Tiles
from engine.proof.sequencing import Commitments
from engine.proof.tiles import WIDTH, Edge, Tile, nodes

Progress = Callable[[int], None]


class Difference(NamedTuple):
    """Between a log and what was signed."""

    entry: int | None
    """The first that differs; None where nothing tells which."""
    found: str


def verified(
    commitments: Commitments,
    end: int,
    checkpoint: Checkpoint,
    tiles: Tiles | None,
    progress: Progress = lambda _entries: None,
) -> Difference | None:
    """None where a log of ``end`` entries, and the ``tiles``, begin with exactly what was signed.

    With the tiles of the checkpoint it is known which entry differs first.
    """
    if end < checkpoint.size:
        return Difference(end, f"the log ends after {end:,} of {checkpoint.size:,} entries")
    edge, first = _empty(), None
    known = _signed_entries(checkpoint, tiles)
    for entry in commitments.between(0, checkpoint.size):
        number = edge.size
        for tile, _ in edge.add(entry):
            if tile.level is None:
                progress(edge.size)
        if first is None and known is not None and known(number) != entry:
            first = number
    if edge.size == checkpoint.size and edge.root == checkpoint.root:
        return _beside(commitments, is_whole=tiles is None or known is not None)
    if first is not None:
        return Difference(first, f"entry {first:,} is not the one that was signed")
    return Difference(None, "some entry is not the one that was signed")


class Later(NamedTuple):
    """A generation that began after the one of a checkpoint."""

    number: int
    first_entry: int
    named: Checkpoint | None
    """By its first entry: the last of the generation before."""


def later_than(log: Log, generation: int) -> Later | None:
    """What began after that generation of the store; None for the present one."""
    for each in log.generations():
        if each.number == generation + 1:
            first = log.entries(each.first_entry - 1, 1)
            named = first[0].named if first else None
            return Later(each.number, each.first_entry, _parsed(named) if named else None)
    return None


def _parsed(named: str) -> Checkpoint:
    origin, size, root_ = named.rsplit(":", 2)
    return Checkpoint(origin, int(size), bytes.fromhex(root_))


def followed(
    commitments: Commitments, noted: Checkpoint, tiles: Tiles | None, later: Later
) -> Difference | None:
    """None where the log is as signed up to the later generation, whose first entry names the
    ``noted`` checkpoint or one that goes on from it. Raises ``ProofError``.

    ``tiles``: of the generation before, some of whose signed entries the store lost.
    """
    begins = f"generation {later.number} begins with entry {later.first_entry:,}"
    if later.named is None or later.named.origin != noted.origin:
        return Difference(later.first_entry, f"{begins}, and names no checkpoint of that log")
    if later.named.size < noted.size:
        return Difference(later.first_entry, f"{begins}, and names an older checkpoint")
    if tiles is None:
        told = "what it lost before can be verified only with the folder of that log"
        return Difference(later.first_entry, f"{begins}, and {told}")
    require_whole(tiles, later.named)
    if root(noted.size, nodes(later.named.size, tiles.read)) != noted.root:
        raise TilesDiffer(entry=noted.size - 1)
    was = _Bundles(tiles, later.named.size)
    for number, entry in enumerate(commitments.between(0, later.first_entry)):
        if entry != was.entry(number):
            return Difference(number, f"entry {number:,} is not the one that was signed")
    return None


def _beside(commitments: Commitments, *, is_whole: bool) -> Difference | None:
    """What is wrong where every entry is right."""
    if commitments.surplus():
        return Difference(None, "beside what was signed the store holds rows that are no entries")
    if not is_whole:
        return Difference(None, "the store is as it was signed, but the folder's tiles are not")
    return None


def _signed_entries(checkpoint: Checkpoint, tiles: Tiles | None) -> Callable[[int], bytes] | None:
    """None without tiles that lead to the checkpoint's root: they prove nothing."""
    if tiles is None:
        return None
    try:
        require_whole(tiles, checkpoint)
    except ProofError:
        return None
    reads = _Bundles(tiles, checkpoint.size)
    return reads.entry


class _Bundles:
    def __init__(self, tiles: Tiles, size: int) -> None:
        self._tiles, self._size = tiles, size
        self._number = -1
        self._entries: Sequence[bytes] = ()

    def entry(self, number: int) -> bytes:
        bundle, place = divmod(number, WIDTH)
        if bundle != self._number:
            width = min(self._size - bundle * WIDTH, WIDTH)
            self._number, self._entries = bundle, self._tiles.read(Tile(None, bundle, width))
        return self._entries[place]


def require_whole(
    tiles: Tiles, checkpoint: Checkpoint, progress: Progress = lambda _entries: None
) -> None:
    """The entries and every tile above them lead to the signed root. Raises ``ProofError``."""
    edge, size = _empty(), checkpoint.size
    for number in range((size + WIDTH - 1) // WIDTH):
        width = min(size - number * WIDTH, WIDTH)
        entries = tiles.read(Tile(None, number, width))
        hashes = tiles.read(Tile(0, number, width))
        for entry, hash_ in zip(entries, hashes, strict=True):
            if leaf_hash(entry) != hash_:
                raise TilesDiffer(entry=edge.size)
            for tile, made in edge.add(entry):
                if tile.level and [*tiles.read(tile)] != [*made]:
                    raise TilesDiffer(entry=edge.size - 1)
        progress(edge.size)
    for tile, made in edge.partial():
        if [*tiles.read(tile)] != [*made]:
            raise TilesDiffer(entry=size - 1)
    if edge.root != checkpoint.root:
        raise TilesDiffer(entry=size - 1)


def _empty() -> Edge:
    return Edge(0, lambda _tile: ())
