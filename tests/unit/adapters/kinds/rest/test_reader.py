"""Kind `rest` against a hostile server: every misdeed becomes its outcome, nothing leaks."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.contract import Adapter
from adapters.opening import open_source
from adapters.source import Source
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.hostile_server import HostileServer, hostile_server
from tests.unit.adapters.small_source import TOKEN, ask, rest_source


@pytest.fixture
async def hostile() -> AsyncIterator[HostileServer]:
    """A hostile server."""
    async with hostile_server() as server:
        yield server


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[Adapter]:
    """An adapter between open and close."""
    adapter = open_source(source)
    await adapter.open()
    try:
        yield adapter
    finally:
        await adapter.close()


MISDEEDS = [
    ("match", Match),
    ("slow", Unavailable),
    ("drip", Unavailable),
    ("huge", Misbehaving),
    ("zipped", Misbehaving),
    ("redirect", Misbehaving),
    ("html", Misbehaving),
    ("truncated", Unavailable),
    ("half", Misbehaving),
    ("twice", Misbehaving),
    ("deep", Misbehaving),
    ("error200", Misbehaving),
    ("unknown", NotFound),
    ("lost", Misbehaving),
    ("refused", DeniedBySource),
    ("busy", Unavailable),
    ("crash", Unavailable),
    ("text", Misbehaving),
    ("two", Ambiguous),
    ("none", NotFound),
    ("typed", Misbehaving),
]


@pytest.mark.parametrize(("misdeed", "expected"), MISDEEDS)
async def test_fetch__misdeed__has_its_outcome_in_time_and_leaks_nothing(
    tmp_path: Path,
    hostile: HostileServer,
    caplog: pytest.LogCaptureFixture,
    misdeed: str,
    expected: type,
):
    """One question, one request, one outcome; canaries stay out of causes and logs."""
    caplog.set_level(logging.DEBUG)
    source = rest_source(tmp_path, hostile.url, ("timeout_ms: 1000", "timeout_ms: 400"))
    started = time.perf_counter()
    async with opened(source) as adapter:
        outcome = await adapter.fetch(ask("person", misdeed, "national_id", "family_name"))

    assert isinstance(outcome, expected), outcome
    assert time.perf_counter() - started < 0.8
    assert len(hostile.asked) == 1
    cause = getattr(outcome, "cause", "")
    assert "CANARY" not in cause
    assert TOKEN not in cause + caplog.text
    assert "CANARY-NAME" not in caplog.text


async def test_fetch__too_many_requests__passes_the_pause_on(tmp_path: Path, hostile: HostileServer):
    """A pause longer than a caller should wait is told, not waited for."""
    async with opened(rest_source(tmp_path, hostile.url, ("retries: 0", "retries: 2"))) as adapter:
        outcome = await adapter.fetch(ask("person", "busy", "national_id"))

    assert outcome == Unavailable("the source answered HTTP 429", retry_after_s=9.0)
    assert len(hostile.asked) == 1


async def test_fetch__fails_once__asked_again(tmp_path: Path, hostile: HostileServer):
    """A read is repeated as often as the file allows."""
    async with opened(rest_source(tmp_path, hostile.url, ("retries: 0", "retries: 1"))) as adapter:
        outcome = await adapter.fetch(ask("person", "flaky", "national_id"))

    assert isinstance(outcome, Match)
    assert len(hostile.asked) == 2


ECHOES = [
    "../admin",
    "a/b",
    "a?x=1",
    "a#b",
    "a%2fb",
    "a b",
    "a\r\nX-Evil: 1",
    "a;b",
    "ñ",
    "a&b=c",
    "{national_id}",
    "http://x",
]


@pytest.mark.parametrize("value", ECHOES)
async def test_fetch__injection_in_the_selector__stays_one_path_segment(
    tmp_path: Path, hostile: HostileServer, value: str
):
    """No value adds a segment, a parameter or a header, or leaves the host."""
    async with opened(rest_source(tmp_path, hostile.url)) as adapter:
        await adapter.fetch(ask("person", value, "national_id"))

    method, target, version = hostile.asked[0].split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    assert target.startswith("/persons/")
    assert target.count("/") == 2
    assert "?" not in target
    assert "X-Evil" not in hostile.heads[0].replace(target, "")


@pytest.mark.parametrize("value", [".", ".."])
async def test_fetch__dots__refused_without_a_request(tmp_path: Path, hostile: HostileServer, value: str):
    """What cannot be made safe is not sent."""
    async with opened(rest_source(tmp_path, hostile.url)) as adapter:
        outcome = await adapter.fetch(ask("person", value, "national_id"))

    assert isinstance(outcome, DeniedBySource)
    assert hostile.asked == []


async def test_fetch__proxy_in_the_environment__is_ignored(
    tmp_path: Path, hostile: HostileServer, monkeypatch: pytest.MonkeyPatch
):
    """Only the file decides where a question goes."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with opened(rest_source(tmp_path, hostile.url)) as adapter:
        assert isinstance(await adapter.fetch(ask("person", "match", "national_id")), Match)


async def test_fetch__request__carries_the_credential_and_asks_for_plain_json(
    tmp_path: Path, hostile: HostileServer
):
    """Headers of every request."""
    async with opened(rest_source(tmp_path, hostile.url)) as adapter:
        await adapter.fetch(ask("person", "match", "national_id"))

    head = hostile.heads[0].lower()
    assert f"authorization: bearer {TOKEN.lower()}" in head
    assert "accept-encoding: identity" in head


async def test_health__host_away__unavailable(tmp_path: Path):
    """Nobody listens."""
    async with opened(rest_source(tmp_path, "http://127.0.0.1:9")) as adapter:
        assert isinstance(await adapter.health(), Unavailable)


async def test_health__host_answers__well(tmp_path: Path, hostile: HostileServer):
    """Any answer below 500 is one."""
    async with opened(rest_source(tmp_path, hostile.url)) as adapter:
        assert await adapter.health() is None


async def test_fetch__answer_as_body__decimals_exact(tmp_path: Path, hostile: HostileServer):
    """Numbers keep their digits on the way in (see the tax fixtures for the mapping)."""
    from adapters.http.client import HttpAnswer, parse_answer

    answer = HttpAnswer(200, "application/json", b'{"a": 0.1000, "b": 1}', 0)

    assert str(parse_answer(answer, 100)["a"]) == "0.1000"
