"""The National Disability Council's records: those it certified, by domain of the Washington Group short
set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `disability.db`."""
    homes = country.population.homes()
    persons: list[tuple[Any, ...]] = []
    certificates: list[tuple[Any, ...]] = []
    limitations: list[tuple[Any, ...]] = []
    for serial, record in enumerate(records, start=1):
        person = country.population.people[record.truth]
        disability = country.disabilities[record.truth]
        if disability.certified_on is None or disability.valid_to is None:
            continue
        number = f"NDC-{serial:06d}"
        certified_on, valid_to = disability.certified_on.isoformat(), disability.valid_to.isoformat()
        persons.append((
            number, record.national_id, record.given_names, record.family_name, record.born_on.isoformat(),
            person.sex, homes[record.truth].district, int(record.died_on is not None), int(person.protected),
        ))  # fmt: skip
        certificates.append((number, certified_on, valid_to, int(disability.valid_to < REFERENCE_DATE)))
        limitations += [(number, domain, severity) for domain, severity in disability.severities.items()]
    tables = {
        "persons": persons,
        "certificates": certificates,
        "limitations": limitations,
        "refresh": [(f"{REFERENCE_DATE.isoformat()}T00:00:00Z",)],
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)
