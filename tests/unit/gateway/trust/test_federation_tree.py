"""The members' tree: one set, one root; and no member at two places."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.federation.errors import Contradiction, MalformedDocument
from gateway.trust.federation.tree import (
    LEAF_SIZE,
    Listing,
    Tree,
    build,
    digest,
    parse_node,
    path_to,
    tree_key,
    walk,
)
from schemas.identifiers import MemberId
from schemas.strict_json import canonical, parse

SHA = "a" * 64
_listings = st.dictionaries(
    st.text("abc/", min_size=1, max_size=8),
    st.builds(Listing, st.integers(1, 9), st.just(SHA), st.integers(1, 9), st.just(SHA), st.integers(0, 99)),
    max_size=120,
)


def _all(tree: Tree, root: bytes | None = None) -> dict[str, Listing]:
    return dict(walk(root or tree.root, lambda names: {name: tree.nodes[name] for name in names}))


@given(_listings, st.randoms(use_true_random=False))
def test_build__same_members_in_any_order__same_root(
    listings: dict[str, Listing], chance: random.Random
) -> None:
    """The tree depends on the set alone, and lists exactly it."""
    names = list(listings)
    chance.shuffle(names)
    tree = build(listings)
    assert build({name: listings[name] for name in names}).root == tree.root
    assert _all(tree) == listings


@pytest.mark.parametrize(("count", "nodes"), [(0, 1), (1, 1), (LEAF_SIZE, 1), (LEAF_SIZE + 1, 2)])
def test_build__around_a_leaf_s_size__splits_only_above_it(count: int, nodes: int) -> None:
    """Up to 32 members are one leaf."""
    tree = build({f"GOV/{number}": Listing(1, SHA) for number in range(count)})
    assert (len(tree.nodes) > 1) == (nodes > 1)
    assert isinstance(parse_node(tree.root), list) == (nodes > 1)


def test_build__one_of_many_changes__one_path_changes() -> None:
    """Refresh cost does not grow with the members that did not change."""
    listings = {f"GOV/{number}": Listing(1, SHA) for number in range(2000)}
    before = build(listings)
    after = build({**listings, "GOV/7": Listing(2, SHA)})
    assert len(after.nodes.keys() - before.nodes.keys()) == 3


def test_path_to__member_or_its_absence__is_shown_by_the_nodes_on_the_way() -> None:
    """A path ends at the leaf where the key leads."""
    tree = build({f"GOV/{number}": Listing(1, SHA) for number in range(100)})
    for name, there in (("GOV/42", True), ("GOV/none", False)):
        path = path_to(name, tree.root, tree.nodes.get)
        leaf = parse_node(path[-1])
        assert path[0] == tree.root
        assert (name in leaf) == there


def test_walk__member_at_a_wrong_place__is_refused() -> None:
    """One member cannot be listed twice under different branches."""
    tree = build({f"GOV/{number}": Listing(1, SHA) for number in range(100)})
    children = parse(tree.root, max_bytes=10_000)
    children[0], children[1] = children[1], children[0]
    with pytest.raises(Contradiction):
        _all(tree, canonical(children))


def test_walk__node_that_is_not_its_digest_or_missing__is_refused() -> None:
    """A node is what its name says."""
    tree = build({f"GOV/{number}": Listing(1, SHA) for number in range(100)})
    for blob in (b"{}", None):
        found = {} if blob is None else dict.fromkeys(tree.nodes, blob)
        with pytest.raises(Contradiction):
            dict(walk(tree.root, lambda _names, found=found: found))


def test_walk__endless_chain_of_nodes__ends() -> None:
    """A tree is at most as deep as its keys are long."""
    content = canonical({})
    nodes = {digest(content): content}
    for _ in range(60):
        content = canonical([digest(content), *[None] * 31])
        nodes[digest(content)] = content
    with pytest.raises(MalformedDocument):
        dict(walk(content, lambda names: {name: nodes[name] for name in names}))


@pytest.mark.parametrize(
    "node",
    [
        b"",
        b"1",
        b"[]",
        canonical([None] * 31),
        canonical(["A" * 64] * 32),
        canonical([1] * 32),
        canonical({str(number): [1, SHA, 0, "", 0] for number in range(33)}),
        canonical({"GOV/1": [1, SHA, 0, ""]}),
        canonical({"GOV/1": [True, SHA, 0, "", 0]}),
        canonical({"GOV/1": [-1, SHA, 0, "", 0]}),
        canonical({"GOV/1": [1, "short", 0, "", 0]}),
        canonical({"GOV/1": [1, SHA, 0, SHA, 0]}),
        canonical({"GOV/1": [1, SHA, 1, "", 0]}),
        b'{"GOV/1":[1,"' + SHA.encode() + b'",0,"",0],"GOV/1":[1,"' + SHA.encode() + b'",0,"",0]}',
    ],
)
def test_parse_node__neither_leaf_nor_inner__is_refused(node: bytes) -> None:
    """Nodes have two forms, and nothing between."""
    with pytest.raises(MalformedDocument):
        parse_node(node)


def test_tree_key__member__is_its_name_within_the_instance() -> None:
    """The instance is the federation's own; the key is CLASS/code."""
    assert tree_key(MemberId("LM", "GOV", "7000000")) == "GOV/7000000"
