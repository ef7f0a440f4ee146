"""The Ministry of Health's programme tracker: who is enrolled in which programme, and the visits made.

Everything has an eleven-character identifier that means nothing, as in DHIS2; `health_vocabulary` names them.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.health_vocabulary import ORG_UNITS, PROGRAMS, new_uid
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.names import in_second_script
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:
    """Write `health.db`; a second record of a person has an enrolment and visits of its own."""
    rng = Random(f"{seed}/health/details")
    homes, care_of = country.population.homes(), {care.national_id: care for care in country.sectors.care}
    entities: list[tuple[Any, ...]] = []
    enrollments: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for record in records:
        person, care = country.population.people[record.truth], care_of[record.truth]
        entity, enrollment = new_uid(rng), new_uid(rng)
        last = max((*care.visits, care.enrolled_on))
        entities.append((
            entity, record.national_id, record.given_names, record.family_name,
            in_second_script(record.full_name), record.born_on.isoformat(), person.sex[0].upper(),
            ORG_UNITS[homes[record.truth].district], int(person.protected),
            f"{care.enrolled_on}T08:00:00.000", f"{last}T10:15:00.000",
        ))  # fmt: skip
        active = (REFERENCE_DATE - care.enrolled_on).days < 900
        enrollments.append((
            enrollment, entity, PROGRAMS[care.programme], "ACTIVE" if active else "COMPLETED",
            f"{care.enrolled_on}T00:00:00.000",
        ))  # fmt: skip
        events += [(new_uid(rng), enrollment, f"{day}T00:00:00.000") for day in care.visits]
    tables = {"tracked_entities": entities, "enrollments": enrollments, "events": events}
    write_database(path, Path(__file__).with_suffix(".sql"), tables)
