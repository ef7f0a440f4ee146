"""What kind `rest` sends and reads: composite subjects, forms, GraphQL, XML, pages, escaping."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.contract import Query
from adapters.findings import Finding
from adapters.kinds.rest.reader import Rest
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_checks import check_document
from adapters.yaml_lines import load
from schemas.outcome import Ambiguous, Match, Misbehaving, NotFound
from schemas.record import Subject
from tests.unit.adapters.http.fake_network import FakeNetwork, answered
from tests.unit.adapters.small_source import REST, rest_source, write

URL = "https://source.example"
REQUEST = 'request: {path: "/persons/{national_id}"}'
PERSON = {"nid": "1", "family_name": "Toss"}
NASTY = "x'\"; DROP TABLE a;--/:,|$\\&=#?%2e{}\r\né"


async def ask(
    source: Source, script: Any, value: str, kind: str = "national_id"
) -> tuple[Any, list[httpx.Request]]:
    """One question over a scripted network; the outcome and what was sent."""
    network = FakeNetwork(script)
    adapter = open_source(source, kind=Rest(source, network.transport()))
    await adapter.open()
    try:
        outcome = await adapter.fetch(Query("person", Subject(kind, value), ("national_id", "family_name")))
    finally:
        await adapter.close()
    return outcome, network.sent


def posting(body: str) -> tuple[str, str]:
    """The change to a POST with a body."""
    return REQUEST, "request: {method: POST, path: /search, " + body + "}"


async def test_fetch__composite_subject__each_part_stands_in_its_place(tmp_path: Path):
    """The parts of one subject fill the request by their names, typed as declared."""
    source = rest_source(
        tmp_path,
        URL,
        (
            'national_id: {pattern: "(?s:.*)"}',
            'name_and_year: {parts: {name: {pattern: "[^;]+"}, year: {pattern: "[0-9]{4}", to: integer}}}',
        ),
        posting('query: {q: ["name:{name}", "x"]}, body: {name: "{name}", born: {year: "{year}"}}'),
    )
    outcome, (request,) = await ask(source, lambda _: PERSON, "Ilva Toss;1987", "name_and_year")
    assert isinstance(outcome, Match)
    assert json.loads(request.content) == {"name": "Ilva Toss", "born": {"year": 1987}}
    assert request.url.raw_path == b"/search?q=name%3AIlva%20Toss&q=x"


async def test_fetch__form_body__one_member_whatever_the_value(tmp_path: Path):
    """A form is encoded member by member: no value adds another."""
    source = rest_source(tmp_path, URL, posting('form: {nid: "{national_id}", fixed: "1"}'))
    _, (request,) = await ask(source, lambda _: PERSON, NASTY)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode(), keep_blank_values=True) == {"nid": [NASTY], "fixed": ["1"]}


async def test_fetch__json_body__value_stays_text(tmp_path: Path):
    """A value in a JSON body stays one string."""
    source = rest_source(tmp_path, URL, posting('body: {nid: "{national_id}"}'))
    _, (request,) = await ask(source, lambda _: PERSON, NASTY)
    assert json.loads(request.content) == {"nid": NASTY}


async def test_fetch__query__value_stays_one_parameter(tmp_path: Path):
    """A value in a query adds no parameter and no fragment."""
    source = rest_source(
        tmp_path, URL, (REQUEST, 'request: {path: /p, query: {nid: "{national_id}", a: "1"}}')
    )
    _, (request,) = await ask(source, lambda _: PERSON, NASTY)
    assert dict(request.url.params) == {"nid": NASTY, "a": "1"}


GRAPHQL = (
    'graphql: {query: "query P($nid: String!) { person(nid: $nid) {id} }", variables: {nid: "{national_id}"}}'
)


async def test_fetch__graphql__value_goes_into_variables_only(tmp_path: Path):
    """The operation's text is never filled, so no value can change what is asked."""
    source = rest_source(tmp_path, URL, posting(GRAPHQL), ("errors:", "records: /data/person\n    errors:"))
    outcome, (request,) = await ask(source, lambda _: {"data": {"person": PERSON}}, NASTY)
    assert isinstance(outcome, Match)
    assert json.loads(request.content) == {
        "query": "query P($nid: String!) { person(nid: $nid) {id} }",
        "variables": {"nid": NASTY},
    }


async def test_fetch__graphql_errors_in_http_200__misbehaving_unless_the_file_says(tmp_path: Path):
    """`errors` beside `data` is an error, whatever stands in `data`."""
    changes = (posting(GRAPHQL), ("errors:", "records: /data/person\n    errors:"))
    answer = {"data": {"person": PERSON}, "errors": [{"message": "CANARY-NAME"}]}
    outcome, _ = await ask(rest_source(tmp_path, URL, *changes), lambda _: answer, "1")
    assert outcome == Misbehaving("the source reported an error")
    answer["errors"] = []
    outcome, _ = await ask(rest_source(tmp_path, URL, *changes), lambda _: answer, "1")
    assert isinstance(outcome, Match)


XML = (
    "errors:",
    'answers: xml\n    namespaces: {p: "urn:p"}\n    records: "//p:person"\n    errors:',
)


def xml(body: str, **headers: str) -> httpx.Response:
    """An XML answer."""
    return httpx.Response(200, headers={"content-type": "application/xml", **headers}, content=body.encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<r xmlns="urn:p"><person><nid>1</nid><family_name>Toss</family_name></person></r>', Match),
        ('<r xmlns="urn:p"/>', NotFound),
        ('<r xmlns="urn:p"><person><nid>1</nid></person><person><nid>2</nid></person></r>', Ambiguous),
        ("<r", Misbehaving),
        ('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', Misbehaving),
        ("<errors><error><code>500</code></error></errors>", Misbehaving),
        ('<r xmlns="urn:p"><serviceFault>down</serviceFault></r>', Misbehaving),
        ('<r xmlns="urn:p"><error/></r>', NotFound),
    ],
)
async def test_fetch__xml__records_by_xpath(tmp_path: Path, body: str, expected: type):
    """An XML answer is read by the same map; entities are refused."""
    outcome, (request,) = await ask(rest_source(tmp_path, URL, XML), lambda _: xml(body), "1")
    assert isinstance(outcome, expected), outcome
    assert "xml" in request.headers["accept"]
    if expected is Match:
        assert outcome.record == {"national_id": "1", "family_name": "Toss"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"items": []}, NotFound),
        ({"items": None}, NotFound),
        ({}, Misbehaving),
        ([], Misbehaving),
        ({"message": "down for maintenance"}, Misbehaving),
        ({"Items": [PERSON]}, Misbehaving),
    ],
)
async def test_fetch__nothing_at_the_place_of_the_records__absence_only_when_the_place_is_there(
    tmp_path: Path, answer: Any, expected: type
):
    """Silence is no absence: an answer of another shape does not say that nobody was found."""
    source = rest_source(tmp_path, URL, ("errors:", "records: /items\n    errors:"))
    outcome, _ = await ask(source, lambda _: answer, "1")
    assert isinstance(outcome, expected), outcome


async def test_fetch__no_place_for_records__absence_when_the_file_says_so(tmp_path: Path):
    """A source that leaves the member out when there is nobody needs a rule."""
    rule = "records: /items\n    errors:\n      - {when: {json: /items, present: false}, as: not_found}"
    outcome, _ = await ask(rest_source(tmp_path, URL, ("errors:", rule)), lambda _: {}, "1")
    assert isinstance(outcome, NotFound)


async def test_fetch__json_where_xml_is_declared__misbehaving(tmp_path: Path):
    """What the source answers in is declared, not guessed."""
    outcome, _ = await ask(rest_source(tmp_path, URL, XML), lambda _: PERSON, "1")
    assert outcome == Misbehaving("the answer is not XML")


async def test_fetch__second_candidate_on_a_later_page__ambiguous(tmp_path: Path):
    """An empty first page with a next link is no absence, and page two may hold two people."""
    source = rest_source(
        tmp_path, URL, ("errors:", "records: /items\n    page: {by: next_url, place: /next}\n    errors:")
    )
    pages = [
        {"items": [], "next": "/persons/1?p=2"},
        {"items": [PERSON, {**PERSON, "nid": "2"}], "next": None},
    ]
    outcome, sent = await ask(source, lambda _: pages.pop(0), "1")
    assert isinstance(outcome, Ambiguous)
    assert len(sent) == 2


async def test_fetch__every_page_slow__one_deadline_for_all(tmp_path: Path):
    """Pages share the time of one question."""
    import asyncio

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0.03)
            return answered({"items": [], "next": f"{request.url.path}x"})

    source = rest_source(
        tmp_path, URL, ("errors:", "records: /items\n    page: {by: next_url, place: /next}\n    errors:")
    )
    source = replace(source, limits=replace(source.limits, timeout_ms=100))
    adapter = open_source(source, kind=Rest(source, Slow()))
    await adapter.open()
    outcome = await adapter.fetch(Query("person", Subject("national_id", "1"), ("national_id",)))
    assert getattr(outcome, "timeout", False)


def findings(tmp_path: Path, *changes: tuple[str, str]) -> list[Finding]:
    """What `source check` says of the small source with changes."""
    return check_document(load(write(tmp_path, REST, *changes)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((REQUEST, 'request: {path: "/p/{national_id|sql}"}'), "`|sql` is no way to escape"),
        ((REQUEST, 'request: {path: "/p/{national_id}", form: {a: "1"}}'), "a form needs `method: POST`"),
        (posting('body: {a: "{national_id}"}, form: {a: "1"}'), "`body` and `form` cannot stand together"),
        (("errors:", "answers: xml\n    errors:"), "XML needs `records`"),
        (("errors:", 'answers: xml\n    records: "//a["\n    errors:'), "not an XPath"),
        (("errors:", 'namespaces: {a: "b"}\n    errors:'), "`namespaces` are for XML"),
        (
            (
                'auth: {kind: bearer, token: "${secret:IDENTITY_TOKEN}"}',
                'auth: {kind: oauth2_cc, token_url: /t, client_id: a, client_secret: "${secret:A}"}',
            ),
            "a pass-through service cannot be forwarded with `oauth2_cc` credentials",
        ),
        (
            (
                'auth: {kind: bearer, token: "${secret:IDENTITY_TOKEN}"}',
                "auth: {kind: session_login, request: {url: /l, body: {password: geheim}}, token: t}",
            ),
            "the login has no secret",
        ),
        (
            (
                'auth: {kind: bearer, token: "${secret:IDENTITY_TOKEN}"}',
                'auth: {kind: hmac, key: "${secret:A}", signs: "{methd}", headers: {X-S: "{signature}"}}',
            ),
            "`{methd}` stands for nothing",
        ),
        (
            ("limits:", "  allow_private: [169.254.0.0/16]\nlimits:"),
            "never allowed",
        ),
    ],
)
def test_check__request_or_connection_that_cannot_work__named_with_its_cure(
    tmp_path: Path, change: tuple[str, str], says: str
):
    """What no schema can say, `source check` says."""
    assert any(says in str(finding) for finding in findings(tmp_path, change)), findings(tmp_path, change)
