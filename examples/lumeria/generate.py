"""Generate the country: truth first, then what the registries show, then their files.

The same number of people and seed give the same rows and the same bytes of `labels.jsonl` and `story.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

import orjson

from examples.lumeria.country import REGISTRIES, data_of
from examples.lumeria.inconsistencies import Projection, project
from examples.lumeria.numbers import NationalIds
from examples.lumeria.population.cast import Cast, cast_story
from examples.lumeria.population.circumstances import circumstances
from examples.lumeria.population.settling import settle
from examples.lumeria.population.truth import Country
from examples.lumeria.registries import (
    cadastre,
    cash_transfer,
    civil_registry,
    disability,
    early_warning,
    education,
    grievance,
    health,
    insurance,
    national_id,
    payments,
    pension,
    response,
    tax,
    vehicles,
)
from examples.lumeria.story import tell_story

FEWEST_PEOPLE: Final = 500  # below, the story may find nobody for a role
_WRITERS: Final = dict(
    zip(
        REGISTRIES,
        (
            national_id.write, civil_registry.write, tax.write, disability.write, cash_transfer.write,
            pension.write, response.write, insurance.write, cadastre.write, education.write, health.write,
            vehicles.write,
        ),
        strict=True,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lumeria:
    """A generated country: the truth, the story's people, and what the registries show."""

    country: Country
    cast: Cast
    projection: Projection


def imagine(people: int, seed: int) -> Lumeria:
    """Make the country in memory. Raises PopulationTooSmallError when the story finds nobody for a role."""
    prefix = f"lumeria/{seed}"
    ids = NationalIds(Random(f"{prefix}/numbers"))
    population = settle(Random(f"{prefix}/people"), ids, people)
    population, cast = cast_story(Random(f"{prefix}/cast"), ids, population)
    country = circumstances(prefix, population, cast)
    return Lumeria(country, cast, project(prefix, ids, country, cast))


def generate(people: int, seed: int, out: Path) -> Lumeria:
    """Write each system's data, `labels.jsonl` and `story.json` into `out`, replacing older ones."""
    lumeria = imagine(people, seed)
    out.mkdir(parents=True, exist_ok=True)
    for registry, write in _WRITERS.items():
        records = lumeria.projection.records[registry]
        write(data_of(registry, out), f"lumeria/{seed}", lumeria.country, records)
    _write_platforms(f"lumeria/{seed}", out, lumeria)
    (out / "labels.jsonl").write_bytes(b"".join(_label_lines(lumeria)))
    story = tell_story(people, seed, lumeria.country, lumeria.cast, out)
    (out / "story.json").write_bytes(orjson.dumps(story, option=orjson.OPT_INDENT_2) + b"\n")
    return lumeria


def _write_platforms(prefix: str, out: Path, lumeria: Lumeria) -> None:
    """Write what hangs on the cash-transfer programme's records, and the alerts."""
    members, applicant = lumeria.projection.records["cash-transfer"], lumeria.cast.applicant
    grievance.write(data_of("grievance", out), prefix, lumeria.country, members, applicant)
    payments.write(data_of("payments", out), prefix, lumeria.country, members, applicant)
    early_warning.write(data_of("early-warning", out), lumeria.country.population.homes()[applicant].district)


def _label_lines(lumeria: Lumeria) -> Iterator[bytes]:
    for label in lumeria.projection.labels:
        yield orjson.dumps(asdict(label), option=orjson.OPT_APPEND_NEWLINE)
