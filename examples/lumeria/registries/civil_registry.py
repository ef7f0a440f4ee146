"""The Civil Registration Office's records: births with parents, deaths, marriages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.names import fold
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:
    """Write `civil-registry.db`."""
    rng = Random(f"{seed}/civil-registry/details")
    tables = {
        "births": _births(rng, country, records),
        "deaths": _deaths(rng, country, records),
        "marriages": (
            (f"M{serial:08d}", marriage.wife, marriage.husband, marriage.married_on.isoformat())
            for serial, marriage in enumerate(country.population.marriages, start=1)
        ),
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _births(rng: Random, country: Country, records: list[Shown]) -> Iterator[tuple[Any, ...]]:
    for serial, record in enumerate(records, start=1):
        person = country.population.people[record.truth]
        yield (
            f"B{serial:08d}",
            record.national_id,
            record.given_names,
            record.family_name,
            fold(record.full_name),
            person.sex,
            record.born_on.isoformat(),
            person.birth_district,
            person.mother,
            person.father,
            min(person.born_on + timedelta(rng.randint(1, 60)), REFERENCE_DATE).isoformat(),
        )


def _deaths(rng: Random, country: Country, records: list[Shown]) -> Iterator[tuple[Any, ...]]:
    homes = country.population.homes()
    for serial, record in enumerate(records, start=1):
        if record.died_on:
            registered_on = min(record.died_on + timedelta(rng.randint(1, 40)), REFERENCE_DATE)
            place = homes[record.truth].district
            yield (
                f"D{serial:08d}",
                f"B{serial:08d}",
                record.died_on.isoformat(),
                place,
                registered_on.isoformat(),
            )
