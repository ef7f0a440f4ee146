"""Whom each registry knows: the people of whom it holds a record, in a fixed order, each once."""

from __future__ import annotations

from collections.abc import Iterable

from examples.lumeria.country import HOUSEHOLD_SURVEY_DATE
from examples.lumeria.population.truth import Country, Person


def listed(registry: str, country: Country) -> list[Person]:
    """The people of whom a registry holds a record."""
    people = country.population.people
    return [people[national_id] for national_id in dict.fromkeys(_numbers(registry, country))]


def programme_members(country: Country) -> Iterable[Person]:
    """Everybody who lives in a household with an enrolment in a cash-transfer programme."""
    enrolled = {enrolment.household for enrolment in country.enrolments}
    for home in country.population.households:
        if home.number in enrolled:
            yield from (country.population.people[member.national_id] for member in home.members)


def _numbers(registry: str, country: Country) -> Iterable[str]:
    sectors = country.sectors
    match registry:
        case "tax":
            return (national_id for national_id, work in country.livelihoods.items() if work.taxed)
        case "disability":
            return (national_id for national_id, found in country.disabilities.items() if found.certified_on)
        case "cash-transfer":
            surveyed = (p for p in programme_members(country) if p.born_on <= HOUSEHOLD_SURVEY_DATE)
            return (person.national_id for person in surveyed)
        case "pension":
            return (pension.national_id for pension in sectors.pensions)
        case "response":
            return (assistance.head for assistance in sectors.assistance)
        case "insurance":
            homes = country.population.homes_by_number()
            members = (member for cover in sectors.covers for member in homes[cover.household].members)
            return (member.national_id for member in members)
        case "cadastre":
            return (owner for parcel in sectors.parcels for owner in parcel.owners)
        case "education":
            return (pupil.national_id for pupil in sectors.schooling)
        case "health":
            return (care.national_id for care in sectors.care)
        case "vehicles":
            return (vehicle.owner for vehicle in sectors.vehicles)
        case _:  # the identity authority and the civil registry know everybody
            return country.population.people
