"""The arithmetic Hijri calendar ("islamic-civil" of CLDR): 30-year cycle with 11 leap years
(2 5 7 10 13 16 18 21 24 26 29), epoch Friday, 16 July 622 Julian. Software that has no tables uses
it, and it may be a day or two from what was announced.
"""

from __future__ import annotations

from datetime import date
from typing import Final

_BEFORE: Final = date(622, 7, 19).toordinal() - 1
_CYCLE: Final = 10_631
_CYCLE_YEARS: Final = 30
_MONTHS: Final = 12
_LAST_YEAR: Final = 9665


def day(year: int, month: int, day: int) -> date:
    """As `Calendar.day`."""
    if not (1 <= year <= _LAST_YEAR and 1 <= month <= _MONTHS and 1 <= day <= _length(year, month)):
        raise ValueError("no such day")
    return date.fromordinal(_BEFORE + _days_before(year) + 29 * (month - 1) + month // 2 + day)


def parts(day: date) -> tuple[int, int, int]:
    """As `Calendar.parts`."""
    number = day.toordinal() - _BEFORE
    if number < 1:
        raise ValueError("before the calendar begins")
    year = (_CYCLE_YEARS * (number - 1) + _CYCLE + 15) // _CYCLE
    rest = number - _days_before(year)
    month = min(_MONTHS, (2 * rest + 57) // 59)
    return year, month, rest - 29 * (month - 1) - month // 2


def _days_before(year: int) -> int:
    """How many days lie before the first of a year."""
    return (year - 1) * 354 + (3 + 11 * year) // _CYCLE_YEARS


def _length(year: int, month: int) -> int:
    leap = (14 + 11 * year) % _CYCLE_YEARS < 11
    return 30 if month % 2 or (month == _MONTHS and leap) else 29
