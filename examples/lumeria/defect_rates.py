"""How often each registry gets something wrong: shares of its records, by kind of deviation."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "spelling_variant",
    "birthday_first_january",
    "day_month_swapped",
    "national_id_missing",
    "duplicate_record",
    "death_not_propagated",
    "household_outdated",
    "leading_zeros_lost",
    "attendance_not_reported",
    "payment_undelivered",
)
RATES: Final[dict[str, dict[str, float]]] = {
    "national-id": {
        "spelling_variant": 0.008, "birthday_first_january": 0.03, "day_month_swapped": 0.003,
        "duplicate_record": 0.002,
    },
    "civil-registry": {
        "spelling_variant": 0.008, "day_month_swapped": 0.003, "national_id_missing": 0.03,
        "duplicate_record": 0.004,
    },
    "tax": {
        "spelling_variant": 0.03, "day_month_swapped": 0.006, "national_id_missing": 0.02,
        "duplicate_record": 0.008,
    },
    "disability": {
        "spelling_variant": 0.04, "birthday_first_january": 0.03, "day_month_swapped": 0.01,
        "national_id_missing": 0.04, "duplicate_record": 0.01,
    },
    "cash-transfer": {
        "spelling_variant": 0.06, "birthday_first_january": 0.06, "day_month_swapped": 0.01,
        "national_id_missing": 0.05, "duplicate_record": 0.015, "payment_undelivered": 0.02,
    },
    "pension": {
        "spelling_variant": 0.04, "birthday_first_january": 0.05, "national_id_missing": 0.05,
        "duplicate_record": 0.02,
    },
    "response": {
        "spelling_variant": 0.10, "birthday_first_january": 0.12, "national_id_missing": 0.15,
        "duplicate_record": 0.04,
    },
    "insurance": {
        "spelling_variant": 0.03, "day_month_swapped": 0.008, "national_id_missing": 0.04,
        "duplicate_record": 0.006,
    },
    "cadastre": {"spelling_variant": 0.06, "national_id_missing": 0.08},
    "education": {
        "spelling_variant": 0.04, "day_month_swapped": 0.01, "national_id_missing": 0.06,
        "leading_zeros_lost": 0.03, "attendance_not_reported": 0.03,
    },
    "health": {
        "spelling_variant": 0.04, "birthday_first_january": 0.03, "national_id_missing": 0.08,
        "duplicate_record": 0.01,
    },
    "vehicles": {"spelling_variant": 0.05, "national_id_missing": 0.04},
}  # fmt: skip
DEATHS_NOTICED: Final = {  # share of deaths that reach a registry; those not named here hear of all
    "national-id": 0.85, "tax": 0.6, "disability": 0.6, "cash-transfer": 0.65, "pension": 0.7,
    "response": 0.3, "insurance": 0.55, "cadastre": 0.25, "vehicles": 0.4,
}  # fmt: skip
