"""Tiles of C2SP's tlog-tiles: the tree's nodes and entries in files of 256, which only grow."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.proof.merkle import EMPTY, Node, leaf_hash, node_hash

WIDTH, HEIGHT = 256, 8
"""The hashes in a full tile, and the levels of the tree between two levels of tiles."""
OCTETS = 32
"""The length of a hash, and of an entry of ours."""
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)
_BUNDLED = OCTETS.to_bytes(2, "big")


class Tile(NamedTuple):
    level: int | None
    """None for a bundle of entries."""
    number: int
    width: int = WIDTH
    """The number of hashes; fewer than ``WIDTH`` at the right edge of the tree."""

    @property
    def path(self) -> str:
        """The path, like ``tile/0/x001/x234/067``, or with 5 hashes
        ``tile/0/x001/x234/067.p/5``."""
        groups, rest = [f"{self.number % 1_000:03}"], self.number // 1_000
        while rest:
            groups.insert(0, f"x{rest % 1_000:03}")
            rest //= 1_000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @classmethod
    def of(cls, path: str) -> "Tile | None":
        """The tile with exactly that path; None for any other text."""
        if (found := _PATH.fullmatch(path)) is None:
            return None
        level, groups, width = found.groups(default=str(WIDTH))
        number = int(re.sub("[x/]", "", groups))
        made = cls(None if level == "entries" else int(level), number, int(width))
        return made if made.path == path and 0 < made.width <= WIDTH else None

    def is_within(self, size: int) -> bool:
        """Whether all its hashes are above the first ``size`` entries."""
        return self.number * WIDTH + self.width <= size >> HEIGHT * (self.level or 0)


Reads = Callable[[Tile], Sequence[bytes]]
"""Reads the hashes of a tile, or the entries of a bundle. Raises an error if they are missing."""


def bundle(entries: Sequence[bytes]) -> bytes:
    """The entries as a file, each preceded by its length."""
    return b"".join(_BUNDLED + each for each in entries)


def in_bundle(octets: bytes) -> list[bytes]:
    step = len(_BUNDLED) + OCTETS
    return [octets[at + len(_BUNDLED) : at + step] for at in range(0, len(octets), step)]


def in_tile(octets: bytes) -> list[bytes]:
    return [octets[at : at + OCTETS] for at in range(0, len(octets), OCTETS)]


class Edge:
    """The right edge of a growing tree: the contents of its partial tiles, the lowest first."""

    def __init__(self, size: int, reads: Reads) -> None:
        self.size = size
        self.entries = _last(None, size, reads)
        self.levels = [_last(0, size, reads)]
        while size >> HEIGHT * len(self.levels):
            self.levels.append(_last(len(self.levels), size, reads))

    def add(self, entry: bytes) -> Sequence[tuple[Tile, Sequence[bytes]]]:
        """Add an entry; return the tiles that it filled."""
        self.size += 1
        self.entries.append(entry)
        self.levels[0].append(leaf_hash(entry))
        return self._full() if len(self.entries) == WIDTH else ()

    def _full(self) -> list[tuple[Tile, Sequence[bytes]]]:
        level, number = 0, self.size // WIDTH - 1
        full: list[tuple[Tile, Sequence[bytes]]] = [(Tile(None, number), self.entries)]
        self.entries = []
        while len(hashes := self.levels[level]) == WIDTH:
            full.append((Tile(level, number), hashes))
            self.levels[level] = []
            level, number = level + 1, number // WIDTH
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(folded(hashes))
        return full

    def partial(self) -> Iterator[tuple[Tile, Sequence[bytes]]]:
        """The tiles of the edge, as they are now."""
        rows: list[tuple[int | None, list[bytes]]] = [(None, self.entries), *enumerate(self.levels)]
        for level, hashes in rows:
            if hashes:
                number = self.size >> HEIGHT * ((level or 0) + 1)
                yield Tile(level, number, len(hashes)), hashes

    @property
    def root(self) -> bytes:
        peaks = [peak for hashes in reversed(self.levels) for peak in _peaks(hashes)]
        if not peaks:
            return EMPTY
        found = peaks.pop()
        while peaks:
            found = node_hash(peaks.pop(), found)
        return found


def nodes(size: int, reads: Reads) -> Node:
    """The nodes of the tree of that size, from its tiles."""

    def node(level: int, index: int) -> bytes:
        row, rest = divmod(level, HEIGHT)
        number, begin = divmod(index << rest, WIDTH)
        width = min((size >> HEIGHT * row) - number * WIDTH, WIDTH)
        return folded(reads(Tile(row, number, width))[begin : begin + (1 << rest)])

    return node


def folded(hashes: Sequence[bytes]) -> bytes:
    """The hash above a full subtree."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]


def _peaks(hashes: Sequence[bytes]) -> Iterator[bytes]:
    """The hashes of the largest full subtrees, from the left."""
    begin = 0
    for bit in range(HEIGHT, -1, -1):
        if len(hashes) & 1 << bit:
            yield folded(hashes[begin : begin + (1 << bit)])
            begin += 1 << bit


def _last(level: int | None, size: int, reads: Reads) -> list[bytes]:
    """The hashes of the partial tile on that level; empty if the last tile is full."""
    number, width = divmod(size >> HEIGHT * (level or 0), WIDTH)
    return [*reads(Tile(level, number, width))] if width else []
