"""Assembling: side by side, within one deadline, whatever the sources do."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from registry_virtual.assemble import GRACE_S, assemble
from registry_virtual.plan import ViewRequest
from registry_virtual.record import NO_ANSWER, AssembledRecord
from schemas.ask import Ask
from schemas.decision import Predicate
from schemas.errors import RequestMismatch
from tests.unit.registry_virtual.small_view import (
    CIVIL,
    FAILURES,
    HOUSEHOLD,
    MEMBERS,
    NOW,
    PERSON,
    RECORDS,
    SERVICES,
    VIEW,
    Sources,
    as_recorded,
    failed,
    request,
)

QUICK = replace(VIEW, deadline_ms=120)
SLACK_S = 0.25


async def assembled(sources: Sources, wanted: ViewRequest | None = None, view: Any = VIEW) -> AssembledRecord:
    return await assemble(view, wanted or request(), sources, lambda: NOW)


def statuses(record: AssembledRecord) -> dict[str, str]:
    return {name: claim.status for name, claim in record.attributes.items()}


async def test_assemble__all_sources_well__whole_record() -> None:
    """Every attribute is there, each source was asked once, and idle fallbacks were not."""
    sources = Sources()
    record = await assembled(sources)
    assert set(statuses(record).values()) == {"ok"}
    assert not record.degraded
    assert {service: len(sources.asked(service)) for service in SERVICES} == dict.fromkeys(SERVICES, 1)
    assert "residence" not in sources.asked(CIVIL)[0].fields


async def test_assemble__independent_sources__are_asked_side_by_side() -> None:
    """Three sources wait at the same time."""
    sources = Sources()
    await assembled(sources, request("names", "marital", "household"))
    assert sources.most_at_once == 3


async def test_assemble__nothing_requested__asks_nobody() -> None:
    """No field, no ask."""
    sources = Sources()
    await assembled(sources, ViewRequest(request().subject, ()))
    assert sources.asks == []


async def test_assemble__request_does_not_fit__asks_nobody() -> None:
    """The client's mistake is told before anything is asked."""
    sources = Sources()
    with pytest.raises(RequestMismatch):
        await assembled(sources, request("shoe_size"))
    assert sources.asks == []


SERVED = {
    PERSON: {"names"},
    CIVIL: {"marital"},
    HOUSEHOLD: {"household"},
    MEMBERS: {"relatives"},
}


@pytest.mark.parametrize(("service", "failure"), list(product(SERVICES, FAILURES)))
async def test_assemble__one_source_fails__only_its_own_attributes_show_it(
    service: Any, failure: str
) -> None:
    """The fault table: each source by each failure."""
    record = await assembled(Sources({service: lambda *_: failed(failure)}))
    seen = statuses(record)
    for owner, names in SERVED.items():
        for name in names:
            expected = failure if owner == service else "ok"
            if name == "relatives" and service == HOUSEHOLD:
                expected = "not_asked"
            assert seen[name] == expected
    assert seen["birth_date"] == "ok"
    assert seen["district"] == "ok"
    assert record.degraded == (failure in NO_ANSWER)


@pytest.mark.parametrize(
    ("pair", "failures"),
    list(product(combinations(SERVICES, 2), [("source_down", "not_found"), ("denied", "timeout")])),
)
async def test_assemble__two_sources_fail__the_others_answer(pair: Any, failures: Any) -> None:
    """The fault table by pairs: no failure spreads, none is taken for another."""
    sources = Sources({s: (lambda *_, f=f: failed(f)) for s, f in zip(pair, failures, strict=True)})
    record = await assembled(sources)
    seen = statuses(record)
    failing = dict(zip(pair, failures, strict=True))
    for owner, names in SERVED.items():
        for name in names - ({"relatives"} if HOUSEHOLD in failing else set()):
            assert seen[name] == failing.get(owner, "ok")
    if pair == (PERSON, CIVIL):
        passing = next(failure for failure in failures if failure in NO_ANSWER)
        assert seen["birth_date"] == seen["district"] == passing
    asked = {ask.service for ask in sources.asks}
    assert set(record.unanswered) == {s for s, f in failing.items() if f in NO_ANSWER and s in asked}


async def test_assemble__ask_raises__misbehaving_for_that_source_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A broken AskService is one source's failure, and its words stay out of the log."""

    def breaks(_ask: Ask, _deadline: float) -> Any:
        raise ValueError("LM-4711 Ana")

    with caplog.at_level(logging.DEBUG):
        record = await assembled(Sources({PERSON: breaks}), request("names", "marital"))
    assert statuses(record) == {"names": "misbehaving", "marital": "ok"}
    assert record.degraded
    assert "ValueError" in caplog.text
    assert "4711" not in caplog.text
    assert "Ana" not in caplog.text


@pytest.mark.parametrize("error", [asyncio.CancelledError, TimeoutError, ExceptionGroup("g", [ValueError()])])
async def test_assemble__ask_raises_something_odd__misbehaving(error: Any) -> None:
    """Even an error that asyncio itself uses does not stop the others."""

    def breaks(_ask: Ask, _deadline: float) -> Any:
        raise error

    record = await assembled(Sources({HOUSEHOLD: breaks}))
    assert statuses(record)["household"] == "misbehaving"
    assert statuses(record)["relatives"] == "not_asked"
    assert statuses(record)["names"] == "ok"


@pytest.mark.parametrize("wrong", [None, "ok", {}])
async def test_assemble__ask_returns_no_outcome__misbehaving(wrong: object) -> None:
    """What is not an outcome is not an answer."""
    record = await assembled(Sources({PERSON: lambda *_: wrong}), request("names"))
    assert statuses(record) == {"names": "misbehaving"}


async def hangs(_ask: Ask, _deadline: float) -> Any:
    await asyncio.sleep(30)


async def test_assemble__source_ignores_the_deadline__is_cut_off() -> None:
    """One hanging source costs the deadline, not the record."""
    started = time.monotonic()
    record = await assembled(Sources({CIVIL: hangs}), request("names", "marital"), QUICK)
    assert time.monotonic() - started < 0.12 + GRACE_S + SLACK_S
    assert statuses(record) == {"names": "ok", "marital": "timeout"}
    assert record.degraded


async def test_assemble__every_source_hangs__one_deadline_over_all() -> None:
    """Fallbacks and hops do not add their own deadlines."""
    started = time.monotonic()
    record = await assembled(Sources(dict.fromkeys(SERVICES, hangs)), view=QUICK)
    assert time.monotonic() - started < 0.12 + 2 * GRACE_S + SLACK_S
    assert set(statuses(record).values()) == {"timeout", "not_asked"}


async def test_assemble__preferred_source_hangs__leaves_time_for_the_fallback() -> None:
    """A step that others wait for gets a share of the time, so that they have some."""
    record = await assembled(Sources({PERSON: hangs}), request("district"), replace(VIEW, deadline_ms=300))
    claim = record.attributes["district"]
    assert (claim.status, claim.value, claim.source) == ("ok", "LM-02", CIVIL)
    assert record.unanswered == (PERSON,)


async def test_assemble__source_reports_its_own_timeout__receipt_is_kept() -> None:
    """An ask that ends at its deadline is not cut off before it can say so."""

    async def keeps_deadline(_ask: Ask, deadline: float) -> Any:
        await asyncio.sleep(deadline - time.monotonic())
        return replace(failed("timeout"), receipt="r-late")

    record = await assembled(Sources({PERSON: keeps_deadline}), request("names"), QUICK)
    assert record.attributes["names"].receipt == "r-late"


async def test_assemble__cancelled__asks_end_before_it_returns(caplog: pytest.LogCaptureFixture) -> None:
    """Cancelling leaves nothing running behind, starts nothing new, and is nobody's misbehaviour."""
    sources = Sources(dict.fromkeys(SERVICES, hangs))
    task = asyncio.create_task(assembled(sources))
    await asyncio.sleep(0.02)
    assert sources.under_way > 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sources.under_way == 0
    assert len(sources.asks) == 3
    assert caplog.records == []


async def test_assemble__predicates_only__asks_for_no_field() -> None:
    """Who asks yes or no gets yes or no, and no value travels."""
    sources = Sources()
    record = await assembled(sources, request(senior=Predicate("birth_date", "age_ge", 65)))
    assert record.predicates == {"senior": "yes"}
    assert record.attributes == {}
    assert [ask.fields for ask in sources.asks] == [(), ()]


async def test_assemble__fallback_also_serves_another_attribute__asked_again_only_when_needed() -> None:
    """A service may be asked a second time, but only for what its first answer was not asked for."""
    sources = Sources({PERSON: lambda *_: failed("source_down"), CIVIL: as_recorded})
    record = await assembled(sources, request("district", "marital"))
    assert [ask.fields for ask in sources.asked(CIVIL)] == [("marital",), ("residence",)]
    assert record.attributes["district"].value == RECORDS[CIVIL]["residence"]
