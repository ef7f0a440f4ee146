"""The people of the demo's story, as the file `story.json` names them."""

from __future__ import annotations

from typing import Any

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.population.cast import Cast
from examples.lumeria.population.truth import Country


def tell_story(people: int, seed: int, country: Country, cast: Cast) -> dict[str, Any]:
    """List each role's person with what is true about them; `absent` has a number only."""
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
