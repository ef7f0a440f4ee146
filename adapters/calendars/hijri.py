"""The Umm al-Qura calendar of Saudi Arabia, by its published tables (library hijridate).

Its years are 1343 to 1500 (1924 to 2077). Registers of other countries may follow another
announcement of the moon, a day apart: ask the owner.
"""

from __future__ import annotations

from datetime import date

from hijridate import Gregorian, Hijri


def day(year: int, month: int, day: int) -> date:
    """As `Calendar.day`."""
    try:
        return date(*Hijri(year, month, day).to_gregorian().datetuple())
    except OverflowError:
        raise ValueError("outside the tables") from None


def parts(day: date) -> tuple[int, int, int]:
    """As `Calendar.parts`."""
    try:
        year, month, number = Gregorian(day.year, day.month, day.day).to_hijri().datetuple()
    except OverflowError:
        raise ValueError("outside the tables") from None
    return year, month, number
