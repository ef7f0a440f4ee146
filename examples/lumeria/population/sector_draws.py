"""Draw pensions, insurance, land, schooling, care, relief and vehicles; each from a random stream of its own.

The story's people get what their roles need: the applicant insurance, land, care and relief; the pensioner
a pension; two pupils an attendance above and below the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from examples.lumeria.country import (
    ATTENDANCE_MONTHS,
    DISTRICT_BY_CODE,
    FLOODED_DISTRICTS,
    REFERENCE_DATE,
    TAX_YEARS,
)
from examples.lumeria.population.cast import Cast
from examples.lumeria.population.sectors import (
    Assistance,
    Care,
    Cover,
    Parcel,
    Pension,
    Schooling,
    Sectors,
    Vehicle,
)
from examples.lumeria.population.truth import Livelihood, Person, Population

SCHOOL_AGE: Final = range(6, 18)
_LAND_USES: Final = ("cropland", "pasture", "orchard", "dwelling")
_TENURES: Final = (("ownership", 0.7), ("lease", 0.15), ("customary", 0.1), ("usufruct", 0.05))
_FLOOD: Final = date(2025, 9, 2)
_YEAR: Final = timedelta(days=365.25)


def draw_sectors(
    seed: str, population: Population, livelihoods: dict[str, Livelihood], cast: Cast
) -> Sectors:
    """Draw everything, in the order of people and households."""
    return Sectors(
        pensions=tuple(_pensions(Random(f"{seed}/pensions"), population, livelihoods, cast)),
        covers=tuple(_covers(Random(f"{seed}/insurance"), population, livelihoods, cast)),
        parcels=tuple(_parcels(Random(f"{seed}/land"), population, cast)),
        schooling=tuple(_schooling(Random(f"{seed}/schooling"), population, cast)),
        care=tuple(_care(Random(f"{seed}/care"), population, cast)),
        assistance=tuple(_assistance(Random(f"{seed}/relief"), population, cast)),
        vehicles=tuple(_vehicles(Random(f"{seed}/vehicles"), population, livelihoods, cast)),
    )


def _pensions(
    rng: Random, population: Population, livelihoods: dict[str, Livelihood], cast: Cast
) -> Iterator[Pension]:
    """Old-age pensions from 60 on, most of them for those who paid contributions."""
    for person in population.people.values():
        age = person.age(person.died_on or REFERENCE_DATE)
        work = livelihoods.get(person.national_id)
        contributed = work is not None and (work.taxed or work.occupation == "pensioner")
        share = (0.75 if contributed else 0.15) if age >= 60 else 0.004 if age >= 30 else 0.0
        if rng.random() >= share and person.national_id != cast.pensioner:
            continue
        old = age >= 60
        kind = "old_age" if old and rng.random() < 0.85 else "survivor" if old else "invalidity"
        began = person.born_on + 60 * _YEAR if old else REFERENCE_DATE - rng.uniform(0.5, 6) * _YEAR
        amount = Decimal(rng.randint(450, 3200)) + Decimal(rng.randrange(0, 100, 5)) / 100
        yield Pension(person.national_id, kind, amount, min(began, REFERENCE_DATE - timedelta(20)))


def _covers(
    rng: Random, population: Population, livelihoods: dict[str, Livelihood], cast: Cast
) -> Iterator[Cover]:
    for home in population.households:
        work = livelihoods.get(home.head)
        share = 0.9 if work and work.taxed else 0.5
        starts_on = REFERENCE_DATE - timedelta(rng.randint(5, 420))
        plan = rng.choices(("basic", "plus"), (0.8, 0.2))[0]
        if home.head == cast.applicant:  # the story's cover must not lapse while the sandbox is in use
            yield Cover(home.number, home.head, "basic", date(2025, 1, 1), date(2034, 12, 31))
        elif rng.random() < share:
            yield Cover(home.number, home.head, plan, starts_on, starts_on + timedelta(364))


def _parcels(rng: Random, population: Population, cast: Cast) -> Iterator[Parcel]:
    """Most land is held in the country, often by both spouses, sometimes still by somebody who died."""
    slots: dict[str, int] = {}
    for home in population.households:
        has_land = rng.random() < 0.7 - 0.5 * DISTRICT_BY_CODE[home.district].urban
        if not has_land and home.head != cast.applicant:
            continue
        adults = [m.national_id for m in home.members if m.relationship in ("head", "spouse")]
        for _ in range(rng.choices((1, 2, 3), (0.65, 0.25, 0.1))[0]):
            slot = slots[home.district] = slots.get(home.district, -1) + 1
            shared = len(adults) == 2 and (rng.random() < 0.35 or home.head == cast.applicant)
            yield Parcel(
                number=f"{home.district[-2:]}-{slot:06d}",
                owners=tuple(adults) if shared else (rng.choice(adults),),
                district=home.district,
                slot=slot,
                area_m2=int(rng.lognormvariate(8.6, 0.9)),
                use=rng.choice(_LAND_USES),
                tenure=rng.choices([word for word, _ in _TENURES], [share for _, share in _TENURES])[0],
                registered_on=REFERENCE_DATE - timedelta(rng.randint(60, 12_000)),
            )


def _schooling(rng: Random, population: Population, cast: Cast) -> Iterator[Schooling]:
    homes = population.homes()
    for person in population.people.values():
        if person.died_on is not None or person.age() not in SCHOOL_AGE:
            continue
        rate = min(1.0, rng.betavariate(14, 1.6))
        enrolled = rng.random() < (0.95 if person.age() < 15 else 0.7)
        if person.national_id in (cast.pupil, cast.truant):
            enrolled, rate = True, 0.97 if person.national_id == cast.pupil else 0.6
        elif not enrolled:
            continue
        district = homes[person.national_id].district
        yield Schooling(
            person.national_id,
            school=f"{int(district[-2:]):03d}{rng.randint(1, 6):03d}",
            grade=max(1, person.age() - 5 - (rng.random() < 0.15)),
            present={month: round(rate * days) for month, days in ATTENDANCE_MONTHS.items()},
        )


def _care(rng: Random, population: Population, cast: Cast) -> Iterator[Care]:
    """Small children and the mothers of infants in one programme, the chronically ill in another."""
    people = population.people
    mothers = {p.mother for p in people.values() if p.mother and p.age() < 1 and p.died_on is None}
    for person in people.values():
        small = person.age() < 5 or person.national_id in mothers
        share = 0.7 if small else 0.18 if person.age() >= 40 else 0.01
        always = person.national_id in (cast.applicant, cast.newborn)
        if person.died_on is not None or (rng.random() >= share and not always):
            continue
        earliest = max(person.born_on, REFERENCE_DATE - 3 * _YEAR)
        enrolled_on = earliest + timedelta(rng.randint(0, (REFERENCE_DATE - earliest).days))
        visits = tuple(
            day
            for months in range(rng.randint(1, 5))
            if (day := enrolled_on + timedelta(40 * months)) <= REFERENCE_DATE
        )
        programme = "maternal_child" if small else "chronic_care"
        yield Care(person.national_id, programme, enrolled_on, visits)


def _assistance(rng: Random, population: Population, cast: Cast) -> Iterator[Assistance]:
    """The relief organisation works where the flood was."""
    for home in population.households:
        helped = home.district in FLOODED_DISTRICTS and rng.random() < 0.35
        if not helped and home.head != cast.applicant:
            continue
        given = [(_FLOOD + timedelta(rng.randint(3, 12)), "emergency_kit", Decimal("450.00"))]
        if rng.random() < 0.6:
            given.append((_FLOOD + timedelta(rng.randint(20, 60)), "cash", Decimal("1500.00")))
        yield Assistance(home.number, home.head, rng.randint(1, 5), tuple(given))


def _vehicles(
    rng: Random, population: Population, livelihoods: dict[str, Livelihood], cast: Cast
) -> Iterator[Vehicle]:
    plates: Iterator[int] = iter(rng.sample(range(100_000), len(livelihoods)))
    for person in _adults(population):
        work = livelihoods.get(person.national_id)
        income = work.incomes.get(TAX_YEARS[-1], Decimal(0)) if work else Decimal(0)
        if rng.random() >= (0.45 if income > 60_000 else 0.15 if income > 20_000 else 0.02):
            continue
        if person.national_id == cast.applicant:
            continue  # owns land, no vehicle: the one empty answer in the story
        category = rng.choices(("car", "motorcycle", "van"), (6, 2, 1) if income > 60_000 else (2, 7, 1))[0]
        since = max(person.born_on + 18 * _YEAR, REFERENCE_DATE - rng.uniform(0.1, 15) * _YEAR)
        yield Vehicle(f"LM {next(plates):05d}", person.national_id, category, min(since, REFERENCE_DATE))


def _adults(population: Population) -> Iterator[Person]:
    return (person for person in population.people.values() if person.age() >= 18)
