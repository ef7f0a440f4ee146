"""The six ways to page: every record once, an end that is the end, and sources that lie about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.answers import HttpAnswer, parse_answer
from adapters.http.asking import Asking
from adapters.http.paging import MAX_PAGES, PageRead, linked, page, read_pages, rebased, windows
from adapters.kinds import Raw
from schemas.outcome import Misbehaving, NotFound, Unavailable
from tests.unit.adapters.http.fake_network import FakeNetwork, answered, client_over

PEOPLE = [{"id": number} for number in range(7)]
SIZE = {"parameter": "limit", "value": 3}
FIRST = Asking("GET", "/people", {"q": "x"})


async def read(
    network: FakeNetwork, form: Mapping[str, Any], enough: int = 100, first: Asking = FIRST
) -> Raw:
    """All records under `/items` of the pages."""
    client = client_over(network)

    async def step(asking: Asking) -> Any:
        answer = await asking.sent(client)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status == 404:
            return NotFound(answer.received_at)
        document = parse_answer(answer, 10_000)
        return PageRead(document["items"], answer, document)

    return await read_pages(page(form), first, step, enough, "/base")


def numbers(request: httpx.Request, name: str) -> int:
    """A number of the request's query."""
    return int(request.url.params[name])


def by_page(request: httpx.Request) -> Any:
    """A source that counts pages from 1 and says the total."""
    start = (numbers(request, "page") - 1) * numbers(request, "limit")
    return {"items": PEOPLE[start : start + numbers(request, "limit")], "total": len(PEOPLE)}


def by_offset(request: httpx.Request) -> Any:
    """A source that counts records, and names the next page while there is one."""
    start, size = numbers(request, "offset"), numbers(request, "limit")
    more = start + size < len(PEOPLE)
    return {"items": PEOPLE[start : start + size], "next": "x" if more else None, "total": len(PEOPLE)}


def by_cursor(request: httpx.Request) -> Any:
    """A source with opaque cursors."""
    start = int(request.url.params.get("after", "c0")[1:])
    return {"items": PEOPLE[start : start + 3], "end": f"c{start + 3}" if start + 3 < 7 else None}


def by_link(request: httpx.Request) -> httpx.Response:
    """A source with RFC 8288 links, to itself as seen behind its proxy."""
    start = int(request.url.params.get("from", "0"))
    url = f"http://internal.invalid:8080/base/people?from={start + 3}"
    header = {"link": f'<http://x/>; rel="prev", <{url}>; title="a, b"; rel="last next"'} if start < 6 else {}
    return answered({"items": PEOPLE[start : start + 3]}, **header)


def by_url(request: httpx.Request) -> Any:
    """The same in the body."""
    start = int(request.url.params.get("from", "0"))
    url = f"https://other.example/base/people?from={start + 3}"
    return {"items": PEOPLE[start : start + 3], "next": url if start < 6 else ""}


FORMS = [
    (by_page, {"by": "page", "parameter": "page", "size": SIZE, "total": "/total"}, 3),
    (by_page, {"by": "page", "parameter": "page", "size": SIZE}, 3),
    (by_offset, {"by": "offset", "parameter": "offset", "size": SIZE, "total": "/total"}, 3),
    (by_offset, {"by": "offset", "parameter": "offset", "size": SIZE, "more": "/next"}, 3),
    (by_cursor, {"by": "cursor", "parameter": "after", "place": "/end"}, 3),
    (by_link, {"by": "link"}, 3),
    (by_url, {"by": "next_url", "place": "/next"}, 3),
]


@pytest.mark.parametrize(("script", "form", "pages"), FORMS)
async def test_read_pages__every_kind__all_records_once_and_one_host(
    script: Any, form: Mapping[str, Any], pages: int
):
    """All pages, in order, each asked once, all on the configured host."""
    network = FakeNetwork(script)
    assert await read(network, form) == PEOPLE
    assert len(network.sent) == pages
    assert {request.url.host for request in network.sent} == {"source.example"}


async def test_read_pages__none__one_request():
    """Without `page` there is one page."""
    network = FakeNetwork(by_cursor)
    assert await read(network, {"by": "none"}) == PEOPLE[:3]
    assert len(network.sent) == 1


@pytest.mark.parametrize(("script", "form", "pages"), FORMS)
async def test_read_pages__enough__stops_asking(script: Any, form: Mapping[str, Any], pages: int):
    """More than enough records end the asking: who is ambiguous after one page needs no second."""
    network = FakeNetwork(script)
    raw = await read(network, form, enough=2)
    assert raw == PEOPLE[:3]
    assert len(network.sent) == 1 < pages


async def test_read_pages__short_or_empty_page_with_a_link__goes_on():
    """A page that a filter emptied ends nothing while the source names a next one (OpenSPP)."""
    pages = {"/people": ([], "/b"), "/b": (PEOPLE[:1], "/c"), "/c": ([], "/d"), "/d": (PEOPLE[1:3], None)}

    def script(request: httpx.Request) -> Any:
        items, following = pages[request.url.path]
        return {"items": items, "next": following}

    assert await read(FakeNetwork(script), {"by": "next_url", "place": "/next"}) == PEOPLE[:3]


LIARS = {
    "repeats a cursor": (
        {"by": "cursor", "parameter": "after", "place": "/end"},
        lambda n: {"end": f"c{n % 2}"},
    ),
    "repeats a link": ({"by": "next_url", "place": "/end"}, lambda n: {"end": f"/p{n % 2}"}),
    "total changes": (
        {"by": "page", "parameter": "page", "size": {"parameter": "limit", "value": 1}, "total": "/total"},
        lambda n: {"total": 5 + n},
    ),
    "total too small": (
        {"by": "page", "parameter": "page", "size": {"parameter": "limit", "value": 1}, "total": "/total"},
        lambda _: {"total": 0},
    ),
    "no total": (
        {"by": "page", "parameter": "page", "size": {"parameter": "limit", "value": 1}, "total": "/total"},
        lambda _: {"total": "many"},
    ),
    "short page before its end": (
        {"by": "offset", "parameter": "offset", "size": SIZE, "total": "/total"},
        lambda _: {"total": 9},
    ),
    "link to a trick": ({"by": "next_url", "place": "/end"}, lambda _: {"end": "https://x/../admin"}),
    "link is a number": ({"by": "next_url", "place": "/end"}, lambda _: {"end": 7}),
    "cursor is an object": ({"by": "cursor", "parameter": "a", "place": "/end"}, lambda _: {"end": {"a": 1}}),
    "never ends": ({"by": "cursor", "parameter": "after", "place": "/end"}, lambda n: {"end": f"c{n}"}),
    "never ends and is empty": (
        {"by": "next_url", "place": "/end"},
        lambda n: {"end": f"/p{n}", "items": []},
    ),
}


@pytest.mark.parametrize("lie", LIARS)
async def test_read_pages__source_lies__misbehaving_after_few_pages(lie: str):
    """Loops, changed totals and odd links end in `Misbehaving`, never in a part that looks whole."""
    form, says = LIARS[lie]
    count = 0

    def script(_: httpx.Request) -> Any:
        nonlocal count
        count += 1
        return {"items": [{"id": count}], **says(count)}

    network = FakeNetwork(script)
    outcome = await read(network, form, enough=10_000)
    assert isinstance(outcome, Misbehaving), outcome
    assert len(network.sent) <= (MAX_PAGES if lie.startswith("never ends") else 3)


async def test_read_pages__page_parameter_ignored__misbehaving():
    """A source that sends the same page for every number would fill a list with one person."""
    outcome = await read(
        FakeNetwork(lambda _: {"items": PEOPLE[:3]}), {"by": "page", "parameter": "page", "size": SIZE}
    )
    assert outcome == Misbehaving("the source repeats a page")


async def test_read_pages__second_page_fails__its_failure_and_no_part():
    """Half a list is no list."""
    network = FakeNetwork(lambda request: by_url(request) if b"from" not in request.url.query else _down())
    outcome = await read(network, {"by": "next_url", "place": "/next"})
    assert isinstance(outcome, Unavailable)


def _down() -> Any:
    raise httpx.ConnectError("down")


async def test_read_pages__parameter_in_the_body__put_at_its_pointer():
    """POST searches and GraphQL page inside their body; the rest of it stays."""
    network = FakeNetwork(lambda _: {"items": []})
    first = Asking("POST", "/search", body={"query": {"a": 1}, "variables": {"nid": "1"}})
    form = {"by": "offset", "parameter": "/variables/skip", "size": {"parameter": "/limit", "value": 3}}
    await read(network, form, first=first)
    sent = network.sent[0]
    assert sent.content == b'{"query":{"a":1},"variables":{"nid":"1","skip":0},"limit":3}'


async def test_read_pages__window__every_day_in_one_slice():
    """Slices of time follow each other without a gap; one that is full was cut off."""
    form = {"by": "window", "start": "from", "end": "to", "days": 90, "back": 364, "full": 3}
    network = FakeNetwork(lambda request: {"items": [{"id": request.url.params["from"]}]})
    raw = await read(network, form)
    assert isinstance(raw, list)
    assert len(raw) == len(network.sent) == 5

    full = FakeNetwork(lambda _: {"items": PEOPLE[:3]})
    assert isinstance(await read(full, form), Misbehaving)


@given(days=st.integers(1, 400), back=st.integers(1, 1500))
def test_windows__any_length__cover_each_day_once(days: int, back: int):
    """The slices are disjoint, in order, and cover `back` days and today."""
    form = page({"by": "window", "start": "s", "end": "e", "days": days, "back": back})
    slices = [(date.fromisoformat(a), date.fromisoformat(b)) for a, b in windows(form, date(2026, 11, 23))]
    assert slices[0][1] == date(2026, 11, 23)
    assert sum((end - start).days + 1 for start, end in slices) == back + 1
    assert all((later[0] - earlier[1]).days == 1 for later, earlier in pairwise(slices))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://evil.example/people?page=2", "/people?page=2"),
        ("http://169.254.169.254/latest/meta-data", "/latest/meta-data"),
        ("/base/people?x=1", "/people?x=1"),
        ("//evil.example/people", "/people"),
        ("https://u:p@evil.example/people", "/people"),
        ("https://source.example/base", None),
        ("https://x/a/../b", None),
        ("https://x/a/%2e%2E/b", None),
        ("https://x/a\\b", None),
        ("https://x/a b", None),
        ("https://x/a\r\nX: 1", None),
        ("people?page=2", None),
        ("javascript:alert(1)", None),
        ("https://[x/", None),
        ("/" + "a" * 9000, None),
    ],
)
def test_rebased__any_url__path_and_query_or_nothing(url: str, expected: str | None):
    """A source's link never names the host (SSRF), and cannot climb out of its path."""
    assert rebased(url, "/base") == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://x/a>; rel="next"', "https://x/a"),
        ("<https://x/a>; rel=next", "https://x/a"),
        ('<https://x/a,b>; title="x; rel=next, <y>"; rel="prev", <https://x/c>; REL="Next"', "https://x/c"),
        ('<https://x/a>; rel="nextish"', None),
        ("", None),
        ("<" * 100_000, None),
    ],
)
def test_linked__header__only_the_next_relation(header: str, expected: str | None):
    """RFC 8288: several links, quoted parameters, several relations in one."""
    assert linked(header) == expected


async def test_read__not_found_before_the_announced_total__misbehaving():
    """A page that is gone does not make a shorter list whole, when the source said how long it is."""
    form = {"by": "page", "parameter": "page", "size": SIZE, "total": "/total"}
    network = FakeNetwork(
        lambda request: by_page(request) if numbers(request, "page") == 1 else answered({}, 404)
    )
    assert isinstance(await read(network, form), Misbehaving)
