"""`errors:`: what applies, what does not, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.error_rules import error_rule_complaints, error_rules, ruled
from adapters.xml import parse_xml
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unavailable

XML = b'<f:Fault xmlns:f="urn:f"><code kind="x">17</code><empty/></f:Fault>'


def answer(status: int = 200, body: bytes = b"", **headers: str) -> HttpAnswer:
    """An answer at second 5."""
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer(status, "application/json", body, 5, None, kept)


@pytest.mark.parametrize(
    ("when", "given", "document", "applies"),
    [
        ({"http": 404}, answer(404), {}, True),
        ({"http": 404}, answer(200), {}, False),
        ({"header": "X-Road-Error", "present": True}, answer(x_road_error="a"), {}, True),
        ({"header": "X-Road-Error", "present": True}, answer(), {}, False),
        ({"header": "X-Status", "equals": "none"}, answer(x_status="none"), {}, True),
        ({"header": "X-Status", "equals": "none"}, answer(x_status="some"), {}, False),
        ({"json": "/errors", "present": True}, answer(), {"errors": [{"a": 1}]}, True),
        ({"json": "/errors", "present": True}, answer(), {"errors": []}, False),
        ({"json": "/errors", "present": True}, answer(), {"errors": None}, False),
        ({"json": "/data", "present": False}, answer(), {}, True),
        ({"json": "/0/code", "equals": "404"}, answer(), [{"code": "404"}], True),
        ({"json": "/ok", "equals": 1}, answer(), {"ok": True}, False),
        ({"json": "/ok", "equals": None}, answer(), {"ok": None}, True),
        ({"json": "/ok", "equals": None}, answer(), {}, False),
        ({"http": 404, "json": "/a", "equals": 1}, answer(404), {"a": 1}, True),
        ({"http": 404, "json": "/a", "equals": 1}, answer(200), {"a": 1}, False),
        ({"http": 404, "json": "/a", "equals": 1}, answer(404), Misbehaving("x"), False),
        ({"xpath": "//code", "equals": "17"}, answer(), parse_xml(XML, max_bytes=999), True),
        ({"xpath": "//code", "equals": "18"}, answer(), parse_xml(XML, max_bytes=999), False),
        ({"xpath": "//empty", "present": True}, answer(), parse_xml(XML, max_bytes=999), True),
        ({"xpath": "//other", "present": False}, answer(), parse_xml(XML, max_bytes=999), True),
        (
            {"xpath": "/f:Fault", "namespaces": {"f": "urn:f"}, "present": True},
            answer(),
            parse_xml(XML, max_bytes=999),
            True,
        ),
        ({"xpath": "//code", "equals": "17"}, answer(), {"code": "17"}, False),
        ({"json": "/code", "equals": "17"}, answer(), parse_xml(XML, max_bytes=999), False),
    ],
)
def test_ruled__condition__applies_only_when_all_of_it_holds(
    when: dict[str, Any], given: HttpAnswer, document: Any, applies: bool
):
    """Status, header, JSON and XPath; equality is JSON's, so `true` is not 1."""
    rules = error_rules([{"when": when, "as": "not_found"}])
    assert ruled(rules, given, document) == (NotFound(5) if applies else None)


def test_ruled__several__the_first_decides():
    """The order in the file is the order of the rules."""
    rules = error_rules([{"when": {"http": 404}, "as": "denied"}, {"when": {"http": 404}, "as": "not_found"}])
    assert isinstance(ruled(rules, answer(404), {}), DeniedBySource)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("not_found", NotFound),
        ("ambiguous", Ambiguous),
        ("denied", DeniedBySource),
        ("unavailable", Unavailable),
        ("misbehaving", Misbehaving),
    ],
)
def test_ruled__every_verdict__its_outcome(verdict: str, outcome: type):
    """The five words of `as`."""
    assert isinstance(ruled(error_rules([{"when": {"http": 200}, "as": verdict}]), answer(), {}), outcome)


@pytest.mark.parametrize(
    "when",
    [
        {"json": "/a"},
        {"equals": 1},
        {"header": "X", "json": "/a", "equals": 1},
        {"json": "/a", "equals": 1, "present": True},
        {"xpath": "//a[", "present": True},
        {"xpath": "//code", "equals": 17},
        {"header": "X-Error", "equals": 17},
        {"header": "X-Error", "equals": None},
    ],
)
def test_error_rule_complaints__rule_that_cannot_work__named(when: dict[str, Any]):
    """A rule says one place and what must stand there."""
    assert [index for index, *_ in error_rule_complaints([{"when": when, "as": "denied"}])] == [0]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, None),
        (204, None),
        (302, Misbehaving),
        (400, Misbehaving),
        (401, DeniedBySource),
        (403, DeniedBySource),
        (404, Misbehaving),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_failure_of__status__what_it_means_without_a_rule(status: int, outcome: type | None):
    """A 404 is no absence unless the file says so: a mistyped path answers it too."""
    failure = failure_of(answer(status))
    assert failure is None if outcome is None else isinstance(failure, outcome)


@pytest.mark.parametrize(
    "body",
    [b"", b"<a/>", b'{"a":1,"a":2}', b"[" * 99 + b"]" * 99, b'{"a":NaN}', b'{"a":1e999999999}', b"\xff"],
)
def test_parse_answer__unacceptable_json__misbehaving_and_not_quoted(body: bytes):
    """Duplicate keys, depth, sizes of numbers: all bounded in one reading."""
    outcome = parse_answer(answer(body=body), 1000)
    assert outcome == Misbehaving("the answer is not acceptable JSON")


def test_parse_answer__amount__keeps_its_digits():
    """Amounts are decimals as written, never binary fractions."""
    assert str(parse_answer(answer(body=b'{"a": 0.10}'), 1000)["a"]) == "0.10"


@pytest.mark.parametrize(
    ("content_type", "when", "applies"),
    [
        ("text/html", {"http": 404}, False),
        ("application/xhtml+xml", {"http": 404}, False),
        ("application/json", {"http": 404}, True),
        ("", {"http": 404}, True),
        ("text/html", {"http": 404, "header": "X-Unknown", "equals": "yes"}, True),
    ],
)
def test_ruled__page_of_a_server_or_proxy__is_nobodys_absence(
    content_type: str, when: dict[str, Any], applies: bool
):
    """What answers 404 with a page for people is the web server: the service itself is not there."""
    answer = HttpAnswer(404, content_type, b"", 0, None, {"x-unknown": "yes"})
    found = ruled(error_rules([{"when": when, "as": "not_found"}]), answer, Misbehaving("no JSON"))
    assert isinstance(found, NotFound) is applies
    denied = ruled(error_rules([{"when": {"http": 404}, "as": "denied"}]), answer, Misbehaving("no JSON"))
    assert isinstance(denied, DeniedBySource)
