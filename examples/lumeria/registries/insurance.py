"""The Social Security Fund's records: families, their insured members, and the head's policy.

Dependants hold no policy: their cover is their head's. The head is somebody the fund believes alive.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:
    """Write `insurance.db`; a second record of a person is a second insuree without a policy."""
    rng = Random(f"{seed}/insurance/details")
    homes = country.population.homes()
    families: dict[str, str] = {}
    heads: dict[str, str] = {}
    insurees: list[tuple[Any, ...]] = []
    seen: set[str] = set()
    for serial, record in enumerate(records, start=1):
        person, home = country.population.people[record.truth], homes[record.truth]
        family = families.setdefault(home.number, _uuid(rng))
        is_head = record.truth == home.head and record.truth not in seen
        seen.add(record.truth)
        number = f"{serial * 37:09d}"
        if is_head:
            heads[home.number] = number
        insurees.append((
            number, _uuid(rng), family, record.national_id, record.given_names, record.family_name,
            record.born_on.isoformat(), person.sex, home.district,
            record.died_on.isoformat() if record.died_on else None, int(is_head), int(person.protected),
        ))  # fmt: skip
    policies = [
        (
            _uuid(rng),
            families[cover.household],
            heads[cover.household],
            cover.plan,
            cover.starts_on.isoformat(),
            cover.expires_on.isoformat(),
            "active" if cover.expires_on >= REFERENCE_DATE else "cancelled",
        )
        for cover in country.sectors.covers
    ]
    tables = {"insurees": insurees, "policies": policies}
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))
