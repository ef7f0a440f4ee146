"""The checks that no wrong class of an author can break: the shared code itself is broken instead, one
place at a time, and the check about it must see it. Together with `test_checks` every check is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import bench
from adapters.conformance.running import examine, examine_file
from adapters.conformance.verdict import Report
from adapters.contract import Adapter, Query
from adapters.fixtures import OFFLINE_SECRET, load_offline
from adapters.http import paging
from adapters.http.auth.tokens import TokenHeader
from adapters.kinds import new_kind
from adapters.mapped import Mapped
from adapters.opening import open_source
from adapters.source import Source
from adapters.yaml_lines import load
from schemas.outcome import Match, Misbehaving, Outcome

ADAPTERS = Path(__file__).resolve().parents[4] / "adapters"
REST = ADAPTERS / "programme_mis" / "openspp_individual.yaml"
EDUCATION = ADAPTERS / "education" / "oneroster.yaml"
SQL = ADAPTERS / "programme_mis" / "lumeria.yaml"

Opening = Callable[[Source], Adapter]


def failed(report: Report) -> set[int]:
    """The numbers of the checks that failed."""
    return {verdict.check.number for verdict in report.failed}


def cases_of(path: Path) -> list[dict[str, Any]]:
    """The fixture cases beside a source file."""
    return list(load(path.parent / "fixtures" / path.name).value["cases"])


@pytest.fixture
def opened_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Opening], None]:
    """Has adapters of the kit opened by another function."""

    def put(opening: Opening) -> None:
        monkeypatch.setattr(bench, "open_source", opening)

    return put


class TellsAll(Mapped):
    """Gives every field, whatever was asked, with no wrapper around it."""

    async def fetch(self, query: Query) -> Outcome:  # noqa: D102
        whole = self._source.record_service(query.service).fields
        return await super().fetch(replace(query, fields=whole))


class TellsTomorrow(Mapped):
    """Vouches for a day to come."""

    async def fetch(self, query: Query) -> Outcome:  # noqa: D102
        outcome = await super().fetch(query)
        return replace(outcome, as_of=4_102_444_800) if isinstance(outcome, Match) else outcome


async def test_form__complaints_or_a_secret_in_clear__fails_check_1() -> None:
    """What `source check` complains about, and a secret that a print of the source would show."""
    source, cases = load_offline(SQL), cases_of(SQL)

    assert 1 in failed(await examine(source, cases, complaints=["line 3: a password stands in the file"]))
    assert 1 in failed(await examine(replace(source, title=OFFLINE_SECRET), cases))


@pytest.mark.parametrize(
    "change",
    [
        lambda case: None if case["expect"]["outcome"] == "match" else case,
        lambda case: {**case, "expect": {"outcome": case["expect"]["outcome"]}},
        lambda case: (
            {**case, "expect": {**case["expect"], "record": {}}} if "record" in case["expect"] else case
        ),
    ],
    ids=["none recorded", "no record expected", "another record expected"],
)
async def test_match__not_proved__fails_check_4(change: Callable[[Any], Any]) -> None:
    """A match that nobody compared with anything is no match."""
    cases = [changed for case in cases_of(SQL) if (changed := change(case)) is not None]

    assert 4 in failed(await examine(load_offline(SQL), cases))


async def test_match__one_service_without_cases__fails_check_4() -> None:
    """Every service needs its own proof."""
    cases = [case for case in cases_of(SQL) if case["service"] != "household"]

    assert 4 in failed(await examine(load_offline(SQL), cases))


async def test_wrappers__gone_around__fails_check_8(opened_by: Callable[[Opening], None]) -> None:
    """More than was asked comes out, and a foreign field reaches the system."""
    opened_by(lambda source: TellsAll(source, new_kind(source)))

    assert 8 in failed(await examine_file(SQL))


async def test_token__never_renewed__fails_check_13(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that keeps its old token."""
    monkeypatch.setattr(TokenHeader, "renews", lambda *_: False)

    assert failed(await examine_file(REST)) == {13}


async def test_pages__repeated_page_taken_for_the_end__fails_check_16(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list with a gap looks like a whole one."""
    after = paging._Walk.after

    def lenient(self: Any, *arguments: Any) -> Any:
        found = after(self, *arguments)
        return None if isinstance(found, Misbehaving) else found

    monkeypatch.setattr(paging._Walk, "after", lenient)

    assert 16 in failed(await examine_file(EDUCATION))


async def test_concurrency__not_bounded__fails_check_17(opened_by: Callable[[Opening], None]) -> None:
    """An adapter that asks as often as it is asked."""
    opened_by(lambda source: open_source(replace(source, limits=replace(source.limits, concurrency=100))))

    assert 17 in failed(await examine_file(REST))


async def test_moment__of_a_day_to_come__fails_check_20(opened_by: Callable[[Opening], None]) -> None:
    """Nobody can vouch for tomorrow."""
    opened_by(lambda source: TellsTomorrow(source, new_kind(source)))

    assert 20 in failed(await examine_file(SQL))


async def test_second_service__broken_alone__is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every service is looked at, not the first one alone."""

    class HidesErrors(Mapped):
        async def fetch(self, query: Query) -> Outcome:
            outcome = await super().fetch(query)
            if query.service == "household" and not isinstance(outcome, Match):
                return Match({}, 0)
            return outcome

    monkeypatch.setattr(bench, "open_source", lambda source: HidesErrors(source, new_kind(source)))

    assert 11 in failed(await examine_file(SQL))
