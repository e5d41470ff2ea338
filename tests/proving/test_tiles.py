"""Tiles: named as C2SP has them; a tree that grows by any steps is the one that grew at once."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.proof.merkle import inclusion, leaf_hash, root, root_by_inclusion
from engine.proof.tiles import Edge, Tile, bundle, in_bundle, in_tile, nodes
from tests.proving.test_merkle import naive

ENTRIES = [sha256(each.to_bytes(4, "big")).digest() for each in range(1_100)]


class Kept(dict[Tile, Sequence[bytes]]):
    """Tiles in memory."""

    def read(self, tile: Tile) -> Sequence[bytes]:
        return self[tile]

    def grow(self, old: int, size: int) -> Edge:
        edge = Edge(old, self.read)
        for entry in ENTRIES[old:size]:
            self.update({tile: [*hashes] for tile, hashes in edge.add(entry)})
        self.update({tile: [*hashes] for tile, hashes in edge.partial()})
        return edge


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 1_234_067), "tile/1/x001/x234/067"),
        (Tile(0, 5, 12), "tile/0/005.p/12"),
        (Tile(None, 1_000), "tile/entries/x001/000"),
        (Tile(63, 7, 255), "tile/63/007.p/255"),
    ],
)
def test_tiles_are_where_c2sp_has_them(tile: Tile, path: str) -> None:
    assert (tile.path, Tile.of(path)) == (path, tile)


NUMBERS = st.integers(0, 2**60), st.integers(1, 256)
TILES = st.builds(Tile, st.none() | st.integers(0, 63), *NUMBERS)


@given(TILES)
def test_a_path_leads_back_to_its_tile(tile: Tile) -> None:
    assert Tile.of(tile.path) == tile


@given(TILES, st.data())
def test_a_path_that_is_no_tiles_own_leads_to_none(tile: Tile, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(tile.path)))
    put = data.draw(st.sampled_from(["/", "..", ".", "0", "x", "x000/", "٣", "%2f", "\n", ".p/0"]))
    changed = f"{tile.path[:place]}{put}{tile.path[place:]}"
    found = Tile.of(changed)
    assert found is None or found.path == changed


@given(TILES, st.integers(0, 2**70))
def test_a_tile_is_within_a_tree_that_has_every_entry_below_it(tile: Tile, size: int) -> None:
    last = (tile.number * 256 + tile.width) << 8 * (tile.level or 0)
    assert tile.is_within(size) is (last <= size)


def test_a_bundle_holds_each_entry_after_its_length() -> None:
    told = bundle(ENTRIES[:3])
    assert told[:2] == b"\x00\x20"
    assert in_bundle(told) == ENTRIES[:3]
    assert in_tile(b"".join(ENTRIES[:3])) == ENTRIES[:3]


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(ENTRIES)), max_size=6).map(sorted), st.data())
def test_growth_by_steps_is_growth_at_once(steps: list[int], data: st.DataObject) -> None:
    kept, once = Kept(), Kept()
    edge = Edge(0, kept.read)
    for old, size in pairwise([0, *steps]):
        edge = kept.grow(old, size)
    at_once = once.grow(0, edge.size)

    assert edge.root == at_once.root == naive(ENTRIES[: edge.size])
    assert once.items() <= kept.items()
    if edge.size:
        index = data.draw(st.integers(0, edge.size - 1))
        node = nodes(edge.size, kept.read)
        proof = inclusion(index, edge.size, node)
        assert root(edge.size, node) == edge.root
        found = root_by_inclusion(index, edge.size, leaf_hash(ENTRIES[index]), proof)
        assert found == edge.root


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 513])
def test_the_edges_of_tiles(size: int) -> None:
    kept = Kept()
    assert kept.grow(0, size).root == naive(ENTRIES[:size])
    again = Edge(size, kept.read)
    assert again.root == naive(ENTRIES[:size])
    assert (Tile(1, 0, size // 256) in kept) == (size >= 256)
