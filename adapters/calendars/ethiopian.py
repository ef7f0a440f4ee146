"""The Ethiopian calendar (Amete Mihret): twelve months of 30 days, then Pagumen with 5 or 6.

The sixth day of Pagumen stands in the year before the Julian leap year (year mod 4 = 3). Year 1
begins on 29 August 8 of the Julian calendar.
"""

from __future__ import annotations

from datetime import date
from typing import Final

_BEFORE: Final = date(8, 8, 27).toordinal() - 1
_FOUR_YEARS: Final = 1461
_PAGUMEN: Final = 13
_LAST_YEAR: Final = 9990


def day(year: int, month: int, day: int) -> date:
    """As `Calendar.day`."""
    if not (1 <= year <= _LAST_YEAR and 1 <= month <= _PAGUMEN and 1 <= day <= _length(year, month)):
        raise ValueError("no such day")
    return date.fromordinal(_BEFORE + 365 * (year - 1) + year // 4 + 30 * (month - 1) + day)


def parts(day: date) -> tuple[int, int, int]:
    """As `Calendar.parts`."""
    number = day.toordinal() - _BEFORE
    if number < 1:
        raise ValueError("before the calendar begins")
    year = (4 * (number - 1) + 1463) // _FOUR_YEARS
    rest = number - 365 * (year - 1) - year // 4 - 1
    return year, rest // 30 + 1, rest % 30 + 1


def _length(year: int, month: int) -> int:
    if month < _PAGUMEN:
        return 30
    return 6 if year % 4 == 3 else 5
