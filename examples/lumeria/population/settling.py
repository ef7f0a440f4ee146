"""Settle the country household by household, so that kinship is coherent because it was built that way.

Each household starts from a founder: a newcomer of unknown parents, or a grown child that left an earlier
household and thereby links two of them. Dates come in the order of a life: birth, wedding, births, deaths.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final

from examples.lumeria.country import DISTRICT_BY_CODE, DISTRICTS, REFERENCE_DATE, STREETS, District
from examples.lumeria.names import FAMILY, draw_given_names
from examples.lumeria.numbers import NationalIds
from examples.lumeria.population.truth import Household, Marriage, Member, Person, Population

_LARGEST_HOUSEHOLD: Final = 10  # founder, spouse, two elders, six children
_YEAR: Final = timedelta(days=365.25)
_FOUNDER_AGES: Final = (
    (20, 29, 0.13),
    (30, 39, 0.27),
    (40, 49, 0.25),
    (50, 59, 0.17),
    (60, 69, 0.11),
    (70, 88, 0.07),
)
_SHAPES: Final = {
    "single": 0.09,
    "couple": 0.10,
    "family": 0.50,
    "lone_parent": 0.11,
    "widowed": 0.09,
    "elders": 0.11,
}
_CHILDREN_BORN: Final = {1: 0.17, 2: 0.30, 3: 0.26, 4: 0.15, 5: 0.08, 6: 0.04}


def settle(rng: Random, ids: NationalIds, people: int) -> Population:
    """Found households until exactly `people` persons, living and dead, belong to one."""
    settlement = _Settlement(rng, ids)
    while len(settlement.people) + _LARGEST_HOUSEHOLD <= people:
        settlement.found_household()
    while len(settlement.people) < people:
        settlement.found_single(settlement.newcomer())
    return Population(settlement.people, tuple(settlement.households), tuple(settlement.marriages))


class _Settlement:
    """The growing country; grown children wait in `leaving` until they found a household of their own."""

    def __init__(self, rng: Random, ids: NationalIds) -> None:
        self._rng = rng
        self._ids = ids
        self._leaving: deque[Person] = deque()
        self.people: dict[str, Person] = {}
        self.households: list[Household] = []
        self.marriages: list[Marriage] = []

    def found_household(self) -> None:
        founder = self._leaving.popleft() if self._leaving and self._rng.random() < 0.5 else self.newcomer()
        shape = self._rng.choices(list(_SHAPES), list(_SHAPES.values()))[0]
        if shape == "single" or founder.age() < 20:
            self.found_single(founder)
        elif shape == "lone_parent":
            self._found_lone_parent(founder)
        else:
            self._found_couple(founder, shape)

    def found_single(self, founder: Person) -> None:
        self._move_in([(founder, "head")])

    def newcomer(self) -> Person:
        """Make an adult whose parents are not on record."""
        low, high, _ = self._rng.choices(_FOUNDER_AGES, [share for *_, share in _FOUNDER_AGES])[0]
        born_on = REFERENCE_DATE - self._rng.uniform(low, high + 1) * _YEAR
        sex = "male" if self._rng.random() < 0.6 else "female"
        return self._born(born_on, sex, self._rng.choice(FAMILY), self._draw_district().code)

    def _found_lone_parent(self, founder: Person) -> None:
        mother, father = (founder, None) if founder.sex == "female" else (None, founder)
        first = founder.born_on + self._rng.uniform(18.5, 29) * _YEAR
        children = self._children(mother, father, first)
        at_home = self._part_with_grown(children)
        self._move_in([(founder, "head"), *((child, "child") for child in at_home)])

    def _found_couple(self, founder: Person, shape: str) -> None:
        partner = self._partner(founder)
        wife, husband = (founder, partner) if founder.sex == "female" else (partner, founder)
        married_on = self._wedding(wife, husband)
        self.marriages.append(Marriage(wife.national_id, husband.national_id, married_on))
        children: list[Person] = []
        if shape != "couple":
            children = self._children(wife, husband, married_on + timedelta(self._rng.randint(280, 1300)))
        at_home = self._part_with_grown(children)
        if shape == "widowed":
            last_birth = max((child.born_on for child in children), default=married_on)
            partner = replace(partner, died_on=self._death_after(last_birth))
        elders: list[Person] = []
        if shape == "elders" and founder.mother is None:
            founder, elders = self._elders(founder)
        self._move_in([
            (founder, "head"),
            (partner, "spouse"),
            *((child, "child") for child in at_home),
            *((elder, "parent") for elder in elders),
        ])  # fmt: skip

    def _partner(self, founder: Person) -> Person:
        older_by = self._rng.gauss(2.5, 2.5) * (1 if founder.sex == "female" else -1)
        youngest = REFERENCE_DATE - 19.5 * _YEAR
        born_on = min(founder.born_on - older_by * _YEAR, youngest)
        sex = "male" if founder.sex == "female" else "female"
        return self._born(born_on, sex, self._rng.choice(FAMILY), founder.birth_district)

    def _wedding(self, wife: Person, husband: Person) -> date:
        """Marry soon after both are 18, seldom much later."""
        of_age = max(wife.born_on, husband.born_on) + 18.3 * _YEAR
        latest = max(of_age, min(of_age + 12 * _YEAR, REFERENCE_DATE - timedelta(30)))
        days = (latest - of_age).days
        return of_age + timedelta(int(self._rng.triangular(0, days, days * 0.2)))

    def _children(self, mother: Person | None, father: Person | None, first: date) -> list[Person]:
        """Bear children from `first` on, until the wished number, the mother's age, or today."""
        parents = [parent for parent in (mother, father) if parent is not None]
        latest = min(REFERENCE_DATE, min(parent.born_on for parent in parents) + 45 * _YEAR)
        wished = self._rng.choices(list(_CHILDREN_BORN), list(_CHILDREN_BORN.values()))[0]
        named_after = father or parents[0]
        children: list[Person] = []
        while len(children) < wished and first <= latest:
            child = self._born(
                first,
                "male" if self._rng.random() < 0.51 else "female",
                named_after.family_name,
                named_after.birth_district,
                taken=frozenset(sibling.given_names.split()[0] for sibling in children),
            )
            children.append(
                replace(
                    child,
                    mother=mother.national_id if mother else None,
                    father=father.national_id if father else None,
                    died_on=self._death_in_childhood(child),
                )
            )
            first += timedelta(self._rng.randint(400, 1600))
        return children

    def _elders(self, founder: Person) -> tuple[Person, list[Person]]:
        """Bring in the founder's parents, where they would be of an age to live or to have died lately."""
        mother_born = founder.born_on - self._rng.uniform(18.5, 38) * _YEAR
        father_born = mother_born - abs(self._rng.gauss(3, 2)) * _YEAR
        if REFERENCE_DATE - father_born > 94 * _YEAR:
            return founder, []
        mother = self._born(mother_born, "female", self._rng.choice(FAMILY), founder.birth_district)
        father = self._born(father_born, "male", founder.family_name, founder.birth_district)
        wedding = self._rng.uniform(0, 1) * (founder.born_on - (mother_born + 18 * _YEAR)) * 0.9
        married_on = max(mother_born + 18 * _YEAR + wedding, father_born + 18 * _YEAR)
        self.marriages.append(Marriage(mother.national_id, father.national_id, married_on))
        elders = [
            replace(elder, died_on=self._death_after(founder.born_on + 18 * _YEAR))
            if self._rng.random() < 0.3
            else elder
            for elder in (mother, father)
        ]
        return replace(founder, mother=mother.national_id, father=father.national_id), elders

    def _part_with_grown(self, children: list[Person]) -> list[Person]:
        """Keep the young and the dead at home; let grown children wait for a household of their own."""
        at_home = []
        for child in children:
            leaves = min(0.92, 0.25 + 0.08 * (child.age() - 19))
            if child.died_on is None and child.age() >= 19 and self._rng.random() < leaves:
                self._leaving.append(child)
            else:
                at_home.append(child)
        return at_home

    def _death_in_childhood(self, child: Person) -> date | None:
        if self._rng.random() >= 0.015:
            return None
        return min(child.born_on + self._rng.uniform(0.01, 5) * _YEAR, REFERENCE_DATE - timedelta(3))

    def _death_after(self, last: date) -> date:
        earliest = max(last + timedelta(30), REFERENCE_DATE - 8 * _YEAR)
        latest = REFERENCE_DATE - timedelta(15)
        return earliest + timedelta(self._rng.randint(0, max(0, (latest - earliest).days)))

    def _born(
        self, born_on: date, sex: str, family_name: str, district: str, taken: frozenset[str] = frozenset()
    ) -> Person:
        birth_district = district if self._rng.random() < 0.85 else self._draw_district().code
        given_names = draw_given_names(self._rng, sex, taken)
        return Person(self._ids.issue(), given_names, family_name, sex, born_on, birth_district)

    def _draw_district(self) -> District:
        return self._rng.choices(DISTRICTS, [district.weight for district in DISTRICTS])[0]

    def _move_in(self, occupants: list[tuple[Person, str]]) -> None:
        founder = occupants[0][0]
        stays = founder.mother is not None and self._rng.random() < 0.6
        district = DISTRICT_BY_CODE[founder.birth_district] if stays else self._draw_district()
        self.people.update((person.national_id, person) for person, _ in occupants)
        self.households.append(
            Household(
                number=f"H{len(self.households) + 1:07d}",
                district=district.code,
                locality=self._rng.choice(district.localities),
                street=f"{self._rng.randint(1, 240)} {self._rng.choice(STREETS)}",
                members=tuple(Member(person.national_id, role) for person, role in occupants),
            )
        )
