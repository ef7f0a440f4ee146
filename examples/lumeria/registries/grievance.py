"""The grievance desk's requests: lodged by people who receive, or should receive, a cash benefit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from examples.lumeria.country import DISTRICT_BY_CODE, REFERENCE_DATE
from examples.lumeria.geography import centre
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database

SERVICES: Final = {  # code: name, description, group
    "late-payment": ("Late payment", "A benefit was due and has not arrived.", "payments"),
    "wrong-amount": ("Wrong amount", "Another amount arrived than was due.", "payments"),
    "exclusion": ("Left out", "Somebody who should be in a programme is not.", "targeting"),
    "data-correction": ("Wrong data", "A registry holds something wrong about a person.", "data"),
    "misconduct": ("Misconduct", "An officer or agent did wrong.", "conduct"),
}
_SHARE: Final = 0.04  # of the programme's members
_FREQUENCIES: Final = (0.4, 0.15, 0.2, 0.2, 0.05)  # of the services, in their order


def write(path: Path, seed: str, country: Country, records: list[Shown], always: str) -> None:
    """Write `grievance.db` from the cash-transfer programme's members; `always` complains of lateness."""
    rng = Random(f"{seed}/grievance")
    lodgers = [r for r in records if r.truth == always or rng.random() < _SHARE]
    rows = _requests(rng, country, lodgers, always)
    write_database(path, Path(__file__).with_suffix(".sql"), {"requests": rows})


def _requests(rng: Random, country: Country, lodgers: list[Shown], always: str) -> Iterator[tuple[Any, ...]]:
    homes = country.population.homes()
    for serial, record in enumerate(lodgers, start=1):
        story = record.truth == always
        drawn = rng.choices(list(SERVICES), _FREQUENCIES)[0]
        code = "late-payment" if story else drawn
        age = 9 if story else rng.randint(2, 200)
        is_open = story or rng.random() < (0.8 if age < 30 else 0.1)
        lodged = REFERENCE_DATE - timedelta(age)
        updated = lodged if is_open else lodged + timedelta(min(age, rng.randint(1, 40)))
        anonymous = code == "misconduct"
        home = homes[record.truth]
        district, (longitude, latitude) = DISTRICT_BY_CODE[home.district], centre(home.district)
        yield (
            f"GR-2026-{serial:05d}",
            code,
            "open" if is_open else "closed",
            None if is_open else "Answered and closed.",
            SERVICES[code][1],
            None if anonymous else record.national_id,
            f"{lodged}T09:00:00Z",
            f"{updated}T15:00:00Z",
            f"{lodged + timedelta(21)}T00:00:00Z",
            f"{home.locality}, {district.name}",
            district.code,
            longitude,
            latitude,
        )
