"""The tree against a naive second implementation of RFC 6962 and published vectors; negatives above all."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import Malformed, VerificationFailed
from audit.merkle import (
    EMPTY_ROOT,
    Tree,
    complete_subtrees,
    consistency_proof,
    fold_edge,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)

# The reference entries and roots of Certificate Transparency's own tests (RFC 6962 implementations share them).
ENTRIES = [bytes.fromhex(e) for e in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\1" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1, word for word."""
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*naive_path(m, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_root(entries[:k])]


def naive_subproof(m: int, entries: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, word for word."""
    if m == len(entries):
        return [] if whole else [naive_root(entries)]
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, entries[:k], whole=whole), naive_root(entries[k:])]
    return [*naive_subproof(m - k, entries[k:], whole=False), naive_root(entries[:k])]


def some_entries(size: int) -> list[bytes]:
    """Return distinct entries."""
    return [size.to_bytes(2, "big") + i.to_bytes(2, "big") for i in range(size)]


def test_root__published_vectors__agree() -> None:
    """The eight roots that Certificate Transparency publishes."""
    for size in range(1, 9):
        assert Tree().append(map(leaf_hash, ENTRIES[:size])).root.hex() == ROOTS[size - 1]


def test_root__of_nothing__is_the_hash_of_nothing() -> None:
    """The empty tree has a root, but proves nothing."""
    assert Tree().root == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 20), 31, 32, 33, 63, 64, 65])
def test_tree__every_proof__agrees_with_the_naive_implementation(size: int) -> None:
    """Roots, inclusion and consistency proofs of all positions, and their verification."""
    entries = some_entries(size)
    tree = Tree().append(map(leaf_hash, entries))

    def read(start: int, end: int) -> bytes:
        return naive_root(entries[start:end])

    assert tree.root == naive_root(entries)
    for i in range(size):
        proof = inclusion_proof(i, size, read)
        assert proof == naive_path(i, entries)
        verify_inclusion(leaf_hash(entries[i]), i, size, tree.root, proof)
    for m in range(1, size + 1):
        proof = consistency_proof(m, size, read)
        assert proof == naive_subproof(m, entries)
        verify_consistency(m, naive_root(entries[:m]), size, tree.root, proof)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_append__in_any_groups__same_tree(groups: list[int]) -> None:
    """A tree does not depend on how its entries were grouped."""
    entries = some_entries(sum(groups))
    tree, at = Tree(), 0
    for group in groups:
        tree = tree.append(map(leaf_hash, entries[at : at + group]))
        at += group
    assert tree == Tree().append(map(leaf_hash, entries))


@given(st.integers(1, 300), st.data())
def test_complete_subtrees__of_a_range_in_a_proof__fold_to_its_root(size: int, data: st.DataObject) -> None:
    """A range that a proof names is covered by complete subtrees, largest first."""
    entries = some_entries(size)
    index = data.draw(st.integers(0, size - 1))
    for start, end in [*inclusion_ranges(index, size), (0, size)]:
        roots = [
            naive_root(entries[i << level : (i + 1) << level]) for level, i in complete_subtrees(start, end)
        ]
        assert fold_edge(roots) == naive_root(entries[start:end])


@given(st.integers(2, 70), st.data())
def test_verify_inclusion__anything_changed__fails(size: int, data: st.DataObject) -> None:
    """Wrong index, size, leaf, root, length or hash: each alone is refused."""
    entries = some_entries(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root, leaf = naive_path(index, entries), naive_root(entries), leaf_hash(entries[index])
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
    at = data.draw(st.integers(0, len(proof) - 1))
    with pytest.raises(VerificationFailed):
        root_from_inclusion(leaf, index, size, proof[:-1])
    wrong = [
        (leaf, other, size, root, proof),
        (leaf, size, size, root, proof),
        (leaf, -1, size, root, proof),
        (leaf_hash(b"x"), index, size, root, proof),
        (leaf, index, size, EMPTY_ROOT, proof),
        (leaf, index, size, root, proof[:-1]),
        (leaf, index, size, root, [*proof, proof[-1]]),
        (leaf, index, size, root, [*proof[:at], leaf_hash(b"x"), *proof[at + 1 :]]),
        (leaf, index, size, root, [*proof[:at], proof[at][:31], *proof[at + 1 :]]),
    ]
    for case in wrong:
        with pytest.raises(VerificationFailed):
            verify_inclusion(*case)


@given(st.integers(2, 70), st.data())
def test_verify_consistency__anything_changed__fails(new: int, data: st.DataObject) -> None:
    """Wrong sizes, roots, length or hash: each alone is refused."""
    entries = some_entries(new)
    old = data.draw(st.integers(1, new - 1))
    proof, old_root, new_root = naive_subproof(old, entries), naive_root(entries[:old]), naive_root(entries)
    at = data.draw(st.integers(0, len(proof) - 1))
    wrong = [
        (old, leaf_hash(b"x"), new, new_root, proof),
        (old, old_root, new, leaf_hash(b"x"), proof),
        (new, old_root, old, new_root, proof),
        (new, old_root, new, new_root, proof),
        (old, old_root, new, new_root, proof[:-1]),
        (old, old_root, new, new_root, [*proof, proof[-1]]),
        (old, old_root, new, new_root, [*proof[:at], leaf_hash(b"x"), *proof[at + 1 :]]),
        (old, old_root, new, new_root, []),
    ]
    for case in wrong:
        with pytest.raises(VerificationFailed):
            verify_consistency(*case)


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, []),
        (0, EMPTY_ROOT, 1, leaf_hash(b""), []),
        (0, b"", 1, leaf_hash(b""), []),
        (1, b"", 1, b"", []),
        (1, leaf_hash(b""), 1, leaf_hash(b""), [EMPTY_ROOT]),
    ],
)
def test_verify_consistency__empty_trees_and_hashes__prove_nothing(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]
) -> None:
    """Where other implementations wrongly accept a proof."""
    with pytest.raises(VerificationFailed):
        verify_consistency(old, old_root, new, new_root, proof)


@pytest.mark.parametrize(("index", "size", "leaf"), [(0, 0, EMPTY_ROOT), (0, 0, b""), (0, 1, b"")])
def test_verify_inclusion__empty_trees_and_hashes__prove_nothing(index: int, size: int, leaf: bytes) -> None:
    """Nothing is included in the empty tree, and nothing is not a hash."""
    with pytest.raises(VerificationFailed):
        root_from_inclusion(leaf, index, size, [])


def test_ranges__outside_the_tree__are_malformed() -> None:
    """A proof that cannot exist is not asked for."""
    for index, size in ((0, 0), (1, 1), (-1, 1)):
        with pytest.raises(Malformed):
            inclusion_ranges(index, size)


def test_node_and_leaf__of_the_same_bytes__differ() -> None:
    """Second preimages: an inner node never passes for a leaf."""
    assert node_hash(bytes(32), bytes(32)) != leaf_hash(bytes(64))
