"""Kind `python`: its configuration is checked with line and cure, its causes tell no value."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.python_source import source_of
from adapters.contract import Query
from adapters.custom import Ambiguous, Denied, NotFound, Question, Told, Unavailable
from adapters.fixtures import load_offline, run_fixtures
from adapters.kinds.python import form
from adapters.opening import open_source
from adapters.python_files import python_files
from adapters.trying import check_source
from examples.python_adapter.old_tax import OldTax
from schemas import outcome
from schemas.errors import ConfigurationError
from schemas.record import Subject

FILE = Path(__file__).parents[5] / "examples" / "python_adapter" / "old-tax.yaml"
CONFIG = {"base_url": "https://old.revenue.example", "user": "isthmus", "password": "offline-old"}
FIELDS = ("tax_year", "taxpayer_status", "income_band")


class Raises(OldTax):
    """Raises what it was told to."""

    raised: Exception = NotFound()

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:  # noqa: D102
        raise self.raised
        yield {}


async def _outcome(raised: Exception) -> outcome.Outcome:
    source = await source_of(type("Once", (Raises,), {"raised": raised}), CONFIG)
    adapter = open_source(source)
    await adapter.open()
    try:
        return await adapter.fetch(Query("income-band", Subject("national_id", "0000000017"), FIELDS))
    finally:
        await adapter.close()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (NotFound(as_of=7), outcome.NotFound(7)),
        (Denied("no account"), outcome.DeniedBySource("no account")),
        (Unavailable("night batch", retry_after_s=90), outcome.Unavailable("night batch", retry_after_s=90)),
        (Told("odd answer"), outcome.Misbehaving("odd answer")),
    ],
)
async def test_fetch__author_raises__is_that_outcome(raised: Told, expected: outcome.Outcome) -> None:
    """Each exception of an author is the outcome of its name."""
    assert await _outcome(raised) == expected


async def test_fetch__ambiguous__counts_at_least_two() -> None:
    """Several are never fewer than two."""
    told = await _outcome(Ambiguous(1))
    assert isinstance(told, outcome.Ambiguous)
    assert told.candidates == 2


@pytest.mark.parametrize("value", ["0000000017", "offline-old"])
async def test_fetch__cause_that_quotes_a_value__is_replaced(value: str) -> None:
    """Neither the subject nor a secret leaves in an author's cause."""
    told = await _outcome(Unavailable(f"cannot ask {value} now"))
    assert told == outcome.Unavailable("the adapter's cause quoted a value")


async def test_fetch__any_other_error__is_told_by_its_class_only() -> None:
    """The text of an unforeseen error may quote anything."""
    told = await _outcome(ValueError("0000000017"))
    assert told == outcome.Misbehaving("the adapter failed with ValueError")


async def test_example__fixtures__pass() -> None:
    """The example's recorded answers give what they must, through its source file."""
    with python_files(allowed=True):
        results = await run_fixtures(FILE)
    assert [one.differs for one in results] == [""] * 5


def test_example__python_files_are_off__is_refused() -> None:
    """The example's file names a Python file: refused where nobody allowed it."""
    assert not [one for one in check_source(FILE) if one.level == "error"]
    with pytest.raises(ConfigurationError, match=r"old-tax\.yaml:8.*allow_python_files"):
        load_offline(FILE)


def test_config__literal_secret__is_an_error_with_line_and_cure(tmp_path: Path) -> None:
    """A password in the file is an error at its line."""
    path = tmp_path / "old-tax.yaml"
    path.write_text(FILE.read_text().replace("${secret:OLD_TAX_PASSWORD}", "CANARY"))
    [found] = [one for one in check_source(path) if one.level == "error"]
    assert (found.line, found.what) == (14, "`password` is a secret")
    assert "CANARY" not in str(found)


def test_config__of_an_installed_adapter__is_checked_member_by_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown and missing members are found without a secret and without the system."""
    monkeypatch.setattr(form, "installed", lambda _name: OldTax)
    lines = [line for line in FILE.read_text().splitlines() if "sha256" not in line]
    text = "\n".join(lines).replace("file: ./old_tax.py", "adapter: old-tax").replace("user:", "usr:")
    path = tmp_path / "old-tax.yaml"
    path.write_text(text)
    found = {(one.line, one.what) for one in check_source(path) if one.level == "error"}
    assert (12, "Extra inputs are not permitted") in found
    assert any(what == "Field required" for _, what in found)
