"""The National Identity Authority's records: everybody with a number, cards from 16 years on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from examples.lumeria.country import DISTRICT_BY_CODE, REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.names import fold, in_second_script
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:
    """Write `national-id.db`."""
    rows = _persons(Random(f"{seed}/national-id/details"), country, records)
    write_database(path, Path(__file__).with_suffix(".sql"), {"persons": rows})


def _persons(rng: Random, country: Country, records: list[Shown]) -> Iterator[tuple[Any, ...]]:
    homes = country.population.homes()
    for serial, record in enumerate(records, start=1):
        person = country.population.people[record.truth]
        home = homes[record.truth]
        has_card = person.age(person.died_on or REFERENCE_DATE) >= 16
        updated_on = record.died_on or max(person.born_on, REFERENCE_DATE - timedelta(rng.randint(1, 700)))
        issued_on = max(
            REFERENCE_DATE - timedelta(rng.randint(200, 3000)), person.born_on + timedelta(16 * 366)
        )
        yield (
            record.national_id,
            record.full_name,
            fold(record.full_name),
            record.given_names,
            record.family_name,
            in_second_script(record.full_name),
            record.born_on.isoformat(),
            person.sex,
            home.street,
            home.locality,
            home.district,
            DISTRICT_BY_CODE[home.district].name,
            f"photos/{rng.getrandbits(64):016x}.jpg" if has_card else None,
            f"LMC{serial:08d}" if has_card else None,
            min(issued_on, person.died_on or REFERENCE_DATE).isoformat() if has_card else None,
            "deceased" if record.died_on else "active",
            int(person.protected),
            f"{updated_on.isoformat()}T08:00:00Z",
        )
