"""Places: whether a point lies in a GeoJSON geometry, in plain Python, bounded.

Coordinates are WGS 84 in degrees, longitude first (RFC 7946); who reads CAP or GML turns them round
before they come here. Edges are straight lines between their corners, which is exact enough for
districts and warnings. Not here: other reference systems, the antimeridian (RFC 7946 section 3.1.9
has such geometries cut in two), distances other than of a circle, curves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

Position = tuple[float, float]
"""Longitude and latitude in degrees."""

MAX_POSITIONS: Final = 20_000
"""Corners of one geometry; one with more is refused."""

_CORNERS: Final = 4
_EARTH_KM: Final = 6371.0088


class UnfitGeometry(Exception):
    """A geometry that is not accepted; the text says why and quotes nothing."""


def contains(geometry: Any, point: Position) -> bool:
    """Whether a Polygon or MultiPolygon holds a point, its holes left out; other geometries hold none.

    Raises:
        UnfitGeometry: it is no GeoJSON geometry, or has more than MAX_POSITIONS corners.
    """
    inside = False
    for polygon in polygons(geometry):
        outer, *holes = polygon
        inside = inside or (in_ring(outer, point) and not any(in_ring(hole, point) for hole in holes))
    return inside


def polygons(geometry: Any) -> Iterator[list[list[Position]]]:
    """The polygons of a geometry: rings of positions, the outer one first. Raises as `contains`."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon", "Point", "MultiPoint", "LineString", "MultiLineString"):
        raise UnfitGeometry("the geometry is not one of GeoJSON that can hold a point")
    if kind not in ("Polygon", "MultiPolygon"):
        return
    given = geometry.get("coordinates")
    left = MAX_POSITIONS
    for polygon in [given] if kind == "Polygon" else _list(given):
        rings = []
        for ring in _list(polygon):
            left -= len(_list(ring))
            if left < 0:
                raise UnfitGeometry(f"the geometry has more than {MAX_POSITIONS} corners")
            rings.append([position(one) for one in ring])
        if not rings or any(len(ring) < _CORNERS or ring[0] != ring[-1] for ring in rings):
            raise UnfitGeometry("a ring of the geometry is not closed")
        yield rings


def position(given: Any) -> Position:
    """Longitude and latitude of a GeoJSON position; a height is left out. Raises UnfitGeometry."""
    pair = _list(given)[:2]
    if len(pair) != 2 or any(isinstance(one, (bool, str)) for one in pair):
        raise UnfitGeometry("a position of the geometry is not longitude and latitude")
    return degrees(*pair)


def degrees(longitude: Any, latitude: Any) -> Position:
    """Two numbers, or texts of numbers, as a position. Raises UnfitGeometry: not on the globe."""
    try:
        place = float(longitude), float(latitude)
    except (TypeError, ValueError):
        raise UnfitGeometry("a position is not two numbers") from None
    if not (abs(place[0]) <= 180 and abs(place[1]) <= 90):  # also refuses what is not a number
        raise UnfitGeometry("a position lies outside of the globe; are its axes in the right order?")
    return place


def in_ring(ring: Sequence[Position], point: Position) -> bool:
    """Whether a closed ring holds a point (even-odd rule); a point on an edge may count either way."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def kilometres(one: Position, other: Position) -> float:
    """The great-circle distance of two positions."""
    (lon1, lat1), (lon2, lat2) = one, other
    a, b = math.radians(lat1), math.radians(lat2)
    across = math.sin(math.radians(lon2 - lon1) / 2) ** 2
    arc = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * across
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, arc)))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise UnfitGeometry("the coordinates of the geometry are not lists")
    return list(value)
