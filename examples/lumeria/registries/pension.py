"""The pension MIS of the Ministry of Social Welfare: an old database with codes and Hijri dates.

The calendar is Umm al-Qura, as `hijridate` computes it. A person listed twice draws the pension twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from hijridate import Gregorian

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.names import fold
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database

NO_DATE: Final = "0000/00/00"
KINDS: Final = {"old_age": "10", "survivor": "20", "invalidity": "30"}
_SEXES: Final = {"male": "1", "female": "2"}


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `pension.db`."""
    numbered = [(f"{118 + 7 * serial:07d}", record) for serial, record in enumerate(records)]
    tables = {
        "PENSIONERS": _pensioners(country, numbered),
        "PENSIONS": _pensions(country, numbered),
        "refresh": [(f"{REFERENCE_DATE.isoformat()}T00:00:00Z",)],
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def hijri(day: date | None) -> str:
    """Write a day in the Hijri calendar as YYYY/MM/DD; nothing as the old system writes nothing."""
    return (
        NO_DATE
        if day is None
        else Gregorian(day.year, day.month, day.day).to_hijri().isoformat().replace("-", "/")
    )


def _pensioners(country: Country, numbered: list[tuple[str, Shown]]) -> Iterator[tuple[Any, ...]]:
    homes = country.population.homes()
    for number, record in numbered:
        person = country.population.people[record.truth]
        yield (
            number,
            record.national_id or "",
            fold(record.family_name).upper(),
            fold(record.given_names).upper(),
            hijri(record.born_on),
            _SEXES[person.sex],
            homes[record.truth].district,
            hijri(record.died_on),
            int(person.protected),
        )


def _pensions(country: Country, numbered: list[tuple[str, Shown]]) -> Iterator[tuple[Any, ...]]:
    pension_of = {pension.national_id: pension for pension in country.sectors.pensions}
    for number, record in numbered:
        pension = pension_of[record.truth]
        yield (
            number,
            KINDS[pension.kind],
            int(pension.amount * 100),
            hijri(pension.started_on),
            hijri(record.died_on),
        )
