"""Cast the people of the demo's story: chosen by their place in the population, then kept free of other
defects.

Casting comes before incomes, disabilities and benefits, which are drawn at random for everybody else and
given to the cast as the story needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Final

from examples.lumeria.country import HOUSEHOLD_SURVEY_DATE, REFERENCE_DATE
from examples.lumeria.numbers import NationalIds
from examples.lumeria.population.truth import Household, Person, Population

_PROTECTED_SHARE: Final = 0.003
_UNNOTICED_DEATH: Final = REFERENCE_DATE - timedelta(136)


class PopulationTooSmallError(ValueError):
    """The population has nobody for a role of the story; generate more people."""


@dataclass(frozen=True, slots=True)
class Cast:
    """National IDs by role; `absent` is well formed and belongs to nobody."""

    applicant: str
    newborn: str
    restricted: str
    deceased_unpropagated: str
    ambiguous_name: tuple[str, str]
    absent: str
    pensioner: str
    pupil: str  # attends above the threshold
    truant: str  # attends below it

    def people(self) -> frozenset[str]:
        """Everybody in the cast who exists."""
        roles = (self.applicant, self.newborn, self.restricted, self.deceased_unpropagated)
        later = (self.pensioner, self.pupil, self.truant)
        return frozenset((*roles, *self.ambiguous_name, *later))


def cast_story(rng: Random, ids: NationalIds, population: Population) -> tuple[Population, Cast]:
    """Choose the cast and make the few facts true that the story needs.

    Raises PopulationTooSmallError when a role cannot be filled.
    """
    people = dict(population.people)
    applicant = _pick("applicant", _applicants(population))
    taken = {member.national_id for member in population.homes()[applicant].members}
    babies = [person for person in people.values() if _is_newborn(person) and person.national_id not in taken]
    babies.sort(key=lambda person: (person.born_on, person.national_id), reverse=True)
    newborn = _pick("newborn", (person.national_id for person in babies))
    taken |= {newborn, people[newborn].mother or ""}
    restricted = _pick("restricted", (
        person.national_id
        for person in people.values()
        if person.sex == "female" and _is_adult(person) and person.national_id not in taken
    ))  # fmt: skip
    taken.add(restricted)
    deceased = _pick("deceased_unpropagated", (
        person.national_id
        for person in people.values()
        if person.died_on and person.age() >= 30 and person.national_id not in taken
    ))  # fmt: skip
    taken.add(deceased)
    pair = _namesakes(population, taken)
    first, second = (people[national_id] for national_id in pair)

    people[deceased] = replace(people[deceased], died_on=_UNNOTICED_DEATH)
    people[second.national_id] = replace(
        second, given_names=first.given_names, family_name=first.family_name, born_on=first.born_on
    )
    _protect(rng, people, always=restricted, never=taken - {restricted} | set(pair))
    taken |= set(pair)
    pensioner = _pick("pensioner", (
        person.national_id
        for person in people.values()
        if person.age() >= 66 and person.died_on is None and person.national_id not in taken
    ))  # fmt: skip
    pupil, truant = _pupils(population, applicant, taken)
    cast = Cast(applicant, newborn, restricted, deceased, pair, ids.issue(), pensioner, pupil, truant)
    return Population(people, population.households, population.marriages), cast


def _applicants(population: Population) -> list[str]:
    """Heads aged 28-48 with a living spouse and at least two children, all in the last household survey."""
    return [home.head for home in population.households if _fits_applicant(home, population.people)]


def _fits_applicant(home: Household, people: dict[str, Person]) -> bool:
    members = [people[member.national_id] for member in home.members]
    roles = [member.relationship for member in home.members]
    return (
        28 <= members[0].age() <= 48
        and roles.count("spouse") == 1
        and sum(role == "child" and person.age() < 16 for role, person in zip(roles, members, strict=True))
        >= 2
        and all(person.died_on is None and person.born_on <= HOUSEHOLD_SURVEY_DATE for person in members)
    )


def _pupils(population: Population, applicant: str, taken: set[str]) -> tuple[str, str]:
    """Two children of school age, the applicant's own first."""
    own = [member.national_id for member in population.homes()[applicant].members]
    others = [national_id for national_id in population.people if national_id not in taken]
    fit = [
        national_id
        for national_id in (*own, *others)
        if (person := population.people[national_id]).died_on is None and 7 <= person.age() <= 15
    ]
    if len(fit) < 2:
        raise PopulationTooSmallError("nobody fits the role 'truant'; generate more people")
    return fit[0], fit[1]


def _is_newborn(person: Person) -> bool:
    return person.died_on is None and person.mother is not None and person.born_on > HOUSEHOLD_SURVEY_DATE


def _is_adult(person: Person) -> bool:
    return person.died_on is None and 25 <= person.age() <= 60


def _namesakes(population: Population, taken: set[str]) -> tuple[str, str]:
    """Two people living alone, without kin: whose name and birth date can be made the same without harm."""
    taken = taken.union(
        *((person.mother or "", person.father or "") for person in population.people.values())
    )
    alone: dict[str, str] = {}
    for home in population.households:
        person = population.people[home.head]
        if (
            len(home.members) > 1
            or person.mother
            or person.national_id in taken
            or not 20 <= person.age() <= 70
        ):
            continue
        if person.sex in alone:
            return alone[person.sex], person.national_id
        alone[person.sex] = person.national_id
    raise PopulationTooSmallError("nobody fits the role 'ambiguous_name'; generate more people")


def _protect(rng: Random, people: dict[str, Person], *, always: str, never: set[str]) -> None:
    """Put a few people under protection, the story's one among them."""
    adults = [
        person.national_id
        for person in people.values()
        if _is_adult(person) and person.national_id not in never
    ]
    chosen = rng.sample(adults, min(len(adults), round(len(people) * _PROTECTED_SHARE)))
    for national_id in {*chosen, always}:
        people[national_id] = replace(people[national_id], protected=True)


def _pick(role: str, candidates: Iterable[str]) -> str:
    for candidate in candidates:
        return candidate
    raise PopulationTooSmallError(f"nobody fits the role '{role}'; generate more people")
