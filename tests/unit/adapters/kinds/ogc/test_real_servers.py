"""Kind `ogc` on servers of other makes: MapServer (WFS 2.0, OGC API Features) and pygeoapi."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kinds.ogc.features import cql2
from schemas.errors import RequestMismatch
from schemas.outcome import Match, Misbehaving, NotFound
from tests.ogc import mapserver, parsed_cql2, pygeoapi
from tests.unit.adapters.kinds.ogc.ogc_source import ask, features_source, health

pytestmark = pytest.mark.system

POINT = {
    "subject": {
        "point": {"parts": {"lat": {"pattern": "[0-9.-]{1,12}"}, "lon": {"pattern": "[0-9.-]{1,12}"}}}
    },
    "at": {"longitude": "$lon", "latitude": "$lat"},
    "where": None,
    "map": {"national_id": "owner_nid", "parcels": {"each": {"parcel_id": "parcel_no"}}},
}
HOSTILE = [
    "' OR '1'='1",
    "x'); --",
    "<a/>&amp;",
    '"',
    "\\'",
    "الاسم",
    "a\r\nb",
    "1000000017' OR owner_nid<>'",
]


@pytest.fixture(scope="module")
def mapserver_url() -> Iterator[str]:
    with mapserver() as url:
        yield url


@pytest.fixture(scope="module")
def pygeoapi_url() -> Iterator[str]:
    with pygeoapi() as url:
        yield url


def wfs(output: str | None) -> dict[str, object]:
    names = {"cadastre": "https://lands.example/cadastre"}
    given: dict[str, object] = {"protocol": "wfs", "path": "/wfs", "namespaces": names}
    return given if output is None else {**given, "output": output}


@pytest.mark.parametrize("output", [None, "geojson"])
async def test_wfs__rights_of_one_person__over_pages(tmp_path: Path, mapserver_url: str, output: str) -> None:
    """Filter, count and startIndex work on MapServer, in GML and in GeoJSON."""
    source = features_source(tmp_path, mapserver_url, wfs(output), collection="cadastre:rights", page_size=2)
    outcome = await ask(source, "national_id", "1000000017")
    assert isinstance(outcome, Match), outcome
    assert [one["area_m2"] for one in outcome.record["parcels"]] == ["12500", "5000", "20000"]
    assert isinstance(await ask(source, "national_id", "1000000025"), NotFound)


async def test_wfs__value_with_markup__stays_a_value(tmp_path: Path, mapserver_url: str) -> None:
    """What looks like XML or SQL finds the one who is called so, and nobody else."""
    source = features_source(tmp_path, mapserver_url, wfs(None), collection="cadastre:rights")
    outcome = await ask(source, "national_id", "O'Hara & <sons>")
    assert isinstance(outcome, Match)
    assert len(outcome.record["parcels"]) == 1
    for value in (value for value in HOSTILE if "\\" not in value):  # its OGR takes `\\'` for an error
        assert isinstance(await ask(source, "national_id", value), NotFound), value


@pytest.mark.parametrize("place", ["-30.5;89.5", "9.5;30.5"])
async def test_wfs__point__axes_are_in_the_right_order(
    tmp_path: Path, mapserver_url: str, place: str
) -> None:
    """Latitude and longitude are not exchanged, neither in the filter nor in the outline."""
    source = features_source(
        tmp_path,
        mapserver_url,
        wfs(None),
        collection="cadastre:rights",
        geometry="cadastre:msGeometry",
        **POINT,
    )
    outcome = await ask(source, "point", place)
    assert isinstance(outcome, Match), outcome
    assert len(outcome.record["parcels"]) == 1
    assert isinstance(await ask(source, "point", ";".join(place.split(";")[::-1])), NotFound)


async def test_wfs__unknown_type__is_misbehaving_and_not_healthy(tmp_path: Path, mapserver_url: str) -> None:
    """MapServer answers with an exception report."""
    wrong = features_source(tmp_path, mapserver_url, wfs(None), collection="cadastre:nothing")
    assert isinstance(await ask(wrong, "national_id", "1000000017"), Misbehaving)
    assert isinstance(await health(wrong), Misbehaving)
    assert (
        await health(features_source(tmp_path, mapserver_url, wfs(None), collection="cadastre:rights"))
        is None
    )


async def test_features__pygeoapi__rights_over_its_own_pages(tmp_path: Path, pygeoapi_url: str) -> None:
    """Pygeoapi gives two features at a time, whatever is asked for; next links lead to the rest."""
    source = features_source(tmp_path, pygeoapi_url)
    outcome = await ask(source, "national_id", "1000000017")
    assert isinstance(outcome, Match), outcome
    assert len(outcome.record["parcels"]) == 3
    assert isinstance(await ask(source, "national_id", "1000000025"), NotFound)
    assert await health(source) is None


@pytest.mark.parametrize("server", ["mapserver_url", "pygeoapi_url"])
async def test_features__server_ignores_the_filter__nobody_s_rights_come_out(
    tmp_path: Path, server: str, request: pytest.FixtureRequest
) -> None:
    """MapServer 8.0 knows no property filter, pygeoapi ignores a name it does not know: both answer with
    everybody, which is misbehaving."""
    url = request.getfixturevalue(server)
    base, name = (url + "/ogc", "owner_nid") if server == "mapserver_url" else (url, "owner")
    source = features_source(tmp_path, base, where={name: "$national_id"}, parameters={"f": "json"})
    assert isinstance(await ask(source, "national_id", "1000000025"), Misbehaving)


@pytest.mark.parametrize("server", ["mapserver_url", "pygeoapi_url"])
async def test_features__point__finds_the_outline(
    tmp_path: Path, server: str, request: pytest.FixtureRequest
) -> None:
    """A box of no size finds what lies there; the outline decides."""
    url = request.getfixturevalue(server) + ("/ogc" if server == "mapserver_url" else "")
    source = features_source(tmp_path, url, parameters={"f": "json"}, **POINT)
    outcome = await ask(source, "point", "-30.5;89.5")
    assert isinstance(outcome, Match), outcome
    assert [one["parcel_id"] for one in outcome.record["parcels"]] == ["LM-01/0412/7"]


async def test_features__no_cql2__is_told_by_health(tmp_path: Path, mapserver_url: str) -> None:
    """A file that filters by CQL2 wants a server that conforms to it."""
    source = features_source(tmp_path, mapserver_url + "/ogc", filter="cql2", parameters={"f": "json"})
    told = await health(source)
    assert told is not None
    assert "CQL2" in told.cause


def test_cql2__hostile_value__is_one_literal_to_another_parser() -> None:
    """cql2-rs reads of every filter two properties and the very values; a backslash is refused."""
    values = [value for value in HOSTILE if "\\" not in value]
    read = parsed_cql2([cql2({"owner_nid": value, "status": "current"}) for value in values])
    for value, document in zip(values, read, strict=True):
        pairs = [("owner_nid", value), ("status", "current")]
        equal = [{"op": "=", "args": [{"property": name}, text]} for name, text in pairs]
        assert document == {"op": "and", "args": equal}
    with pytest.raises(RequestMismatch):
        cql2({"owner_nid": "\\' OR 1=1 --"})
