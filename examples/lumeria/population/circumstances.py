"""Give people their circumstances: work and income, disability, and benefits that follow from both.

Incomes are log-normal around a trade's median and a district's level. Disability prevalence by age follows
the shape that Washington Group surveys find. Coverage of programmes is concentrated in poor households,
with the inclusion and exclusion errors every country has.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import log
from random import Random
from typing import Final

from examples.lumeria.country import (
    DISABILITY_ALLOWANCE,
    DISTRICT_BY_CODE,
    ELDER_SUPPORT,
    FAMILY_GRANT,
    FLOOD_RELIEF,
    FLOODED_DISTRICTS,
    OCCUPATIONS,
    PENSION,
    REFERENCE_DATE,
    TAX_YEARS,
    UNPAID,
    Occupation,
    Programme,
)
from examples.lumeria.population.cast import Cast
from examples.lumeria.population.sector_draws import draw_sectors
from examples.lumeria.population.truth import (
    DOMAINS,
    Country,
    Disability,
    Enrolment,
    Household,
    Livelihood,
    Person,
    Population,
)

_PREVALENCE: Final = (
    (5, 0.01),
    (18, 0.025),
    (40, 0.04),
    (60, 0.08),
    (75, 0.18),
    (200, 0.38),
)  # below age, share
_CERTIFIED_SHARE: Final = 0.6
_FAMILY_COVERAGE: Final = (0.70, 0.50, 0.22, 0.06, 0.01)  # by quintile, poorest first
_ELDER_COVERAGE: Final = (0.80, 0.70, 0.50, 0.30, 0.12)
_DISABLED_COVERAGE: Final = (0.65, 0.50, 0.35, 0.15, 0.05)
_FLOOD_COVERAGE: Final = (0.55, 0.45, 0.30, 0.15, 0.05)
_FLOOD_PAYOUT: Final = date(2025, 9, 15)
_YEAR: Final = timedelta(days=365.25)


def circumstances(seed: str, population: Population, cast: Cast) -> Country:
    """Draw everybody's circumstances; each kind has its own random stream and can change alone."""
    homes = population.homes()
    livelihoods = _livelihoods(Random(f"{seed}/work"), population, homes, cast)
    disabilities = _disabilities(Random(f"{seed}/disability"), population, cast)
    quintiles = _quintiles(population, livelihoods)
    benefits = _Benefits(Random(f"{seed}/benefits"), population, disabilities, quintiles, cast)
    enrolments = benefits.enrol_everybody(homes)
    sectors = draw_sectors(seed, population, livelihoods, cast)
    return Country(population, livelihoods, disabilities, enrolments, sectors)


def _livelihoods(
    rng: Random, population: Population, homes: dict[str, Household], cast: Cast
) -> dict[str, Livelihood]:
    livelihoods = {}
    poor_home = {member.national_id for member in homes[cast.applicant].members}
    trader = next(occupation for occupation in OCCUPATIONS if occupation.code == "market_trader")
    for person in population.people.values():
        if person.age() < 18:
            continue
        district = DISTRICT_BY_CODE[homes[person.national_id].district]
        if person.national_id in poor_home:
            livelihoods[person.national_id] = _earn(
                rng, trader, 0.35, known=person.national_id == cast.applicant
            )
            continue
        occupation = _occupation(rng, person, district.urban)
        if isinstance(occupation, str):
            livelihoods[person.national_id] = Livelihood(occupation, {}, taxed=False)
        else:
            known = rng.random() < occupation.taxed
            livelihoods[person.national_id] = _earn(rng, occupation, district.income, known=known)
    return livelihoods


def _occupation(rng: Random, person: Person, urban: float) -> Occupation | str:
    age, chance = person.age(), rng.random()
    if age >= 65 and chance < 0.75:
        return PENSION
    if age < 24 and chance < 0.45:
        return UNPAID[0]
    if person.sex == "female" and chance > 0.76:
        return UNPAID[1]
    if rng.random() < 0.07:
        return UNPAID[2]
    weights = [trade.urban_weight * urban + trade.rural_weight * (1 - urban) for trade in OCCUPATIONS]
    return rng.choices(OCCUPATIONS, weights)[0]


def _earn(rng: Random, occupation: Occupation, level: float, *, known: bool) -> Livelihood:
    usual = rng.lognormvariate(log(occupation.median * level), occupation.sigma)
    incomes = {
        year: Decimal(f"{usual * 1.06 ** (year - TAX_YEARS[-1]) * rng.lognormvariate(0, 0.1):.2f}")
        for year in TAX_YEARS
    }
    return Livelihood(occupation.code, incomes, known)


def _disabilities(rng: Random, population: Population, cast: Cast) -> dict[str, Disability]:
    disabilities = {}
    for person in population.people.values():
        given = person.national_id in (cast.applicant, cast.restricted)
        prevalence = next(share for below, share in _PREVALENCE if person.age() < below)
        if given or rng.random() < prevalence:
            disabilities[person.national_id] = _disability(rng, person, always_certified=given)
    return disabilities


def _disability(rng: Random, person: Person, *, always_certified: bool) -> Disability:
    severities = {domain: rng.choices((1, 2), (0.75, 0.25))[0] for domain in DOMAINS}
    for domain in rng.sample(DOMAINS, rng.choices((1, 2, 3), (0.6, 0.28, 0.12))[0]):
        severities[domain] = rng.choices((3, 4), (0.78, 0.22))[0]
    if not always_certified and rng.random() >= _CERTIFIED_SHARE:
        return Disability(severities, None, None)
    earliest = max(person.born_on, REFERENCE_DATE - 6 * _YEAR)
    latest = person.died_on or REFERENCE_DATE
    if latest <= earliest:
        return Disability(severities, None, None)
    certified_on = earliest + timedelta(rng.randint(0, (latest - earliest).days))
    valid_to = certified_on + rng.choice((3, 5, 10)) * _YEAR
    if always_certified:  # the story's certificates must not lapse while the sandbox is in use
        certified_on, valid_to = date(2024, 3, 12), date(2034, 3, 11)
    return Disability(severities, certified_on, valid_to)


def _quintiles(population: Population, livelihoods: dict[str, Livelihood]) -> dict[str, int]:
    """Rank households by last year's income per living member: 0 is the poorest fifth, 4 the richest."""
    per_head = {}
    for home in population.households:
        living = [m.national_id for m in home.members if population.people[m.national_id].died_on is None]
        earned = sum(
            livelihoods[national_id].incomes.get(TAX_YEARS[-1], Decimal(0))
            for national_id in living
            if national_id in livelihoods
        )
        per_head[home.number] = earned / len(living)
    ranked = sorted(per_head, key=lambda number: (per_head[number], number))
    return {number: rank * 5 // len(ranked) for rank, number in enumerate(ranked)}


class _Benefits:
    """Enrols people household by household; those who died were enrolled while they lived."""

    def __init__(
        self,
        rng: Random,
        population: Population,
        disabilities: dict[str, Disability],
        quintiles: dict[str, int],
        cast: Cast,
    ) -> None:
        self._rng = rng
        self._people = population.people
        self._disabilities = disabilities
        self._quintiles = quintiles
        newborns_carer = self._people[cast.newborn].mother or cast.newborn
        self._always = {cast.applicant, newborns_carer, cast.deceased_unpropagated}

    def enrol_everybody(self, homes: dict[str, Household]) -> tuple[Enrolment, ...]:
        """Enrol all households, in order; one enrolment per person and programme."""
        enrolments: list[Enrolment] = []
        for home in {home.number: home for home in homes.values()}.values():
            enrolments += self._enrol(home)
        return tuple(enrolments)

    def _enrol(self, home: Household) -> list[Enrolment]:
        quintile = self._quintiles[home.number]
        members = [self._people[member.national_id] for member in home.members]
        wanted: list[tuple[Person, Programme]] = []
        has_child = any(person.died_on is None and person.age() < 18 for person in members)
        carer = self._carer(members)
        if has_child and (
            self._rng.random() < _FAMILY_COVERAGE[quintile] or carer.national_id in self._always
        ):
            wanted.append((carer, FAMILY_GRANT))
        elif carer.national_id in self._always:
            wanted.append((carer, ELDER_SUPPORT if carer.age() >= 65 else FAMILY_GRANT))
        for person in members:
            wanted += [(person, programme) for programme in self._own_programmes(person, quintile)]
        if home.district in FLOODED_DISTRICTS and self._rng.random() < _FLOOD_COVERAGE[quintile]:
            wanted.append((members[0], FLOOD_RELIEF))
        enrolments = (self._enrolment(person, programme, home) for person, programme in dict.fromkeys(wanted))
        return [enrolment for enrolment in enrolments if enrolment is not None]

    def _carer(self, members: list[Person]) -> Person:
        """Who is paid for the household: the story's person, else a living woman of age, else the head."""
        given = [person for person in members if person.national_id in self._always]
        women = [p for p in members if p.sex == "female" and p.age() >= 18 and p.died_on is None]
        return (given or women or members)[0]

    def _own_programmes(self, person: Person, quintile: int) -> list[Programme]:
        programmes = []
        if person.age() >= 66 and self._rng.random() < _ELDER_COVERAGE[quintile]:
            programmes.append(ELDER_SUPPORT)
        disability = self._disabilities.get(person.national_id)
        if disability and disability.certified_on and self._rng.random() < _DISABLED_COVERAGE[quintile]:
            programmes.append(DISABILITY_ALLOWANCE)
        return programmes

    def _enrolment(self, person: Person, programme: Programme, home: Household) -> Enrolment | None:
        started_on = max(
            REFERENCE_DATE - timedelta(self._rng.randint(240, 2000)), person.born_on + timedelta(30)
        )
        ended_on = person.died_on
        if programme is FLOOD_RELIEF:
            started_on = _FLOOD_PAYOUT - timedelta(self._rng.randint(5, 25))
            ended_on = _FLOOD_PAYOUT
        elif person.national_id not in self._always and person.died_on is None and self._rng.random() < 0.08:
            ended_on = started_on + timedelta(self._rng.randint(60, 220))
        alive_at_start = person.died_on is None or started_on < person.died_on
        if not alive_at_start or started_on < person.born_on or started_on >= REFERENCE_DATE:
            return None
        return Enrolment(person.national_id, home.number, programme, started_on, ended_on)
