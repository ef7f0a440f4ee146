"""The Revenue Authority's records: taxpayers under their own number (TIN), assessments by year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from examples.lumeria.country import CURRENCY, TAX_YEARS
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:
    """Write `tax.db`; a second record of a person is a second TIN without assessments."""
    rng = Random(f"{seed}/tax/details")
    numbers = [f"T{number:08d}" for number in rng.sample(range(10_000_000, 100_000_000), len(records))]
    tables = {
        "taxpayers": _taxpayers(country, records, numbers),
        "assessments": _assessments(rng, country, records, numbers),
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _taxpayers(country: Country, records: list[Shown], numbers: list[str]) -> Iterator[tuple[Any, ...]]:
    for tin, record in zip(numbers, records, strict=True):
        yield (
            tin,
            record.national_id,
            f"{record.family_name.upper()}, {record.given_names}",
            record.born_on.isoformat(),
            country.livelihoods[record.truth].occupation,
            "deceased" if record.died_on else "active",
        )


def _assessments(
    rng: Random, country: Country, records: list[Shown], numbers: list[str]
) -> Iterator[tuple[Any, ...]]:
    people, assessed = country.population.people, set()
    for tin, record in zip(numbers, records, strict=True):
        died_on = people[record.truth].died_on
        if record.truth in assessed:
            continue
        assessed.add(record.truth)
        for year, income in country.livelihoods[record.truth].incomes.items():
            if died_on is None or died_on.year > year:
                assessed_on = date(year + 1, 2, 1) + timedelta(rng.randint(0, 100))
                status = "provisional" if year == TAX_YEARS[-1] and rng.random() < 0.2 else "final"
                yield tin, year, str(income), CURRENCY, status, assessed_on.isoformat()
