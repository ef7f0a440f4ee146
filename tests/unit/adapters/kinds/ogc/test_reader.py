"""What kind `ogc` believes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.geometry import MAX_POSITIONS, UnfitGeometry, contains
from adapters.kinds.ogc.features import cql2
from schemas.errors import ConfigurationError, RequestMismatch
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Outcome, Unavailable
from tests.unit.adapters.kinds.ogc.ogc_source import ask, features_source, health

BASE = "https://land.example/ogc"
WFS: dict[str, Any] = {"protocol": "wfs", "path": "/wfs"}
SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [1.0, 1.0]]


def feature(owner: str = "7", geometry: Any = None) -> dict[str, Any]:
    """One feature."""
    properties = {"owner_nid": owner, "parcel_no": "P", "area_ha": 1}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    """One answer."""
    return {"type": "FeatureCollection", "features": list(features), **members}


async def answered(
    tmp_path: Path, body: Any, connection: dict[str, Any] | None = None, kind: str = "application/geo+json"
) -> Outcome:
    """What one answer means."""
    text = body if isinstance(body, str) else json.dumps(body)

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": kind}, stream=httpx.ByteStream(text.encode()))

    source = features_source(tmp_path, BASE, connection)
    return await ask(source, "national_id", "7", httpx.MockTransport(reply))


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"type": "FeatureCollection"},
        {"code": "InvalidParameterValue", "description": "no"},
        collection({"type": "Feature"}),
        collection(feature("8")),
        collection(feature(), feature("8")),
        collection(feature(), numberReturned=2),
        collection(feature(), numberMatched=2),
        collection(feature(), links=[{"rel": "next", "href": 7}]),
        collection(feature(), links=[{"rel": "next", "href": "javascript:1"}]),
    ],
)
async def test_features__answer_that_is_no_answer__is_misbehaving(tmp_path: Path, body: Any) -> None:
    """A foreign feature, a part of the whole, an error inside a success: never a record, never nobody."""
    assert isinstance(await answered(tmp_path, body), Misbehaving)


async def test_features__next_link_to_another_host__stays_on_ours(tmp_path: Path) -> None:
    """Only path and query of a link are used."""
    asked: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        links = [] if len(asked) > 1 else [{"rel": "next", "href": "https://evil.example/ogc/x?o=1"}]
        return httpx.Response(
            200,
            headers={"Content-Type": "application/json"},
            stream=httpx.ByteStream(json.dumps(collection(feature(), links=links)).encode()),
        )

    source = features_source(tmp_path, BASE)
    outcome = await ask(source, "national_id", "7", httpx.MockTransport(reply))
    assert isinstance(outcome, Misbehaving)  # the same feature again is a page that comes again
    assert asked[1] == "https://land.example/ogc/x?o=1"


def test_cql2__quote_and_backslash__cannot_end_the_literal() -> None:
    """A quote is doubled; a backslash, which CQL2 lets escape a quote, is refused."""
    assert cql2({"a": "x' OR 'y", "n": 7}) == "\"a\" = 'x'' OR ''y' AND \"n\" = 7"
    with pytest.raises(RequestMismatch):
        cql2({"a": "\\"})


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("InvalidParameterValue", Misbehaving),
        ("NoApplicableCode", Unavailable),
        ("AuthenticationFailed", DeniedBySource),
    ],
)
@pytest.mark.parametrize("output", [{}, {"output": "application/json"}])
async def test_wfs__exception_in_success__is_no_record_and_not_nobody(
    tmp_path: Path, code: str, outcome: type[Outcome], output: dict[str, Any]
) -> None:
    """WFS servers report errors with HTTP 200, also where JSON was asked for."""
    body = (
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception '
        f'exceptionCode="{code}"/></ows:ExceptionReport>'
    )
    assert isinstance(await answered(tmp_path, body, {**WFS, **output}, "application/xml"), outcome)


def gml(member: str, **counts: str) -> str:
    """A collection in GML."""
    told = " ".join(f'{name}="{value}"' for name, value in counts.items())
    return (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        f'xmlns:gml="http://www.opengis.net/gml/3.2" {told}>{member}</wfs:FeatureCollection>'
    )


MEMBER = "<wfs:member><rights><owner_nid>7</owner_nid><parcel_no>P</parcel_no><area_ha>2</area_ha></rights></wfs:member>"


async def test_wfs__gml__is_a_record(tmp_path: Path) -> None:
    """The properties of a feature in GML are read by their local names."""
    outcome = await answered(tmp_path, gml(MEMBER, numberMatched="1"), WFS, "text/xml")
    assert isinstance(outcome, Match)
    assert outcome.record["parcels"] == [{"parcel_id": "P", "area_m2": "20000"}]


@pytest.mark.parametrize(
    "body",
    [
        gml(MEMBER, numberMatched="2"),
        gml(MEMBER.replace(">7<", ">8<")),
        gml("<wfs:member/>"),
        gml("<wfs:member><wfs:FeatureCollection/></wfs:member>"),
        "<other/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    ],
)
async def test_wfs__answer_that_is_no_answer__is_misbehaving(tmp_path: Path, body: str) -> None:
    """A foreign feature, a part of the whole, another document, a document type."""
    assert isinstance(await answered(tmp_path, body, WFS, "application/xml"), Misbehaving)


async def test_wfs__nobody__is_not_found(tmp_path: Path) -> None:
    """An empty collection says that nobody is there."""
    assert isinstance(await answered(tmp_path, gml("", numberMatched="0"), WFS, "text/xml"), NotFound)


async def test_health__server_of_something_else__is_misbehaving(tmp_path: Path) -> None:
    """A server that does not conform to OGC API Features is not one we can ask."""

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={"Content-Type": "application/json"}, stream=httpx.ByteStream(b'{"conformsTo": []}')
        )

    assert isinstance(await health(features_source(tmp_path, BASE), httpx.MockTransport(reply)), Misbehaving)


@pytest.mark.parametrize(
    ("connection", "service", "complaint"),
    [
        (WFS, {"filter": "cql2"}, "`filter` is of protocol features"),
        ({"path": "/x"}, {}, "`path` is of protocol wfs"),
        (WFS, {"collection": "lm:rights"}, "the prefix `lm` has no namespace"),
        ({}, {"where": {"owner_nid": "7"}}, "nothing compares with `national_id`"),
        ({}, {"where": {"a": "$other", "b": "$national_id"}}, "`$other` is no selector"),
        ({}, {"parameters": {"bbox": "1,2,3,4"}}, "`bbox` is written by the gateway"),
        (WFS, {"at": {"longitude": "$national_id", "latitude": "$national_id"}}, "needs the property"),
    ],
)
def test_check__mistake__is_told_with_its_cure(
    tmp_path: Path, connection: dict[str, Any], service: dict[str, Any], complaint: str
) -> None:
    """What a schema cannot say is said by the kind."""
    with pytest.raises(ConfigurationError, match=complaint.replace("$", r"\$")):
        features_source(tmp_path, BASE, connection, **service)


def test_contains__polygon_with_hole__holds_what_is_between() -> None:
    """Holes are left out; of two polygons either may hold the point."""
    polygon = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
    assert contains(polygon, (3.0, 3.0))
    assert not contains(polygon, (1.5, 1.5))
    assert not contains(polygon, (5.0, 1.0))
    assert contains({"type": "MultiPolygon", "coordinates": [[HOLE], [SQUARE]]}, (3.0, 3.0))
    assert not contains({"type": "Point", "coordinates": [3.0, 3.0]}, (3.0, 3.0))


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Circle"},
        {"type": "Polygon", "coordinates": [SQUARE[:-1]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "0,0"},
        {"type": "Polygon", "coordinates": [[["0", "0"]] * 4]},
        {"type": "Polygon", "coordinates": [[[0.0, 95.0]] * 4]},
        {"type": "Polygon", "coordinates": [[[float("nan"), 0.0]] * 4]},
        {"type": "Polygon", "coordinates": [[[0.0, 0.0]] * (MAX_POSITIONS + 1)]},
        {"type": "MultiPolygon", "coordinates": [[[[0.0, 0.0]] * (MAX_POSITIONS // 2)]] * 3},
    ],
)
def test_contains__outline_too_large_or_none__is_refused(geometry: Any) -> None:
    """Corners are bounded over all rings, closed, and on the globe."""
    with pytest.raises(UnfitGeometry):
        contains(geometry, (1.0, 1.0))
