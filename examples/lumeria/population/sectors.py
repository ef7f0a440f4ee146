"""What is true about people beyond work, disability and cash benefits: pensions, cover, land, school, care.

Persons and households are named by their numbers; money is in LMD.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Pension:
    """A monthly pension; `kind` is old_age, survivor or invalidity; only death ends it."""

    national_id: str
    kind: str
    amount: Decimal
    started_on: date


@dataclass(frozen=True, slots=True)
class Cover:
    """A household's health insurance, held by its head; `plan` is basic or plus."""

    household: str
    head: str
    plan: str
    starts_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class Parcel:
    """A piece of land; owners hold equal shares; `slot` is its place in the district."""

    number: str
    owners: tuple[str, ...]
    district: str
    slot: int
    area_m2: int
    use: str
    tenure: str
    registered_on: date


@dataclass(frozen=True, slots=True)
class Schooling:
    """A pupil's school and the days present in each month."""

    national_id: str
    school: str
    grade: int
    present: dict[str, int]


@dataclass(frozen=True, slots=True)
class Care:
    """Enrolment in a health programme: maternal_child or chronic_care."""

    national_id: str
    programme: str
    enrolled_on: date
    visits: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Assistance:
    """What the relief organisation gave a household: (day, item, value)."""

    household: str
    head: str
    need: int  # 1 least … 5 most
    given: tuple[tuple[date, str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A registered vehicle; `category` is that of the registration: car, motorcycle, van."""

    plate: str
    owner: str
    category: str
    first_registered_on: date


@dataclass(frozen=True, slots=True)
class Sectors:
    """The truth of the sector ministries, each in a fixed order."""

    pensions: tuple[Pension, ...]
    covers: tuple[Cover, ...]
    parcels: tuple[Parcel, ...]
    schooling: tuple[Schooling, ...]
    care: tuple[Care, ...]
    assistance: tuple[Assistance, ...]
    vehicles: tuple[Vehicle, ...]
