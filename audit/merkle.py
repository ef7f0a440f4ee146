"""The Merkle tree of RFC 6962, section 2.1 (the same tree as RFC 9162), as pure functions.

A tree is known by its size and its *edge*: the roots of its complete subtrees, largest first, one for each
bit set in the size. An edge is enough to append and to know the root. Proofs name subtrees as half-open
ranges of leaves; whoever holds the hashes turns a range into a hash (`tiles.py`, `reading.py`).

Left out on purpose: storage, signatures, and any "proof" about the empty tree, which proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from audit.errors import Malformed, VerificationFailed

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

SubtreeReader = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Tree:
    """A tree as its size and right edge (roots of complete subtrees, largest first)."""

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an edge that cannot belong to this size."""
        if self.size < 0 or len(self.edge) != self.size.bit_count():
            raise Malformed("the edge does not fit the size of the tree")

    @cached_property
    def root(self) -> bytes:
        """Root hash of the whole tree; SHA-256 of nothing when it is empty."""
        return fold_edge(self.edge)

    def append(self, leaves: Iterable[bytes]) -> Tree:
        """Return the tree with these leaf hashes added at the right."""
        size, edge = self.size, list(self.edge)
        for leaf in leaves:
            root, level = leaf, size
            while level & 1:
                root = node_hash(edge.pop(), root)
                level >>= 1
            edge.append(root)
            size += 1
        return Tree(size, tuple(edge))


def fold_edge(edge: Sequence[bytes]) -> bytes:
    """Return the root of neighbouring complete subtrees, largest first."""
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Root over hashes that are themselves leaves or roots of equal, complete subtrees."""
    return Tree().append(hashes).root


def complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Cover leaves `[start, end)`, a range that a proof names, by complete subtrees `(level, index)`."""
    cover = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        cover.append((level, start >> level))
        start += 1 << level
    return cover


def _split(size: int) -> int:
    """Return the largest power of two below `size` (size ≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Subtrees whose hashes prove leaf `index` under a tree of `size`, leaf to root (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise Malformed("an inclusion proof needs an index below the size")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Subtrees whose hashes prove the tree of size `old` a prefix of that of `new` (RFC 6962 §2.1.2)."""
    if not 0 < old <= new:
        raise Malformed("a consistency proof needs 0 < old size <= new size")
    ranges: list[tuple[int, int]] = []
    start, end = 0, new
    whole = True  # does `[start, old)` still begin at 0, so that the verifier knows its root?
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(index: int, size: int, read: SubtreeReader) -> list[bytes]:
    """Return the inclusion proof; `read(start, end)` gives the hash of leaves `[start, end)`."""
    return [read(start, end) for start, end in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, read: SubtreeReader) -> list[bytes]:
    """Return the consistency proof; `read(start, end)` gives the hash of leaves `[start, end)`."""
    return [read(start, end) for start, end in consistency_ranges(old, new)]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root this proof leads to (RFC 9162 §2.1.3.2); `VerificationFailed` if its shape is wrong."""
    if not 0 <= index < size:
        raise VerificationFailed("no leaf has this index in a tree of this size")
    _check_hashes(leaf, *proof)
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationFailed("the inclusion proof is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise VerificationFailed("the inclusion proof is too short")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that `leaf` (a leaf hash) stands at `index` under `root`; `VerificationFailed` otherwise."""
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise VerificationFailed("the inclusion proof leads to another root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree (`old`, `old_root`) is a prefix of (`new`, `new_root`) (RFC 9162 §2.1.4.2).

    Nothing is consistent with the empty tree here: size 0 is refused, or anything would be accepted.
    """
    if not 0 < old <= new:
        raise VerificationFailed("consistency is defined for 0 < old size <= new size")
    _check_hashes(old_root, new_root, *proof)
    if old == new:
        if proof or old_root != new_root:
            raise VerificationFailed("equal sizes need equal roots and an empty proof")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise VerificationFailed("the consistency proof is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationFailed("the consistency proof is too long")
        if node & 1 or node == last:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or from_old != old_root or from_new != new_root:
        raise VerificationFailed("the two heads are not consistent")


def _check_hashes(*hashes: bytes) -> None:
    """Refuse anything that is not exactly one hash long."""
    if any(len(hashed) != HASH_SIZE for hashed in hashes):
        raise VerificationFailed("a hash has the wrong length")
