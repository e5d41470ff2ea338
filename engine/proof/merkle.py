"""The Merkle tree of RFC 6962: roots, and proofs that an entry is in it and that it only grew.

Nodes are named by level and index: level 0 holds the leaves' hashes, and the node (L, i) is above
the leaves from i·2^L up to (i+1)·2^L. Only nodes of full subtrees are stored; those above a subtree
whose size is not a power of two are hashed from them.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""The hash of the full subtree of that level and index."""

EMPTY = sha256().digest()


class NotProved(Exception):
    """The proof does not lead to the root."""


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(size: int, leaf: bytes, node: Node) -> Iterator[tuple[int, int, bytes]]:
    """The nodes that become full when a leaf's hash is added to a tree of ``size``, bottom up."""
    level, index, found = 0, size, leaf
    yield level, index, found
    while index & 1:
        found = node_hash(node(level, index - 1), found)
        level, index = level + 1, index >> 1
        yield level, index, found


def root(size: int, node: Node) -> bytes:
    """The root of the tree of the first ``size`` entries."""
    return _hash(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that the entry is in the tree of that size, bottom up (RFC 6962, 2.1.1)."""
    return _path(index, 0, size, node)


def consistency(old: int, size: int, node: Node) -> list[bytes]:
    """The proof that the tree of ``size`` begins with that of ``old`` (RFC 6962, 2.1.2)."""
    return _grown_from(old, 0, size, node, is_whole=True) if 0 < old < size else []


def root_by_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root to which the proof leads. Raises ``NotProved`` for a proof of the wrong length."""
    if not 0 <= index < size:
        raise NotProved
    found, last, rest = leaf, size - 1, iter(proof)
    while last:
        if index & 1 or index == last:
            found = node_hash(_next(rest), found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, _next(rest))
        index, last = index >> 1, last >> 1
    _require_end(rest)
    return found


def require_consistent(
    old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raises ``NotProved`` unless the tree of ``size`` begins with that of ``old`` (RFC 9162)."""
    if old in {0, size}:
        proved = not proof and (old_root == new_root if old else old_root == EMPTY)
        if not proved:
            raise NotProved
        return
    if not 0 < old < size:
        raise NotProved
    index, last = old - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    rest = iter(proof)
    first = second = _next(rest) if index else old_root
    while last:
        if index & 1 or index == last:
            hash_ = _next(rest)
            first, second = node_hash(hash_, first), node_hash(hash_, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node_hash(second, _next(rest))
        index, last = index >> 1, last >> 1
    _require_end(rest)
    if (first, second) != (old_root, new_root):
        raise NotProved


def _hash(begin: int, end: int, node: Node) -> bytes:
    """The hash above the leaves from ``begin`` up to ``end``; a subtree must begin at ``begin``."""
    width = end - begin
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _split(width)
    return node_hash(_hash(begin, middle, node), _hash(middle, end, node))


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def _path(index: int, begin: int, end: int, node: Node) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, node), _hash(middle, end, node)]
    return [*_path(index, middle, end, node), _hash(begin, middle, node)]


def _grown_from(old: int, begin: int, end: int, node: Node, *, is_whole: bool) -> list[bytes]:
    if old == end:
        return [] if is_whole else [_hash(begin, end, node)]
    middle = begin + _split(end - begin)
    if old <= middle:
        inner = _grown_from(old, begin, middle, node, is_whole=is_whole)
        return [*inner, _hash(middle, end, node)]
    inner = _grown_from(old, middle, end, node, is_whole=False)
    return [*inner, _hash(begin, middle, node)]


def _next(rest: Iterator[bytes]) -> bytes:
    try:
        return next(rest)
    except StopIteration:
        raise NotProved from None


def _require_end(rest: Iterator[bytes]) -> None:
    if next(rest, None) is not None:
        raise NotProved
