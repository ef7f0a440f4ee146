"""Every check of the kit catches the mistake it is about: a right adapter is broken, one way at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.conformance.checks import CHECKS
from adapters.conformance.python_source import source_of
from adapters.conformance.running import examine
from adapters.conformance.verdict import Report
from adapters.custom import Misbehaving, NotFound, Offer, Question, SourceAdapter, Unavailable
from adapters.yaml_lines import load
from examples.python_adapter.old_tax import OldTax

FOLDER = Path(__file__).parents[4] / "examples" / "python_adapter"
CASES = load(FOLDER / "fixtures" / "old-tax.yaml").value["cases"]
CONFIG = {"base_url": "https://old.revenue.example", "user": "isthmus", "password": "offline-old"}


async def report_of(adapter: type[SourceAdapter], exempt: Mapping[int, str] | None = None) -> Report:
    return await examine(await source_of(adapter, CONFIG), CASES, exempt=exempt)


class AlwaysWell(OldTax):
    """Says yes without asking."""

    async def health(self) -> None:
        """Well."""


class Wavers(OldTax):
    """Lists its services under another title each time."""

    async def discover(self) -> Sequence[Offer]:  # noqa: D102
        self.turn = getattr(self, "turn", 0) + 1
        return [replace(offer, title=str(self.turn)) for offer in await super().discover()]


class FirstOnly(OldTax):
    """Chooses the first candidate."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        async for record in super().fetch(question):
            yield record
            return


class SilenceIsNobody(OldTax):
    """Takes silence for nobody."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        try:
            async for record in super().fetch(question):
                yield record
        except Unavailable:
            raise NotFound from None


class ErrorIsNobody(OldTax):
    """Takes an error for nobody."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        try:
            async for record in super().fetch(question):
                yield record
        except Misbehaving:
            raise NotFound from None


class Blocks(OldTax):
    """Blocks the event loop."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        time.sleep(0.5)  # noqa: ASYNC251 - the mistake
        async for record in super().fetch(question):
            yield record


class Hammers(OldTax):
    """Asks again by itself."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        for attempt in range(4):
            try:
                async for record in super().fetch(question):
                    yield record
            except Unavailable:
                if attempt == 3:
                    raise
            else:
                return


class Follows(OldTax):
    """Follows redirects."""

    async def open(self) -> None:  # noqa: D102
        await super().open()
        self._client.follow_redirects = True


class Pastes(OldTax):
    """Pastes the value into the form."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        try:
            content = f"PIN={question.value}&YEAR=latest".encode()
            await self._client.post(
                "/cgi/assess",
                content=content,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        except httpx.TransportError:
            raise Unavailable("down") from None
        async for record in super().fetch(question):
            yield record


class Talks(OldTax):
    """Logs whom it asks about."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        logging.getLogger("legacy").info("asking about %s", question.value)
        async for record in super().fetch(question):
            yield record


class Remembers(OldTax):
    """Keeps state between questions."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        self.year = getattr(self, "year", 2024) + 1
        async for record in super().fetch(question):
            yield {**record, "tax_year": self.year}


class Forgiving(OldTax):
    """Makes a record of an error."""

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        try:
            async for record in super().fetch(question):
                yield record
        except Misbehaving:
            yield {"tax_year": 2025, "taxpayer_status": None, "income_band": None}


@pytest.mark.parametrize(
    ("adapter", "check"),
    [
        (AlwaysWell, 2),
        (Wavers, 3),
        (SilenceIsNobody, 5),
        (FirstOnly, 6),
        (Forgiving, 7),
        (Blocks, 9),
        (Hammers, 10),
        (Follows, 11),
        (ErrorIsNobody, 12),
        (Pastes, 14),
        (Talks, 15),
        (Remembers, 18),
        (Forgiving, 19),
    ],
)
async def test_check__mistake__is_found(adapter: type[SourceAdapter], check: int) -> None:
    """The check about a mistake fails for an adapter that makes it."""
    report = await report_of(adapter)
    assert check in {one.check.number for one in report.failed}


async def test_report__right_adapter__is_gold() -> None:
    """An adapter without these mistakes keeps every rule, or says why a rule does not apply."""
    report = await report_of(OldTax)
    assert report.tier == "gold", report.failed
    assert {one.check.number for one in report.verdicts if one.state == "exempt"} == {13, 16}


async def test_report__tier__ends_where_a_check_fails() -> None:
    """A failed bronze check leaves no tier, a failed silver one leaves bronze."""
    assert (await report_of(AlwaysWell)).tier is None
    assert (await report_of(Follows)).tier == "bronze"


async def test_exemption__with_a_reason__is_shown_and_does_not_fail() -> None:
    """An exempt check does not fail the source; its reason stands in the report."""
    report = await report_of(AlwaysWell, {2: "the old system has no way to be asked nothing"})
    verdict = report.verdicts[1]
    assert (verdict.state, verdict.why) == ("exempt", "the old system has no way to be asked nothing")
    assert not verdict.unfounded


async def test_exemption__of_a_rule_that_is_kept__is_reported() -> None:
    """An exemption from a check that passes says something untrue, and is marked."""
    report = await report_of(OldTax, {17: "it has no way to be asked at once"})
    assert report.verdicts[16].unfounded


def test_checks__are_twenty__each_with_rule_and_cure() -> None:
    """The kit has the twenty checks of the specification, in three tiers, each in words."""
    assert [check.number for check in CHECKS] == list(range(1, 21))
    assert [check.tier for check in CHECKS] == ["bronze"] * 8 + ["silver"] * 7 + ["gold"] * 5
    assert all(check.rule.endswith(".") and check.cure for check in CHECKS)
