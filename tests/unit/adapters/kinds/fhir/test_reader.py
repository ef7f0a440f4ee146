"""Kind `fhir`: what is asked, and what each answer means."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adapters.kinds.fhir.outcomes import MEANINGS
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.kinds.fhir.fhir_source import (
    NID,
    bundle,
    fetch,
    outcome_resource,
    patient,
    source_at,
)

BASE = "https://fhir.example/r4"
ME = "1000000017"


async def test_fetch__a_person__is_searched_by_post_and_strictly(tmp_path: Path):
    """The number stands in the body, never in an address."""
    outcome, asked = await fetch(source_at(tmp_path, BASE), lambda _: bundle(patient(1, ME)))

    assert isinstance(outcome, Match)
    assert outcome.record == {"national_id": ME, "family_name": "Toss"}
    (request,) = asked
    assert (request.method, request.url.path, request.url.query) == ("POST", "/r4/Patient/_search", b"")
    assert request.headers["Prefer"] == "handling=strict"
    assert dict(parse_qsl(request.content.decode())) == {"identifier": f"urn:lm:nid|{ME}", "_count": "2"}


@pytest.mark.parametrize("hostile", ["1|2", "1,2", "1$2", "1\\", "1&_count=99", "1#x", "*", "ü"])
async def test_fetch__hostile_number__stays_one_value(tmp_path: Path, hostile: str):
    """FHIR's own separators are escaped, and the rest by the form's encoding."""
    _, asked = await fetch(source_at(tmp_path, BASE), lambda _: bundle(), value=hostile)

    pairs = parse_qsl(asked[0].content.decode())
    assert [name for name, _ in pairs] == ["identifier", "_count"]
    value = pairs[0][1].removeprefix("urn:lm:nid|")
    bare = value.replace("\\\\", "").replace("\\|", "").replace("\\,", "").replace("\\$", "")
    assert not set(bare) & set("|,$\\")


@pytest.mark.parametrize("body", [bundle(), {"resourceType": "Bundle", "type": "searchset"}])
async def test_fetch__nobody__not_found(tmp_path: Path, body: Any):
    """An empty Bundle, with or without a total."""
    outcome, _ = await fetch(source_at(tmp_path, BASE), lambda _: body)

    assert isinstance(outcome, NotFound)


async def test_fetch__two_matches__ambiguous(tmp_path: Path):
    """The first is never chosen."""
    outcome, _ = await fetch(
        source_at(tmp_path, BASE), lambda _: bundle(patient(1, ME), patient(2, ME), mode=None)
    )

    assert isinstance(outcome, Ambiguous)


PASSPORT = {"system": "urn:lm:passport", "value": ME}
OTHER_SYSTEM = {**patient(1, ME), "identifier": [PASSPORT, {"system": NID, "value": "CANARY"}]}
WRONG: list[Any] = [
    bundle(patient(1, "CANARY")),  # a parameter was ignored: somebody else
    bundle(OTHER_SYSTEM),  # the system was ignored: the same number, of another register
    {**outcome_resource("x"), "issue": [{"severity": ["CANARY"], "code": {}}]},
    bundle(patient(1, ME), total=7),
    bundle(patient(1, ME), type="history"),
    bundle({**patient(1, ME), "resourceType": "Person"}),
    {**bundle(patient(1, ME)), "entry": "CANARY"},
    {**bundle(patient(1, ME)), "entry": ["CANARY"]},
    bundle(patient(1, ME), outcome_resource("not-supported", "warning"), mode=None, total=1),
    outcome_resource("processing"),
    outcome_resource("not-found"),
    {"resourceType": "Person"},
    [],
    "CANARY",
    (404, outcome_resource("not-found")),
    (400, outcome_resource("invalid")),
    (404, "CANARY"),
]


@pytest.mark.parametrize("body", WRONG)
async def test_fetch__answer_does_not_fit__misbehaving_and_not_quoted(tmp_path: Path, body: Any):
    """Nothing of another's answer is used or repeated; 404 is no word about a person."""
    outcome, _ = await fetch(source_at(tmp_path, BASE), lambda _: body)

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause
    assert "the adapter failed" not in outcome.cause


KINDS = {
    "denied": DeniedBySource,
    "unavailable": Unavailable,
    "ambiguous": Ambiguous,
    "misbehaving": Misbehaving,
}


@pytest.mark.parametrize("code", sorted(MEANINGS))
async def test_fetch__operation_outcome__by_the_table(tmp_path: Path, code: str):
    """In an HTTP 200 as in an error."""
    source = source_at(tmp_path, BASE)
    for status in (200, 422):
        outcome, _ = await fetch(source, lambda _, status=status: (status, outcome_resource(code)))
        assert isinstance(outcome, KINDS[MEANINGS[code]])


async def test_fetch__warning_without_consequence__is_a_match(tmp_path: Path):
    """An OperationOutcome beside a match may only tell something."""
    hint = {"resource": outcome_resource("informational", "information"), "search": {"mode": "outcome"}}
    body = bundle(patient(1, ME))
    body["entry"].append(hint)

    outcome, _ = await fetch(source_at(tmp_path, BASE), lambda _: body)

    assert isinstance(outcome, Match)


def next_link(url: str) -> dict[str, Any]:
    """A Bundle's link to its next page."""
    return {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]}


LINKS = [
    "https://fhir.example/r4?_getpages=1&_getpagesoffset=2",
    "https://internal:8443:8443/r4/Patient?page=2",
    "http://evil.example/r4?_getpages=1",
    "/r4/Patient?page=2",
    "Patient?page=2",
    "https://proxy.example/other/base/Patient?page=2",
    "https%3A%2F%2Ffhir.example%2Fr4%2FPatient%3Fpage%3D2",
    "https://fhir.example/r4?page=" + "2" * 3000,
]


@pytest.mark.parametrize("url", LINKS)
async def test_fetch__next_link__is_followed_at_our_own_address(tmp_path: Path, url: str):
    """Servers behind proxies name the wrong host, hostile ones another's: only path and query count."""
    pages = [
        bundle(patient(1, ME), **next_link(url), total=2),
        bundle({**patient(2, ME)}, total=2),
    ]

    outcome, asked = await fetch(
        source_at(tmp_path, BASE), lambda request: pages[request.method == "GET"], service="people"
    )

    assert isinstance(outcome, Match | Misbehaving)
    assert [request.method for request in asked] == ["POST", "GET"]
    assert asked[1].url.host == "fhir.example"
    assert asked[1].url.path in {"/r4", "/r4/Patient"}


@pytest.mark.parametrize(
    "url", ["", "https://fhir.example/r4/../admin?x=1", "https://fhir.example/r4", "https://[bad?x", 7]
)
async def test_fetch__next_link_unusable__misbehaving(tmp_path: Path, url: Any):
    """A link that cannot be followed safely is an error, not the last page."""
    body = bundle(patient(1, ME), **next_link(url), total=2)

    outcome, asked = await fetch(source_at(tmp_path, BASE), lambda _: body, service="people")

    assert isinstance(outcome, Misbehaving)
    assert len(asked) == 1


async def test_fetch__next_link_repeats__misbehaving(tmp_path: Path):
    """A circle of pages ends."""
    empty = bundle(**next_link(f"{BASE}?_getpages=1"))

    outcome, asked = await fetch(source_at(tmp_path, BASE), lambda _: empty, service="people")

    assert isinstance(outcome, Misbehaving)
    assert len(asked) == 2


async def test_fetch__openimis__bare_resource_pages_by_number_and_404_is_nobody(tmp_path: Path):
    """Its `identifier` is a look-up: one resource, or 404 with an OperationOutcome."""
    source = source_at(tmp_path, BASE, profile="openimis", method="GET")

    found, asked = await fetch(source, lambda _: patient(1, ME))
    nobody, _ = await fetch(source, lambda _: (404, outcome_resource("not-found")))
    mistyped, _ = await fetch(source, lambda _: (404, "not a page"))

    assert isinstance(found, Match)
    assert asked[0].url.path == "/r4/Patient/"
    assert isinstance(nobody, NotFound)
    assert isinstance(mistyped, Misbehaving)


def coverage(number: int, who: str) -> dict[str, Any]:
    """A Coverage of somebody."""
    return {"resourceType": "Coverage", "id": f"c{number}", "beneficiary": {"reference": who}}


async def test_fetch__two_searches__the_second_is_about_the_first_ones_match(tmp_path: Path):
    """The join is a search of its own, with the values of the record."""
    answers = {"/r4/Patient/_search": bundle(patient(1, ME))}
    answers["/r4/Coverage/_search"] = bundle(coverage(1, "https://fhir.example/r4/Patient/p1"))

    outcome, asked = await fetch(
        source_at(tmp_path, BASE), lambda request: answers[request.url.path], service="covered"
    )

    assert isinstance(outcome, Match)
    assert outcome.record["family_name"] == "c1"
    assert dict(parse_qsl(asked[1].content.decode()))["beneficiary"] == "Patient/p1"


async def test_fetch__second_search_answers_with_somebody_else__misbehaving(tmp_path: Path):
    """A server that ignores the reference answers with everybody's coverage."""
    answers = {"/r4/Patient/_search": bundle(patient(1, ME))}
    answers["/r4/Coverage/_search"] = bundle(coverage(1, "Patient/p1"), coverage(2, "Patient/p2"))

    outcome, _ = await fetch(
        source_at(tmp_path, BASE), lambda request: answers[request.url.path], service="covered"
    )

    assert isinstance(outcome, Misbehaving)


async def test_fetch__identifier_without_its_system__is_taken(tmp_path: Path):
    """A server that knows one system only may leave it out."""
    bare = {**patient(1, ME), "identifier": [{"value": ME}, {"system": NID, "value": "older"}]}

    outcome, _ = await fetch(source_at(tmp_path, BASE), lambda _: bundle(bare))

    assert isinstance(outcome, Match)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ({"subject": {"reference": "Patient/p1"}}, Match),
        ({"payor": [{"reference": "Patient/p1/_history/3"}]}, Match),
        ({"subject": {"reference": "Patient/p2"}}, Misbehaving),
        ({}, Misbehaving),
        ({"beneficiary": {"reference": "Patient/p2"}, "payor": [{"reference": "Patient/p1"}]}, Misbehaving),
    ],
)
async def test_fetch__second_search_by_another_elements_name__must_point_too(
    tmp_path: Path, pointer: dict[str, Any], expected: type
):
    """A parameter is often called otherwise than its element (`patient`, `subject`): whatever points
    at nobody, or at another, is not taken."""
    answers = {"/r4/Patient/_search": bundle(patient(1, ME))}
    answers["/r4/Coverage/_search"] = bundle({"resourceType": "Coverage", "id": "c1", **pointer})

    outcome, _ = await fetch(
        source_at(tmp_path, BASE), lambda request: answers[request.url.path], service="covered"
    )

    assert isinstance(outcome, expected)


async def test_fetch__pages_full_of_what_nobody_asked_for__end(tmp_path: Path):
    """Included resources on page after page would fill the gateway's memory."""
    source = source_at(tmp_path, BASE)
    source = replace(source, limits=replace(source.limits, max_bytes=20_000))
    flood = {"resourceType": "Provenance", "id": "x" * 10_000}
    counter = itertools.count()

    outcome, asked = await fetch(
        source,
        lambda _: bundle(flood, mode="include", **next_link(f"{BASE}?_getpages={next(counter)}")),
        service="people",
    )

    assert isinstance(outcome, Misbehaving)
    assert len(asked) < 40
