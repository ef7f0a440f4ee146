"""Tile addresses as in C2SP tlog-tiles, and entry bundles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import Malformed
from audit.tiles import (
    Bundle,
    Tile,
    completed_tiles,
    format_bundle,
    format_path,
    parse_bundle,
    parse_path,
    tile_of_subtree,
    tile_width,
)

addresses = st.one_of(
    st.builds(Tile, st.integers(0, 7), st.integers(0, 10**9), st.integers(1, 256)),
    st.builds(Bundle, st.integers(0, 10**9), st.integers(1, 256)),
)


@given(addresses)
def test_path__round_trip(address: Tile | Bundle) -> None:
    """Parse undoes format."""
    assert parse_path(format_path(address)) == address


def test_path__examples_of_the_specification() -> None:
    """The examples that C2SP gives."""
    assert format_path(Tile(0, 1234067)) == "tile/0/x001/x234/067"
    assert format_path(Tile(1, 0, 1)) == "tile/1/000.p/1"
    assert format_path(Bundle(1234067, 8)) == "tile/entries/x001/x234/067.p/8"


@pytest.mark.parametrize(
    "path",
    ["", "tile/0", "tile/0/0", "tile/0/x000/001", "tile/8/000", "tile/0/000.p/0", "tile/0/000.p/257",
     "tile/0/000.p/256", "tile/00/000", "tile/0/000/", "tile/0/001/x002", "/tile/0/000", "tile/0/٠٠٠",
     "tile/-1/000", "tile/0/../000", "tile/0/" + "x999/" * 40 + "000"],
)  # fmt: skip
def test_parse_path__anything_else__is_malformed(path: str) -> None:
    """One address has one path."""
    with pytest.raises(Malformed):
        parse_path(path)


def test_tile_width__examples_of_the_specification() -> None:
    """Size 256 is a full tile at level 0 and a partial one of width 1 at level 1."""
    assert (tile_width(0, 0, 256), tile_width(1, 0, 256), tile_width(0, 1, 256)) == (256, 1, 0)
    assert [tile_width(level, n, 70_000) for level, n in ((0, 273), (1, 0), (1, 1), (2, 0))] == [
        112,
        256,
        17,
        1,
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**5))
def test_completed_tiles__are_those_full_now_and_not_before(old: int, grown: int) -> None:
    """Each complete tile is stored exactly once."""
    for tile in completed_tiles(old, old + grown):
        assert tile_width(tile.level, tile.n, old) < 256 == tile_width(tile.level, tile.n, old + grown)
    assert len(completed_tiles(0, old)) + len(completed_tiles(old, old + grown)) == len(
        completed_tiles(0, old + grown)
    )


@given(st.integers(0, 40), st.integers(0, 10**6))
def test_tile_of_subtree__spans_the_subtree(level: int, index: int) -> None:
    """A complete subtree lies in one tile."""
    tile, first, last = tile_of_subtree(level, index)
    span = 256**tile.level
    assert (tile.n * 256 + first) * span == index << level
    assert (last - first) * span == 1 << level
    assert last <= 256


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundle__round_trip(entries: list[bytes]) -> None:
    """Parse undoes format."""
    assert list(parse_bundle(format_bundle(entries))) == entries


@pytest.mark.parametrize("bundle", [b"\0", b"\0\1", b"\0\2a", b"\0\1a\0"])
def test_parse_bundle__cut_short__is_malformed(bundle: bytes) -> None:
    """A length never reads beyond the end."""
    with pytest.raises(Malformed):
        list(parse_bundle(bundle))


def test_format_bundle__entry_of_65536_bytes__is_malformed() -> None:
    """Sixteen bits of length."""
    assert len(format_bundle([bytes(65_535)])) == 65_537
    with pytest.raises(Malformed):
        format_bundle([bytes(65_536)])
