"""Tiles: the addresses and shapes of C2SP tlog-tiles.

A tile holds up to 256 neighbouring hashes of one level; the hashes of tile level `l` are roots of complete
subtrees of 256**l leaves. Only complete tiles are stored; partial ones are derived when they are read.
Entry bundles are the entries of one level-0 tile, each behind its length as uint16, big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.errors import Malformed

TILE_BITS = 8
TILE_WIDTH = 1 << TILE_BITS
MAX_LEVEL = 7  # 256**8 leaves: more than an index can count
MAX_ENTRY_SIZE = 65_535


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Address of one tile: level (0 = leaf hashes), position, and how many of its 256 hashes it shows."""

    level: int
    n: int
    width: int = TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Bundle:
    """Address of one entry bundle: position, and how many of its 256 entries it shows."""

    n: int
    width: int = TILE_WIDTH


def tile_width(level: int, n: int, size: int) -> int:
    """How many hashes tile (`level`, `n`) has in a tree of `size` leaves: 0 to 256."""
    elements = size >> (TILE_BITS * level)
    return max(0, min(TILE_WIDTH, elements - n * TILE_WIDTH))


def completed_tiles(old: int, new: int) -> list[Tile]:
    """Tiles that become complete when a tree grows from `old` to `new` leaves, lower levels first."""
    completed = []
    for level in range(MAX_LEVEL + 1):
        shift = TILE_BITS * (level + 1)
        if new >> shift == 0:
            break
        completed += [Tile(level, n) for n in range(old >> shift, new >> shift)]
    return completed


def tile_of_subtree(level: int, index: int) -> tuple[Tile, int, int]:
    """Where the complete subtree (`level`, `index`) is: its tile, and the range of the tile's hashes."""
    tile_level, height = divmod(level, TILE_BITS)
    first = index << height
    n, offset = divmod(first, TILE_WIDTH)
    return Tile(tile_level, n), offset, offset + (1 << height)


def format_path(address: Tile | Bundle) -> str:
    """Path below the log's prefix, such as `tile/0/x001/067.p/16` or `tile/entries/000`."""
    level = "entries" if isinstance(address, Bundle) else str(address.level)
    partial = "" if address.width == TILE_WIDTH else f".p/{address.width}"
    return f"tile/{level}/{_format_n(address.n)}{partial}"


def parse_path(path: str) -> Tile | Bundle:
    """Read a tile or entry-bundle path; anything that `format_path` would not write is `Malformed`."""
    head, partial, width_text = path.partition(".p/")
    prefix, _, rest = head.partition("/")
    level_text, _, n_text = rest.partition("/")
    if prefix != "tile" or len(path) > 64:
        raise Malformed("not a tile path")
    width = _parse_int(width_text) if partial else TILE_WIDTH
    n = _parse_n(n_text)
    address = Bundle(n, width) if level_text == "entries" else Tile(_parse_int(level_text), n, width)
    if (
        (isinstance(address, Tile) and address.level > MAX_LEVEL)
        or format_path(address) != path
        or not 0 < width <= TILE_WIDTH
    ):
        raise Malformed("not a tile path")
    return address


def format_bundle(entries: Iterable[bytes]) -> bytes:
    """Pack entries, each behind its two-byte length."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_SIZE:
            raise Malformed("an entry is longer than 65,535 bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def parse_bundle(bundle: bytes) -> Iterator[bytes]:
    """Yield the entries of a bundle; a length that overruns the bytes is `Malformed`."""
    position = 0
    while position < len(bundle):
        start = position + 2
        end = start + int.from_bytes(bundle[position:start], "big")
        if end > len(bundle) or start > len(bundle):
            raise Malformed("the entry bundle is cut short")
        yield bundle[start:end]
        position = end


def _format_n(n: int) -> str:
    """1234067 becomes x001/x234/067."""
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03d}")
    return "/".join(reversed(groups))


def _parse_n(text: str) -> int:
    """x001/x234/067 becomes 1234067."""
    n = 0
    for group in text.split("/"):
        n = n * 1000 + _parse_int(group.removeprefix("x"))
    return n


def _parse_int(text: str) -> int:
    """Read a short ASCII number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise Malformed("not a tile path")
    return int(text)
