"""The relief organisation's response MIS: registered households and distributions after the flood.

Codes are its own: districts are p-codes (`LUM05`), items `KIT` and `CASH`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database

_ITEMS: Final = {"emergency_kit": "KIT", "cash": "CASH"}


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `response.db`; a household registered twice was given everything twice."""
    assistance_of = {assistance.head: assistance for assistance in country.sectors.assistance}
    homes = country.population.homes()
    registrations: list[tuple[Any, ...]] = []
    distributions: list[tuple[Any, ...]] = []
    for serial, record in enumerate(records, start=1):
        case, assistance = f"R-{serial:05d}", assistance_of[record.truth]
        person, home = country.population.people[record.truth], homes[record.truth]
        estimated = (record.born_on.month, record.born_on.day) == (1, 1)
        registrations.append((
            case, record.national_id, record.full_name, record.born_on.isoformat(), int(estimated),
            person.sex[0].upper(), f"LUM{home.district[-2:]}", len(home.members), assistance.need,
            int(assistance.need <= 2),
        ))  # fmt: skip
        distributions += [
            (case, day.isoformat(), _ITEMS[item], str(value)) for day, item, value in assistance.given
        ]
    tables = {
        "registrations": registrations,
        "distributions": distributions,
        "refresh": [(f"{REFERENCE_DATE.isoformat()}T00:00:00Z",)],
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)
