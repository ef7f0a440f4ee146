"""The people of the demo's story, as the file `story.json` names them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from examples.lumeria.country import ATTENDANCE_MONTHS, ATTENDANCE_THRESHOLD, REFERENCE_DATE, data_of
from examples.lumeria.population.cast import Cast
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.early_warning import EXERCISE, FLOOD


def tell_story(people: int, seed: int, country: Country, cast: Cast, out: Path) -> dict[str, Any]:
    """List each role's person with what is true about them; `absent` has a number only.

    `out` holds the written registries, from which numbers are read that only they have given.
    """
    newborn = country.population.people[cast.newborn]
    deceased = country.population.people[cast.deceased_unpropagated]
    return {
        "instance": "LM",
        "reference_date": REFERENCE_DATE.isoformat(),
        "people": people,
        "seed": seed,
        "applicant": _described(country, cast.applicant) | {"household": _household(country, cast.applicant)},
        "newborn": _described(country, cast.newborn) | {"mother": newborn.mother, "father": newborn.father},
        "restricted": _described(country, cast.restricted) | {"protected": True},
        "deceased_unpropagated": _described(country, cast.deceased_unpropagated)
        | {"death_date": deceased.died_on.isoformat() if deceased.died_on else None},
        "ambiguous_name": _described(country, cast.ambiguous_name[0])
        | {"national_ids": list(cast.ambiguous_name)},
        "absent": {"national_id": cast.absent},
        "pensioner": _described(country, cast.pensioner) | _pension(country, cast.pensioner),
        "pupil": _described(country, cast.pupil) | _attendance(country, cast.pupil),
        "truant": _described(country, cast.truant) | _attendance(country, cast.truant),
        "attendance_threshold": ATTENDANCE_THRESHOLD,
        "insurance": _insurance(country, cast.applicant),
        "parcels": [
            {"parcel_no": parcel.number, "area_m2": parcel.area_m2, "owners": list(parcel.owners)}
            for parcel in country.sectors.parcels
            if cast.applicant in parcel.owners
        ],
        "health_programme": _care(country, cast.applicant),
        "alerts": {"actual": FLOOD, "exercise": EXERCISE},
        "grievance": _read(out, "grievance", "requests", "account_id = ?", cast.applicant),
        "payments": {
            "sent": _transfer(out, "status = 'IN_PROGRESS' AND payee_id = ?", cast.applicant),
            "failed": _transfer(out, "status = 'FAILED'"),
            "reconciled": _transfer(out, "reconciled_on IS NOT NULL AND payee_id = ?", cast.applicant),
        },
    }


def _described(country: Country, national_id: str) -> dict[str, Any]:
    person = country.population.people[national_id]
    return {
        "national_id": national_id,
        "full_name": person.full_name,
        "birth_date": person.born_on.isoformat(),
        "sex": person.sex,
        "district": country.population.homes()[national_id].district,
    }


def _household(country: Country, national_id: str) -> list[dict[str, str]]:
    home = country.population.homes()[national_id]
    return [
        {"national_id": member.national_id, "relationship": member.relationship} for member in home.members
    ]


def _pension(country: Country, national_id: str) -> dict[str, Any]:
    pension = next(one for one in country.sectors.pensions if one.national_id == national_id)
    return {"pension": {"kind": pension.kind, "amount": str(pension.amount)}}


def _attendance(country: Country, national_id: str) -> dict[str, Any]:
    schooling = next(one for one in country.sectors.schooling if one.national_id == national_id)
    rates = {
        month: round(100 * schooling.present[month] / days, 1) for month, days in ATTENDANCE_MONTHS.items()
    }
    return {"school": schooling.school, "attendance": rates}


def _insurance(country: Country, national_id: str) -> dict[str, Any]:
    """The household's cover; the dependants have none of their own."""
    home = country.population.homes()[national_id]
    cover = next(one for one in country.sectors.covers if one.household == home.number)
    dependants = [member.national_id for member in home.members if member.national_id != cover.head]
    return {
        "head": cover.head,
        "dependants": dependants,
        "plan": cover.plan,
        "expires_on": cover.expires_on.isoformat(),
    }


def _care(country: Country, national_id: str) -> dict[str, Any]:
    care = next(one for one in country.sectors.care if one.national_id == national_id)
    return {"programme": care.programme, "enrolled_on": care.enrolled_on.isoformat()}


def _transfer(out: Path, condition: str, *values: str) -> dict[str, Any]:
    return _read(
        out, "payments", "transfers", f"{condition} ORDER BY started_at DESC, transaction_id", *values
    )


def _read(out: Path, system: str, table: str, condition: str, *values: str) -> dict[str, Any]:
    """The first row of a table under a condition."""
    with closing(sqlite3.connect(data_of(system, out))) as database:
        database.row_factory = sqlite3.Row
        row = database.execute(f"SELECT * FROM {table} WHERE {condition}", values).fetchone()  # noqa: S608 our own
        return dict(row)
