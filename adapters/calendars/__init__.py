"""Calendars that sources keep dates in, each one module of two functions.

`day(year, month, day)` is the Gregorian date; ValueError when there is no such day or it lies
outside what the calendar's sources publish. `parts(date)` is the way back. The modules:
`hijri` (Umm al-Qura, by table), `hijri_civil` (the arithmetic one), `ethiopian`, `nepali` (Bikram
Sambat, by table). Days begin at midnight here; the evening of a religious calendar is left out,
because registers write civil days.
"""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Final, Protocol, cast

GREGORIAN: Final = "gregorian"
CALENDARS: Final = (GREGORIAN, "hijri", "hijri_civil", "ethiopian", "nepali")
"""The words a source file may write after `calendar:`."""


class Calendar(Protocol):
    """One calendar: the functions of its module."""

    def day(self, year: int, month: int, day: int) -> date:
        """The Gregorian date. Raises ValueError."""

    def parts(self, day: date) -> tuple[int, int, int]:
        """Year, month and day in this calendar. Raises ValueError."""


def calendar(name: str) -> Calendar:
    """A calendar by the word of a source file, loaded when it is first needed."""
    return cast("Calendar", import_module(f"{__name__}.{name}"))
