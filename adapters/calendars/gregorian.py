"""The Gregorian calendar."""

from __future__ import annotations

from datetime import date


def day(year: int, month: int, day: int) -> date:
    """As `Calendar.day`."""
    return date(year, month, day)


def parts(day: date) -> tuple[int, int, int]:
    """As `Calendar.parts`."""
    return day.year, day.month, day.day
