"""Calendars: published pairs of dates, every day there and back, and days that do not exist."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.calendars import CALENDARS, calendar

KNOWN = [
    # Umm al-Qura: the tables of the Institute of the same name.
    ("hijri", (1400, 1, 1), date(1979, 11, 20)),
    ("hijri", (1445, 1, 1), date(2023, 7, 19)),
    ("hijri", (1445, 9, 1), date(2024, 3, 11)),
    ("hijri", (1445, 10, 1), date(2024, 4, 10)),
    ("hijri", (1446, 1, 1), date(2024, 7, 7)),
    ("hijri", (1446, 9, 1), date(2025, 3, 1)),
    ("hijri", (1447, 1, 1), date(2025, 6, 26)),
    # Reingold and Dershowitz, Calendrical Calculations, sample dates (Islamic arithmetic, Ethiopic).
    ("hijri_civil", (1362, 10, 7), date(1943, 10, 7)),
    ("hijri_civil", (1412, 9, 13), date(1992, 3, 17)),
    ("hijri_civil", (1416, 10, 5), date(1996, 2, 25)),
    ("hijri_civil", (1, 1, 1), date(622, 7, 19)),
    ("ethiopian", (1, 1, 1), date(8, 8, 27)),
    ("ethiopian", (1936, 1, 26), date(1943, 10, 7)),
    ("ethiopian", (1984, 7, 8), date(1992, 3, 17)),
    ("ethiopian", (1988, 6, 17), date(1996, 2, 25)),
    # New years as celebrated: the millennium, and the two before whose leap day it comes a day later.
    ("ethiopian", (2000, 1, 1), date(2007, 9, 12)),
    ("ethiopian", (2012, 1, 1), date(2019, 9, 12)),
    ("ethiopian", (2013, 1, 1), date(2020, 9, 11)),
    ("ethiopian", (2015, 13, 6), date(2023, 9, 11)),
    # New years and days of Nepal: earthquake of 2072, republic of 2065, constitution of 2072.
    ("nepali", (2000, 1, 1), date(1943, 4, 14)),
    ("nepali", (2065, 2, 15), date(2008, 5, 28)),
    ("nepali", (2072, 1, 12), date(2015, 4, 25)),
    ("nepali", (2072, 6, 3), date(2015, 9, 20)),
    ("nepali", (2081, 1, 1), date(2024, 4, 13)),
    ("nepali", (2082, 1, 2), date(2025, 4, 15)),
    ("nepali", (2083, 1, 1), date(2026, 4, 14)),
]


@pytest.mark.parametrize(("name", "parts", "day"), KNOWN)
def test_day__published_pair__both_ways(name: str, parts: tuple[int, int, int], day: date):
    """What is printed elsewhere is what comes out here."""
    assert calendar(name).day(*parts) == day
    assert calendar(name).parts(day) == parts


SPANS = {
    "gregorian": (date.min, date.max),
    "hijri": (date(1924, 8, 1), date(2077, 11, 16)),
    "hijri_civil": (date(622, 7, 19), date(9990, 1, 1)),
    "ethiopian": (date(8, 8, 27), date(9990, 1, 1)),
    "nepali": (date(1918, 4, 13), date(2027, 4, 13)),
}


@pytest.mark.parametrize("name", CALENDARS)
@given(st.data())
def test_parts__any_day__comes_back(name: str, data: st.DataObject):
    """Every day has one name in a calendar, and the next day has another."""
    first, last = SPANS[name]
    day = data.draw(st.dates(first, last))
    found = calendar(name)

    assert found.day(*found.parts(day)) == day
    if day < last:
        assert found.parts(day + timedelta(days=1)) > found.parts(day)


@pytest.mark.parametrize("name", CALENDARS)
@given(st.integers(-10, 10_100), st.integers(-1, 14), st.integers(-1, 33))
def test_day__any_numbers__a_day_that_comes_back_or_none(name: str, year: int, month: int, day: int):
    """No numbers are taken for another day's."""
    found = calendar(name)
    try:
        made = found.day(year, month, day)
    except ValueError:
        return
    assert found.parts(made) == (year, month, day)


IMPOSSIBLE = [
    ("gregorian", (1999, 2, 29)),
    ("hijri", (1445, 13, 1)),
    ("hijri", (1445, 1, 31)),
    ("hijri", (1342, 1, 1)),
    ("hijri", (1501, 1, 1)),
    ("hijri_civil", (1445, 2, 30)),
    ("hijri_civil", (1446, 12, 30)),
    ("hijri_civil", (0, 1, 1)),
    ("ethiopian", (2014, 13, 6)),
    ("ethiopian", (2015, 13, 7)),
    ("ethiopian", (2015, 1, 31)),
    ("nepali", (2081, 1, 32)),
    ("nepali", (1974, 1, 1)),
    ("nepali", (2084, 1, 1)),
]


@pytest.mark.parametrize(("name", "parts"), IMPOSSIBLE)
def test_day__does_not_exist__is_refused(name: str, parts: tuple[int, int, int]):
    """Leap rules and the ends of the tables hold."""
    with pytest.raises(ValueError):
        calendar(name).day(*parts)


@pytest.mark.parametrize(("name", "day"), [("hijri", date(1800, 1, 1)), ("nepali", date(1900, 1, 1)),
                                           ("nepali", date(2027, 4, 14)), ("ethiopian", date(1, 1, 1)),
                                           ("hijri_civil", date(600, 1, 1))])  # fmt: skip
def test_parts__outside__is_refused(name: str, day: date):
    """A day without a name in a calendar gets none."""
    with pytest.raises(ValueError):
        calendar(name).parts(day)
