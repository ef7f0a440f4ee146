"""Kind `fhir` against HAPI FHIR, a server that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kinds.fhir.reader import Fhir
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound
from tests.fhir import fhir_server
from tests.unit.adapters.kinds.fhir.fhir_source import fetch, patient, source_at

pytestmark = pytest.mark.system

ME, TWICE, MANY, STRANGE = "1000000017", "1000000025", "1000000033", "1|2,3$4\\5"
PEOPLE = [
    patient(1, ME),
    patient(2, TWICE),
    patient(3, TWICE),
    *(patient(number, MANY) for number in range(10, 15)),
    patient(20, STRANGE),
    *(
        {
            "resourceType": "Coverage",
            "id": f"c{number}",
            "status": status,
            "beneficiary": {"reference": f"Patient/p{number}"},
            "payor": [{"display": "Fund"}],
        }
        for number, status in ((1, "active"), (2, "active"))
    ),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """HAPI with two resources on a page."""
    with fhir_server(PEOPLE, page_size=2) as url:
        yield url


async def test_fetch__hapi__one_two_and_none(server: str, tmp_path: Path):
    """Match, ambiguous and not found as a real server says them."""
    source = source_at(tmp_path, server)

    assert isinstance((await fetch(source, None, value=ME))[0], Match)
    assert isinstance((await fetch(source, None, value=TWICE))[0], Ambiguous)
    assert isinstance((await fetch(source, None, value="1000000099"))[0], NotFound)


async def test_fetch__hapi__separators_in_a_number_reach_it_unbroken(server: str, tmp_path: Path):
    """Its parser undoes our escapes: the number with all of FHIR's separators finds its person."""
    source = source_at(tmp_path, server)

    assert isinstance((await fetch(source, None, value=STRANGE))[0], Match)
    assert isinstance((await fetch(source, None, value="1|2"))[0], NotFound)
    assert isinstance((await fetch(source, None, value=f"9,{ME}"))[0], NotFound)


async def test_fetch__hapi_pages__all_are_read(server: str, tmp_path: Path):
    """Five on pages of two, by its own links."""
    outcome, _ = await fetch(source_at(tmp_path, server), None, service="people", value=MANY)

    assert isinstance(outcome, Match)


async def test_fetch__hapi_join__finds_the_coverage(server: str, tmp_path: Path):
    """Two searches of a real server."""
    outcome, _ = await fetch(source_at(tmp_path, server), None, service="covered", value=ME)

    assert isinstance(outcome, Match)
    assert outcome.record["family_name"] == "c1"


async def test_health__hapi__shows_r4(server: str, tmp_path: Path):
    """Its CapabilityStatement is read."""
    kind = Fhir(source_at(tmp_path, server))
    await kind.open()
    try:
        assert await kind.health() is None
    finally:
        await kind.close()


async def test_fetch__hapi_wants_a_token__denied(tmp_path: Path):
    """Its OperationOutcome with HTTP 401."""
    with fhir_server(PEOPLE[:1], token="right") as url:
        outcome, _ = await fetch(source_at(tmp_path, url), None, value=ME)

    assert isinstance(outcome, DeniedBySource)


async def test_fetch__hapi_without_the_resource__misbehaving(server: str, tmp_path: Path):
    """A mistyped base is not `nobody`."""
    outcome, _ = await fetch(source_at(tmp_path, server.replace("/fhir", "/fhir/x")), None, value=ME)

    assert isinstance(outcome, Misbehaving)
