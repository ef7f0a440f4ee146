"""Where Lumeria lies: nine districts, a degree square each, in an empty part of the Indian Ocean.

Coordinates are CRS84, longitude first, in degrees. Districts stand in rows of three from the north-west.
"""

from __future__ import annotations

from typing import Final

from examples.lumeria.country import DISTRICTS

Point = tuple[float, float]  # longitude, latitude

_WEST: Final = 88.0
_NORTH: Final = -29.0
_PER_ROW: Final = 3
_SLOTS_PER_SIDE: Final = 200
_PARCEL: Final = 0.6  # share of a slot that a parcel fills
_INDEX: Final = {district.code: at for at, district in enumerate(DISTRICTS)}


def bounds(district: str) -> tuple[float, float, float, float]:
    """West, south, east, north of a district."""
    row, column = divmod(_INDEX[district], _PER_ROW)
    west, north = _WEST + column, _NORTH - row
    return west, north - 1, west + 1, north


def outline(district: str) -> list[Point]:
    """A district's ring, closed, counter-clockwise."""
    return _ring(*bounds(district))


def centre(district: str) -> Point:
    """The middle of a district."""
    west, south, east, north = bounds(district)
    return (west + east) / 2, (south + north) / 2


def plot(district: str, slot: int) -> list[Point]:
    """The ring of one parcel: slots fill the district row by row and never overlap."""
    west, south, _, _ = bounds(district)
    row, column = divmod(slot % _SLOTS_PER_SIDE**2, _SLOTS_PER_SIDE)
    side = 1 / _SLOTS_PER_SIDE
    left, bottom = west + column * side, south + row * side
    return _ring(left, bottom, left + side * _PARCEL, bottom + side * _PARCEL)


def _ring(west: float, south: float, east: float, north: float) -> list[Point]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return [(round(longitude, 6), round(latitude, 6)) for longitude, latitude in corners]
