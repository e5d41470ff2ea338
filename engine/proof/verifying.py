"""Is it the history that was signed? The whole log is checked against a checkpoint, offline or in
the store."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engine.ports.log import Log
from engine.proof.errors import ProofError, TilesDiffer
from engine.proof.merkle import root
from engine.proof.notes import Checkpoint
from engine.proof.ports import Tiles
from engine.proof.sequencing import Commitments
from engine.proof.tiles import WIDTH, Edge, Tile, nodes

Progress = Callable[[int], None]


class Difference(NamedTuple):
    """A difference between a log and what was signed."""

    entry: int | None
    """The first entry that differs; None if it is not known which."""
    found: str


def verified(
    commitments: Commitments,
    end: int,
    checkpoint: Checkpoint,
    tiles: Tiles | None,
    progress: Progress = lambda _entries: None,
) -> Difference | None:
    """None if a log of ``end`` entries, and the ``tiles``, begin with exactly what was signed.

    With the checkpoint's tiles, the first entry that differs is known.
    """
    if end < checkpoint.size:
        return Difference(end, f"the log ends after {end:,} of {checkpoint.size:,} entries")
    known = _signed_entries(checkpoint, tiles)
    entries = commitments.between(0, checkpoint.size)
    if known is not None:
        first = _first_other(entries, checkpoint.size, known, progress)
        if first is not None:
            return Difference(first, f"entry {first:,} is not the one that was signed")
    elif not _leads_to(checkpoint, entries, progress):
        return Difference(None, "some entry is not the one that was signed")
    return _beside(commitments, is_whole=tiles is None or known is not None)


def _first_other(
    entries: Iterable[bytes], size: int, known: Callable[[int], bytes], progress: Progress
) -> int | None:
    """The first entry that is missing or not as ``known``; None if all are."""
    number = -1
    for number, entry in enumerate(entries):
        if known(number) != entry:
            return number
        if not number % WIDTH:
            progress(number)
    return None if number + 1 == size else number + 1


def _leads_to(checkpoint: Checkpoint, entries: Iterable[bytes], progress: Progress) -> bool:
    edge = _empty()
    for entry in entries:
        if edge.add(entry):
            progress(edge.size)
    return edge.size == checkpoint.size and edge.root == checkpoint.root


class Later(NamedTuple):
    """A generation that began after the one of a checkpoint."""

    number: int
    first_entry: int
    named: Checkpoint | None
    """The checkpoint that its first entry names: the last one of the generation before."""


def later_than(log: Log, generation: int) -> Later | None:
    """The generation that followed; None for the store's present generation."""
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
    """None if the log is as signed up to the later generation, and the first entry of that names
    the ``noted`` checkpoint or one that grew from it. Raises ``ProofError``.

    ``tiles``: those of the generation before, some of whose signed entries the store has lost.
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
    """What is wrong although every entry is right."""
    if commitments.surplus():
        return Difference(None, "beside what was signed the store holds rows that are no entries")
    if not is_whole:
        return Difference(None, "the store is as it was signed, but the folder's tiles are not")
    return None


def _signed_entries(checkpoint: Checkpoint, tiles: Tiles | None) -> Callable[[int], bytes] | None:
    """The entries from the tiles; None unless the tiles lead to the checkpoint's root, as otherwise
    they prove nothing."""
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
    """Check that the entries and every tile above them lead to the signed root. Raises
    ``ProofError``."""
    edge, size = _empty(), checkpoint.size
    for number in range((size + WIDTH - 1) // WIDTH):
        width = min(size - number * WIDTH, WIDTH)
        for entry in tiles.read(Tile(None, number, width)):
            for tile, made in edge.add(entry):
                _require_as_made(tiles, tile, made, edge.size)
        progress(edge.size)
    for tile, made in edge.partial():
        _require_as_made(tiles, tile, made, size)
    if edge.root != checkpoint.root:
        raise TilesDiffer(entry=size - 1)


def _require_as_made(tiles: Tiles, tile: Tile, made: Sequence[bytes], size: int) -> None:
    """Check that the stored tile is the one made from the entries. On the lowest level, the error
    names the entry that differs."""
    found = tiles.read(tile)
    for place, (one, other) in enumerate(zip(found, made, strict=True)):
        if one != other:
            number = tile.number * WIDTH + place
            raise TilesDiffer(entry=size - 1 if tile.level else number)


def _empty() -> Edge:
    return Edge(0, lambda _tile: ())
