"""RFC 6962: roots and proofs, against a naive tree and the vectors of Certificate Transparency."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.merkle import (
    EMPTY,
    Node,
    NotProved,
    consistency,
    grown,
    inclusion,
    leaf_hash,
    node_hash,
    require_consistent,
    root,
    root_by_inclusion,
)

VECTORS = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of Certificate Transparency's reference implementation, for the first so many."""
sizes = st.integers(1, 70)


def naive(entries: Sequence[bytes]) -> bytes:
    if len(entries) < 2:
        return leaf_hash(entries[0]) if entries else sha256().digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return node_hash(naive(entries[:split]), naive(entries[split:]))


def entries(size: int) -> list[bytes]:
    return [each.to_bytes(2, "big") for each in range(size)]


def tree(made_of: Sequence[bytes]) -> Node:
    nodes: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    for size, entry in enumerate(made_of):
        nodes |= {(level, at): hash_ for level, at, hash_ in grown(size, leaf_hash(entry), node)}
    return node


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    made_of = [bytes.fromhex(each) for each in VECTORS[:size]]
    assert root(size, tree(made_of)).hex() == ROOTS[size]


def test_a_tree_of_nothing_has_the_root_of_nothing() -> None:
    assert root(0, tree([])) == EMPTY == naive([])


@given(sizes, st.data())
def test_an_entry_is_proved_and_no_other_in_its_place(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    made_of = entries(size)
    node = tree(made_of)
    proof, expected = inclusion(index, size, node), naive(made_of)

    assert root(size, node) == expected
    assert root_by_inclusion(index, size, leaf_hash(made_of[index]), proof) == expected
    assert _leads_to(index, size, b"another", proof) != expected
    for place in range(len(proof)):
        other = [*proof[:place], b"x" * 32, *proof[place + 1 :]]
        assert _leads_to(index, size, made_of[index], other) != expected
    assert _leads_to(index, size, made_of[index], [*proof, b"x" * 32]) is None
    assert _leads_to(size, size, made_of[index], proof) is None


def _leads_to(index: int, size: int, entry: bytes, proof: Sequence[bytes]) -> bytes | None:
    try:
        return root_by_inclusion(index, size, leaf_hash(entry), proof)
    except NotProved:
        return None


@given(sizes, st.data())
def test_a_tree_that_grew_is_proved_to_begin_with_the_old_one(
    size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(0, size))
    made_of = entries(size)
    node = tree(made_of)
    proof, before, now = consistency(old, size, node), naive(made_of[:old]), naive(made_of)

    require_consistent(old, before, size, now, proof)
    wrong = [(b"x" * 32, now, proof), (before, now, [*proof, before])]
    if 0 < old < size:
        wrong += [(before, b"x" * 32, proof), (before, now, proof[:-1])]
    for first, second, told in wrong:
        with pytest.raises(NotProved):
            require_consistent(old, first, size, second, told)
