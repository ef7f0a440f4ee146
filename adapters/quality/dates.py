"""Dates that cannot be, told from the canonical values of one object. Pure; dates are ISO 8601 text,
whose order is that of days.

Whether day and month of one date were exchanged cannot be seen from it alone: `mirrored` finds them
where a second record holds the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from adapters.quality.forms import Values

OLDEST: Final = 120
"""Years that nobody is expected to exceed."""

_PAST: Final = (
    "birth_date",
    "death_date",
    "marriage_date",
    "divorce_date",
    "certified_on",
    "registered_on",
    "updated_on",
    "status_since",
    "submitted_on",
    "closed_on",
    "enrolled_on",
    "issued_on",
    "paid_on",
)
"""What only ever happened before today; a benefit may well start tomorrow."""

_ORDER: Final = (
    ("birth_date", "death_date"),
    ("marriage_date", "divorce_date"),
    ("certified_on", "valid_to"),
    ("issued_on", "valid_to"),
    ("registered_on", "updated_on"),
    ("submitted_on", "closed_on"),
    ("started_on", "ended_on"),
    ("enrolled_on", "ended_on"),
    ("period_from", "period_to"),
)


class Calendar:
    """What is possible on one day."""

    def __init__(self, today: date) -> None:
        # East of Greenwich it may be tomorrow already.
        self._last = (today + timedelta(days=1)).isoformat()
        self._oldest_birth = _years_before(today.isoformat())

    def impossible(self, path: str, values: Values) -> Iterator[str]:
        """What is wrong with an object's dates, in words; `path` is the object's."""
        for name in _PAST:
            day = values.get(name)
            if day and day > self._last:
                yield f"{path}{name} lies in the future"
        for first, last in _ORDER:
            start, end = values.get(first), values.get(last)
            if start and end and end < start:
                yield f"{path}{last} lies before {path}{first}"
        if self._is_too_old(values):
            yield f"{path}birth_date makes its holder older than {OLDEST} years"

    def _is_too_old(self, values: Values) -> bool:
        born, died = values.get("birth_date"), values.get("death_date")
        if not born:
            return False
        if died:
            return bool(born < _years_before(died))
        return values.get("alive") is not False and bool(born < self._oldest_birth)


def mirrored(day: Any) -> str | None:
    """The same text for a date and for the one with day and month exchanged; None where no other exists."""
    year, month, of_month = day.split("-")
    if month == of_month or int(of_month) > 12:
        return None
    return f"{year}-{min(month, of_month)}-{max(month, of_month)}"


def _years_before(day: str) -> str:
    return f"{int(day[:4]) - OLDEST:04}{day[4:]}"
