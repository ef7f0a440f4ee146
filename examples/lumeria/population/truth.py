"""The truth table: the values from which every registry's records are projected.

A person belongs to exactly one household, the dead to their last one. Dates are whole days; incomes are
yearly and in LMD; severities are those of the Washington Group short set (1 no difficulty … 4 cannot do at
all).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from examples.lumeria.country import REFERENCE_DATE, Programme
from examples.lumeria.population.sectors import Sectors

DOMAINS: Final = ("seeing", "hearing", "walking", "cognition", "self_care", "communication")


@dataclass(frozen=True, slots=True)
class Person:
    """One human being; parents are national IDs, unknown for those born before registration began."""

    national_id: str
    given_names: str
    family_name: str
    sex: str  # female | male
    born_on: date
    birth_district: str
    mother: str | None = None
    father: str | None = None
    died_on: date | None = None
    protected: bool = False

    @property
    def full_name(self) -> str:
        """Given names, then family name."""
        return f"{self.given_names} {self.family_name}"

    def age(self, on: date = REFERENCE_DATE) -> int:
        """Completed years on a day, whether or not the person lives."""
        return on.year - self.born_on.year - ((on.month, on.day) < (self.born_on.month, self.born_on.day))


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in a household, seen from its head: head, spouse, child or parent."""

    national_id: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Household:
    """People living at one address; the first member is the head and lives."""

    number: str
    district: str
    locality: str
    street: str
    members: tuple[Member, ...]

    @property
    def head(self) -> str:
        """The head's national ID."""
        return self.members[0].national_id


@dataclass(frozen=True, slots=True)
class Marriage:
    """A civil marriage, ended only by the death of a spouse."""

    wife: str
    husband: str
    married_on: date


@dataclass(frozen=True, slots=True)
class Livelihood:
    """What an adult does and earned in each tax year; `taxed` when the tax authority knows the person."""

    occupation: str
    incomes: dict[int, Decimal]
    taxed: bool


@dataclass(frozen=True, slots=True)
class Disability:
    """Difficulties by domain; `certified_on` is None where the disability council never saw the person."""

    severities: dict[str, int]
    certified_on: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person's place in a programme; it ends with the programme or with death."""

    national_id: str
    household: str
    programme: Programme
    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Population:
    """Who lives, or lived, where and with whom."""

    people: dict[str, Person]
    households: tuple[Household, ...]
    marriages: tuple[Marriage, ...]

    def homes(self) -> dict[str, Household]:
        """Index households by the national ID of each member."""
        return {member.national_id: home for home in self.households for member in home.members}

    def homes_by_number(self) -> dict[str, Household]:
        """Index households by their number."""
        return {home.number: home for home in self.households}


@dataclass(frozen=True, slots=True)
class Country:
    """The whole truth: the population and its circumstances."""

    population: Population
    livelihoods: dict[str, Livelihood]
    disabilities: dict[str, Disability]
    enrolments: tuple[Enrolment, ...]
    sectors: Sectors
