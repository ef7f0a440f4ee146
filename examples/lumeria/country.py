"""What everybody in Lumeria agrees on: the day, the districts, the trades, the programmes.

All figures are invented; proportions were chosen to look like a lower-middle-income country. The reference
date stands for "today" in the generator, so that a seed gives the same country on every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

REFERENCE_DATE: Final = date(2026, 6, 30)
HOUSEHOLD_SURVEY_DATE: Final = date(2025, 12, 31)  # the cash-transfer MIS last listed households then
CURRENCY: Final = "LMD"
TAX_YEARS: Final = (2023, 2024, 2025)
ATTENDANCE_MONTHS: Final = {"2026-04": 20, "2026-05": 21, "2026-06": 18}  # school days in each
ATTENDANCE_THRESHOLD: Final = 80  # percent of the school days, below which a grant is reviewed
REGISTRIES: Final = (
    "national-id", "civil-registry", "tax", "disability", "cash-transfer",
    "pension", "response", "insurance", "cadastre", "education", "health", "vehicles",
)  # fmt: skip
"""The systems that hold a record of each person they know, and get some wrong."""
SYSTEMS: Final = (*REGISTRIES, "grievance", "payments", "early-warning")
"""Every system: the registries, and what people and programmes use."""
DATA_NAMES: Final = {"education": "education", "early-warning": "early-warning.json"}
"""What `generate` writes for a system where it is not a database `<system>.db`."""


@dataclass(frozen=True, slots=True)
class District:
    """A district: its share of the people, how urban it is (0-1), its income relative to the country."""

    code: str
    name: str
    weight: float
    urban: float
    income: float
    localities: tuple[str, ...]


DISTRICTS: Final = (
    District("LM-01", "Aurelis", 0.22, 0.95, 1.55, ("Aurelis Old Town", "Karrow Hill", "Nine Wells")),
    District("LM-02", "Port Selenne", 0.15, 0.85, 1.30, ("Harbourside", "Tern Bank", "Lower Selenne")),
    District("LM-03", "Tavorra", 0.13, 0.50, 1.05, ("Tavorra Market", "Elmet", "Brisk Ford")),
    District("LM-04", "Myrven", 0.12, 0.40, 0.95, ("Myrven", "Stonehallow", "Quill Dale")),
    District("LM-05", "Ostrala", 0.10, 0.30, 0.85, ("Ostrala", "Fennery", "Long Reeds")),
    District("LM-06", "Kelduin", 0.09, 0.25, 0.80, ("Kelduin", "Upper Kel", "Sheepcote")),
    District("LM-07", "Sarnéa", 0.08, 0.20, 0.70, ("Sarnéa", "Dry Ford", "Amber Plain")),
    District("LM-08", "Vel Hadra", 0.06, 0.15, 0.62, ("Vel Hadra", "Cinder Pass", "Hadra Mines")),
    District("LM-09", "Lorevan Isles", 0.05, 0.10, 0.66, ("Lorevan", "Gull Stack", "Seven Nets")),
)
DISTRICT_BY_CODE: Final = {district.code: district for district in DISTRICTS}
STREETS: Final = (
    "Lantern Street", "Weavers Row", "Salt Lane", "Orchard Way", "Bridge Street",
    "Mill Road", "Heron Walk", "Copper Street", "Almond Close", "School Road",
    "Well Street", "Ferry Road", "Thistle Lane", "Temple Rise",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Occupation:
    """A trade: yearly median income in LMD, its spread, how common it is in town and country."""

    code: str
    median: float
    sigma: float
    urban_weight: float
    rural_weight: float
    taxed: float  # share known to the tax authority


OCCUPATIONS: Final = (
    Occupation("subsistence_farmer", 14_000, 0.45, 0.02, 0.38, 0.10),
    Occupation("day_labourer", 19_000, 0.45, 0.16, 0.20, 0.15),
    Occupation("market_trader", 27_000, 0.55, 0.20, 0.14, 0.45),
    Occupation("artisan", 30_000, 0.50, 0.12, 0.09, 0.50),
    Occupation("driver", 34_000, 0.40, 0.11, 0.06, 0.65),
    Occupation("clerk", 46_000, 0.35, 0.14, 0.04, 0.95),
    Occupation("teacher", 52_000, 0.25, 0.08, 0.05, 1.00),
    Occupation("nurse", 55_000, 0.25, 0.06, 0.03, 1.00),
    Occupation("engineer", 98_000, 0.45, 0.08, 0.01, 1.00),
    Occupation("merchant", 120_000, 0.70, 0.03, 0.00, 0.90),
)
PENSION: Final = Occupation("pensioner", 16_000, 0.40, 1.0, 1.0, 0.30)
UNPAID: Final = ("student", "homemaker", "unemployed")


@dataclass(frozen=True, slots=True)
class Programme:
    """A social-protection scheme of the welfare ministry; `frequency` is `monthly` or `once`."""

    code: str
    name: str
    amount: Decimal
    frequency: str


FAMILY_GRANT: Final = Programme("CT-FAM", "Family Grant", Decimal("1200.00"), "monthly")
DISABILITY_ALLOWANCE: Final = Programme("CT-DIS", "Disability Allowance", Decimal("900.00"), "monthly")
ELDER_SUPPORT: Final = Programme("CT-OLD", "Elder Support", Decimal("750.00"), "monthly")
FLOOD_RELIEF: Final = Programme("CT-FLD", "Flood Relief 2025", Decimal("3000.00"), "once")
PROGRAMMES: Final = (FAMILY_GRANT, DISABILITY_ALLOWANCE, ELDER_SUPPORT, FLOOD_RELIEF)
FLOODED_DISTRICTS: Final = ("LM-05", "LM-09")


def data_of(system: str, folder: Path) -> Path:
    """Where a system's data lie in the folder that `generate` wrote."""
    return folder / DATA_NAMES.get(system, f"{system}.db")
