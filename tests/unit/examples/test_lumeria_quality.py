"""`isthmus source quality` on Lumeria: what it counts is what the labels say was done to the data."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.quality.assessing import assess
from adapters.quality.report import ServiceQuality
from adapters.source_file import load_source
from schemas.record import Subject
from tests.unit.examples.sandbox import SECRETS, Sandbox

ADAPTERS = Path(__file__).resolve().parents[3] / "adapters"


async def report_of(
    sandbox: Sandbox, file: str, variable: str, registry: str, service: str
) -> ServiceQuality:
    """The report of one service over a ministry's database."""
    source = load_source(ADAPTERS / file, environment={variable: f"sqlite:///{sandbox.folder / registry}.db"})
    [report] = await assess(source, [service], by_area=True)
    return report


def labelled(sandbox: Sandbox, kind: str, registry: str) -> list[str]:
    """Whom a deviation was done to, by their true number."""
    return [
        label["national_id"]
        for label in sandbox.labels
        if (label["kind"], label["registry"]) == (kind, registry)
    ]


async def test_disability__one_row_for_a_person__exactly_the_labels(sandbox: Sandbox) -> None:
    """Missing numbers and double records, one by one."""
    report = await report_of(
        sandbox, "disability/lumeria.yaml", "LUMERIA_DISABILITY_DSN", "disability", "status"
    )

    [selector] = report.selectors
    missing, double = (
        labelled(sandbox, kind, "disability") for kind in ("national_id_missing", "duplicate_record")
    )
    assert missing
    assert double
    assert (selector.empty, selector.ambiguous, selector.ambiguous_records) == (
        len(missing),
        len(double),
        2 * len(double),
    )
    assert report.records == len(sandbox.lumeria.projection.records["disability"])
    assert report.unfit_records == 0


async def test_pension__one_row_for_a_pension__exactly_the_labels(sandbox: Sandbox) -> None:
    """Who is listed twice draws twice: two rows that differ in nothing."""
    report = await report_of(
        sandbox, "programme_mis/lumeria_pension.yaml", "LUMERIA_PENSION_DSN", "pension", "pensions"
    )

    assert report.selectors[0].empty == len(labelled(sandbox, "national_id_missing", "pension"))
    assert report.duplicates.identical == len(labelled(sandbox, "duplicate_record", "pension"))
    assert report.unfit_records == 0


async def test_cash_transfer__rows_of_enrolments__the_labels_times_them(sandbox: Sandbox) -> None:
    """A person's label shows in each of their enrolments."""
    report = await report_of(
        sandbox, "programme_mis/lumeria.yaml", "LUMERIA_CASH_TRANSFER_DSN", "cash-transfer", "benefits"
    )

    enrolments = Counter(one.national_id for one in sandbox.lumeria.country.enrolments)
    for kind, found in (
        ("national_id_missing", report.selectors[0].empty),
        ("duplicate_record", report.duplicates.identical),
    ):
        people = labelled(sandbox, kind, "cash-transfer")
        assert people
        assert found == sum(enrolments[person] for person in people)


PERSONS = """\
id: persons
title: Persons
kind: sql
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
connection: {dsn: "sqlite:///register.db"}
services:
  person:
    title: Person
    canonical: person/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: v_persons
    where: {national_id: $national_id}
    map: {national_id: national_id, given_names: given_names, family_name: family_name, birth_date: birth_date}
"""


@pytest.mark.parametrize("registry", ["national-id", "disability"])
async def test_persons__names_and_birth_dates__exactly_what_the_registry_shows(
    sandbox: Sandbox, tmp_path: Path, registry: str
) -> None:
    """Births on 1 January, one person under two numbers, two readings of one date: counted by hand."""
    shutil.copy(sandbox.folder / f"{registry}.db", tmp_path / "register.db")
    with closing(sqlite3.connect(tmp_path / "register.db")) as database:
        number = "nid" if registry == "national-id" else "national_id"
        columns = f"{number} AS national_id, given_names, family_name, birth_date"
        database.execute(f"CREATE VIEW v_persons AS SELECT {columns} FROM persons")
        database.commit()
    (tmp_path / "persons.yaml").write_text(PERSONS)
    [report] = await assess(load_source(tmp_path / "persons.yaml"))

    shown = sandbox.lumeria.projection.records[registry]
    numbers: dict[Any, set[Any]] = defaultdict(set)
    for at, record in enumerate(shown):
        numbers[record.full_name.casefold(), record.born_on].add(record.national_id or at)
    twice = [group for group in numbers.values() if len(group) > 1]
    first = report.first_of_january
    assert first is not None
    assert first.on_first == sum((one.born_on.month, one.born_on.day) == (1, 1) for one in shown)
    assert first.on_first >= len(labelled(sandbox, "birthday_first_january", registry)) > 0
    assert report.duplicates.same_person == len(twice)
    assert report.impossible_dates.keys() <= {"birth_date makes its holder older than 120 years"}
    if registry == "national-id":
        assert len(twice) >= len(labelled(sandbox, "duplicate_record", registry)) > 0


async def test_tax__asked_about_a_sample__honest_about_it(
    sandbox: Sandbox, system: Callable[[str], httpx.Client]
) -> None:
    """A system that answers about one person at a time: whoever lost their number there is not found."""
    lost = set(labelled(sandbox, "national_id_missing", "tax"))
    known = [one.truth for one in sandbox.lumeria.projection.records["tax"] if one.truth not in lost][:20]
    address = {"LUMERIA_TAX_URL": str(system("tax").base_url)}

    class Held:
        def get(self, name: str) -> str | None:
            return SECRETS.get(name)

    source = load_source(ADAPTERS / "tax" / "lumeria.yaml", Held(), address)
    asked = [Subject("national_id", number) for number in [*known, *sorted(lost)]]
    [report] = await assess(source, subjects=asked)

    assert report.sample is not None
    assert (report.method, report.sample.asked) == ("sample", len(asked))
    assert report.sample.outcomes["not found"] >= len(lost)
    assert sum(report.sample.outcomes.values()) == len(asked)
    assert report.records > 0
    assert not report.selectors
    [only] = await assess(source, subjects=asked, most=5)
    assert only.sample is not None
    assert only.sample.asked == 5
