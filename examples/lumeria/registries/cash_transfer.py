"""The cash-transfer MIS of the Ministry of Social Welfare: programme households, enrolments, payments.

The ministry pays until it hears of a death: an enrolment whose holder's death was not propagated stays
active. A person listed twice is enrolled twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from examples.lumeria.country import (
    CURRENCY,
    FLOOD_RELIEF,
    HOUSEHOLD_SURVEY_DATE,
    PROGRAMMES,
    REFERENCE_DATE,
    Programme,
)
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country, Enrolment
from examples.lumeria.registries.database import write_database

_PAY_DAY: Final = 25
_PAYMENTS_KEPT: Final = 6  # the MIS shows the last half year of an enrolment


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `cash-transfer.db`."""
    numbers = beneficiary_numbers(records)
    enrolments = list(_enrolments(country, numbers))
    homes = country.population.homes()
    listed = {homes[record.truth].number for record in records}
    tables: dict[str, Iterable[tuple[Any, ...]]] = {
        "programmes": [(p.code, p.name, str(p.amount), CURRENCY, p.frequency) for p in PROGRAMMES],
        "households": [
            (home.number, home.district, HOUSEHOLD_SURVEY_DATE.isoformat())
            for home in country.population.households
            if home.number in listed
        ],
        "beneficiaries": _beneficiaries(country, numbers),
        "enrolments": (row for row, _ in enrolments),
        "payments": (payment for _, payments in enrolments for payment in payments),
        "refresh": [(f"{REFERENCE_DATE.isoformat()}T00:00:00Z",)],
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _beneficiaries(country: Country, numbers: dict[str, Shown]) -> Iterator[tuple[Any, ...]]:
    homes, seen = country.population.homes(), set()
    for number, record in numbers.items():
        home = homes[record.truth]
        yield (
            number,
            home.number,
            record.national_id,
            record.given_names,
            record.family_name,
            record.born_on.isoformat(),
            country.population.people[record.truth].sex,
            next(member.relationship for member in home.members if member.national_id == record.truth),
            int(record.died_on is not None),
            int(record.truth in seen),
        )
        seen.add(record.truth)


def paid_enrolments(
    country: Country, records: list[Shown]
) -> Iterator[tuple[str, str, Programme, list[str], Shown]]:
    """Each enrolment's number, its beneficiary's, the programme, the days booked as paid, the record."""
    for key, number, enrolment, record in _numbered(country, beneficiary_numbers(records)):
        days = _pay_days(enrolment, _known_end(country, enrolment, record) or REFERENCE_DATE)
        yield key, number, enrolment.programme, [day.isoformat() for day in days], record


def beneficiary_numbers(records: list[Shown]) -> dict[str, Shown]:
    """The programme's own number of every record, in order."""
    return {f"MSW{serial:08d}": record for serial, record in enumerate(records, start=1)}


def _enrolments(
    country: Country, numbers: dict[str, Shown]
) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    for key, number, enrolment, record in _numbered(country, numbers):
        ended_on = _known_end(country, enrolment, record)
        days = _pay_days(enrolment, ended_on or REFERENCE_DATE)
        row = (
            key,
            number,
            enrolment.programme.code,
            _status(enrolment, ended_on),
            enrolment.started_on.isoformat(),
            ended_on.isoformat() if ended_on else None,
        )
        yield row, [(key, day.isoformat(), str(enrolment.programme.amount)) for day in days]


def _numbered(country: Country, numbers: dict[str, Shown]) -> Iterator[tuple[str, str, Enrolment, Shown]]:
    """Enrolments with their numbers, record by record."""
    by_person: dict[str, list[Enrolment]] = {}
    for enrolment in country.enrolments:
        by_person.setdefault(enrolment.national_id, []).append(enrolment)
    serial = 0
    for number, record in numbers.items():
        for enrolment in by_person.get(record.truth, []):
            serial += 1
            yield f"E{serial:08d}", number, enrolment, record


def _known_end(country: Country, enrolment: Enrolment, record: Shown) -> date | None:
    """When the ministry thinks that the enrolment ended; it ignores a death it has not heard of."""
    died_on = country.population.people[enrolment.national_id].died_on
    ended_by_death = died_on is not None and enrolment.ended_on == died_on
    return None if ended_by_death and record.died_on is None else enrolment.ended_on


def _status(enrolment: Enrolment, ended_on: date | None) -> str:
    if ended_on is None:
        return "active"
    return "completed" if enrolment.programme is FLOOD_RELIEF else "exited"


def _pay_days(enrolment: Enrolment, until: date) -> list[date]:
    """The last pay days between start and end, in order; a one-off benefit is paid on its last day."""
    if enrolment.programme.frequency == "once":
        return [until]
    days: list[date] = []
    year, month = until.year, until.month
    while len(days) < _PAYMENTS_KEPT and date(year, month, _PAY_DAY) >= enrolment.started_on:
        if date(year, month, _PAY_DAY) <= until:
            days.append(date(year, month, _PAY_DAY))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return days[::-1]
