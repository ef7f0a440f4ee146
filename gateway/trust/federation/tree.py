"""The tree that lists the members: adaptive, 32-way, content-addressed (federation layout, L3a).

A member's key is SHA-256 of `CLASS/code`; each level takes five bits of it. A node with at most 32
members is a leaf, an object of `"CLASS/code": [pin_ver, pin_sha256, rec_ver, rec_sha256, rec_len]`;
a larger one is a list of 32 children's SHA-256, null where there is nobody. JSON is canonical, so the
same members always give the same tree, and one changed member changes one path. A member without a
record yet has `rec_ver` 0 and an empty digest. Pure: blobs come from and go to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from gateway.trust.federation.errors import Contradiction, MalformedDocument
from schemas.errors import ExchangeError
from schemas.identifiers import MemberId
from schemas.strict_json import canonical, parse

LEAF_SIZE: Final = 32
WIDTH: Final = 32
MAX_NODE_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 51
"""Five bits a level of a 256-bit key."""

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which pin and record of a member are in force: versions, SHA-256 in hex, length in bytes."""

    pin_ver: int
    pin_sha256: str
    rec_ver: int = 0
    rec_sha256: str = ""
    rec_len: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """A built tree: its root node's bytes, and every node by SHA-256 in hex."""

    root: bytes
    nodes: Mapping[str, bytes]


def digest(content: bytes) -> str:
    """SHA-256 in hex: a blob's name."""
    return sha256(content).hexdigest()


def tree_key(member: MemberId) -> str:
    """`CLASS/code`, the member's name within its instance."""
    return str(member).split("/", 1)[1]


def build(listings: Mapping[str, Listing]) -> Tree:
    """The tree of these members, by `tree_key`."""
    nodes: dict[str, bytes] = {}

    def node(names: list[tuple[int, str]], depth: int) -> bytes:
        if len(names) <= LEAF_SIZE:
            content = canonical({name: _row(listings[name]) for _, name in names})
        else:
            parts: list[list[tuple[int, str]]] = [[] for _ in range(WIDTH)]
            for path, name in names:
                parts[_step(path, depth)].append((path, name))
            content = canonical([digest(node(part, depth + 1)) if part else None for part in parts])
        nodes[digest(content)] = content
        return content

    return Tree(node([(_path(name), name) for name in listings], 0), nodes)


def walk(root: bytes, load: Callable[[list[str]], Mapping[str, bytes]]) -> Iterator[tuple[str, Listing]]:
    """Every listing of the tree. `load` gives blobs by digest, level by level, so that it may fetch
    many at once.

    Raises:
        MalformedDocument: a node is not one.
        Contradiction: a member stands where its key does not lead, or a node is not its digest.
    """
    level: list[tuple[int, bytes]] = [(0, root)]
    depth = 0
    while level:
        if depth > MAX_DEPTH:
            raise MalformedDocument("the tree is too deep")
        children: list[tuple[int, str]] = []
        for prefix, content in level:
            node = parse_node(content)
            if isinstance(node, dict):
                yield from _placed(node, prefix, depth)
            else:
                children.extend(
                    (prefix * WIDTH + index, child) for index, child in enumerate(node) if child is not None
                )
        loaded = load([child for _, child in children]) if children else {}
        level = [(prefix, checked_blob(child, loaded.get(child))) for prefix, child in children]
        depth += 1


def path_to(name: str, root: bytes, load: Callable[[str], bytes | None]) -> list[bytes]:
    """The nodes from the root to the leaf where a member's key leads: its listing, or its absence."""
    nodes = [root]
    for depth in range(MAX_DEPTH):
        node = parse_node(nodes[-1])
        if isinstance(node, dict):
            break
        child = node[_step(_path(name), depth)]
        if child is None:
            break
        nodes.append(checked_blob(child, load(child)))
    return nodes


def parse_node(content: bytes) -> dict[str, Listing] | list[str | None]:
    """Read a leaf or an inner node; raises `MalformedDocument`."""
    try:
        value = parse(content, max_bytes=MAX_NODE_BYTES, what="a node")
    except ExchangeError as error:
        raise MalformedDocument(error.detail) from None
    if isinstance(value, dict) and len(value) <= LEAF_SIZE:
        return {name: _listing(row) for name, row in value.items()}
    if (
        isinstance(value, list)
        and len(value) == WIDTH
        and all(child is None or _is_hex(child) for child in value)
    ):
        return value
    raise MalformedDocument("a node is neither a leaf nor a list of children")


def checked_blob(name: str, content: bytes | None) -> bytes:
    """The blob, if it is the one that its name says.

    Raises:
        Contradiction: it is missing or other content.
    """
    if content is None or digest(content) != name:
        raise Contradiction("a blob is not what its digest says")
    return content


def _path(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest(), "big")


def _step(path: int, depth: int) -> int:
    return (path >> (256 - 5 * (depth + 1))) % WIDTH


def _placed(leaf: dict[str, Listing], prefix: int, depth: int) -> Iterator[tuple[str, Listing]]:
    """A stolen online key must not list one member at two places."""
    for name, listing in leaf.items():
        if _path(name) >> (256 - 5 * depth) != prefix:
            raise Contradiction("a member stands at a wrong place of the tree")
        yield name, listing


def _row(listing: Listing) -> list[int | str]:
    return [listing.pin_ver, listing.pin_sha256, listing.rec_ver, listing.rec_sha256, listing.rec_len]


def _listing(row: Any) -> Listing:
    if not isinstance(row, list) or len(row) != 5:
        raise MalformedDocument("a listing has five items")
    pin_ver, pin_sha256, rec_ver, rec_sha256, rec_len = row
    numbers = all(type(number) is int and number >= 0 for number in (pin_ver, rec_ver, rec_len))
    recorded = _is_hex(rec_sha256) if rec_ver else (rec_sha256 == "" and rec_len == 0)
    if not numbers or not _is_hex(pin_sha256) or not recorded:
        raise MalformedDocument("a listing has versions, digests and a length")
    return Listing(pin_ver, pin_sha256, rec_ver, rec_sha256, rec_len)


def _is_hex(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None
