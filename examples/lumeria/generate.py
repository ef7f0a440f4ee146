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

from examples.lumeria.country import REGISTRIES
from examples.lumeria.inconsistencies import Projection, project
from examples.lumeria.numbers import NationalIds
from examples.lumeria.population.cast import Cast, cast_story
from examples.lumeria.population.circumstances import circumstances
from examples.lumeria.population.settling import settle
from examples.lumeria.population.truth import Country
from examples.lumeria.registries import cash_transfer, civil_registry, disability, national_id, tax
from examples.lumeria.story import tell_story

FEWEST_PEOPLE: Final = 500  # below, the story may find nobody for a role
_WRITERS: Final = dict(
    zip(
        REGISTRIES,
        (national_id.write, civil_registry.write, tax.write, disability.write, cash_transfer.write),
        strict=True,
    )
)


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
    """Write one database per ministry, `labels.jsonl` and `story.json` into `out`, replacing older ones."""
    lumeria = imagine(people, seed)
    out.mkdir(parents=True, exist_ok=True)
    for registry, write in _WRITERS.items():
        records = lumeria.projection.records[registry]
        write(out / f"{registry}.db", f"lumeria/{seed}", lumeria.country, records)
    (out / "labels.jsonl").write_bytes(b"".join(_label_lines(lumeria)))
    story = tell_story(people, seed, lumeria.country, lumeria.cast)
    (out / "story.json").write_bytes(orjson.dumps(story, option=orjson.OPT_INDENT_2) + b"\n")
    return lumeria


def _label_lines(lumeria: Lumeria) -> Iterator[bytes]:
    for label in lumeria.projection.labels:
        yield orjson.dumps(asdict(label), option=orjson.OPT_APPEND_NEWLINE)
