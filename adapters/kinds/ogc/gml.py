"""GML 3.2 outlines as GeoJSON geometries: Polygon, MultiSurface and MultiPolygon with straight edges.

The trap is the order of the axes. `urn:ogc:def:crs:EPSG::4326` and its `http://www.opengis.net/def/…`
form put latitude first, as EPSG defines it; CRS84 and the old `EPSG:4326` put longitude first. An
outline that names another reference system, or none, is refused and never guessed.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from adapters.geometry import MAX_POSITIONS, UnfitGeometry
from adapters.xml import Element

GML: Final = "http://www.opengis.net/gml/3.2"
WGS84: Final = "urn:ogc:def:crs:EPSG::4326"

_LATITUDE_FIRST: Final = frozenset(
    {
        WGS84,
        "urn:x-ogc:def:crs:EPSG::4326",
        "urn:x-ogc:def:crs:EPSG:4326",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
    }
)
_LONGITUDE_FIRST: Final = frozenset(
    {
        "EPSG:4326",
        "http://www.opengis.net/gml/srs/epsg.xml#4326",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    }
)


def geometry(feature: Element, name: str) -> dict[str, Any]:
    """The outline in a property of a feature. Raises UnfitGeometry: there is none, or not one we read."""
    local = name.rpartition(":")[2]
    holder = next((child for child in feature if etree.QName(child).localname == local), None)
    if holder is None or len(holder) != 1:
        raise UnfitGeometry("a feature has no outline")
    shape = holder[0]
    found = [shape] if shape.tag == f"{{{GML}}}Polygon" else list(shape.iter(f"{{{GML}}}Polygon"))
    if not found:
        raise UnfitGeometry("the outline of a feature is not made of polygons")
    inherited = shape.get("srsName")
    return {"type": "MultiPolygon", "coordinates": [_polygon(one, inherited) for one in found]}


def _polygon(polygon: Element, inherited: str | None) -> list[list[list[float]]]:
    outer = polygon.findall(f"{{{GML}}}exterior")
    inner = polygon.findall(f"{{{GML}}}interior")
    name = polygon.get("srsName") or inherited
    return [_ring(one, name) for one in (*outer, *inner)]


def _ring(side: Element, name: str | None) -> list[list[float]]:
    places = side.findall(f"{{{GML}}}LinearRing/{{{GML}}}posList")
    if len(places) != 1 or places[0].get("srsDimension", "2") != "2":
        raise UnfitGeometry("a ring of the outline is not a list of positions")
    name = places[0].get("srsName") or name
    if name not in _LATITUDE_FIRST | _LONGITUDE_FIRST:
        raise UnfitGeometry("the outline is in a reference system that is not WGS 84")
    words = (places[0].text or "").split(maxsplit=2 * MAX_POSITIONS + 1)
    if len(words) % 2 or len(words) > 2 * MAX_POSITIONS:
        raise UnfitGeometry(f"the outline has half a position, or more than {MAX_POSITIONS}")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise UnfitGeometry("the outline has a position that is no number") from None
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [[b, a] if name in _LATITUDE_FIRST else [a, b] for a, b in pairs]
