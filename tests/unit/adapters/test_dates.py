"""Dates of sources: formats, calendars, partial dates, and nothing guessed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.convert import Unfit
from adapters.dates import day_reader, moment_reader, numeric, partial_reader, written

SPAN = st.dates(date(1930, 1, 1), date(2020, 1, 1))
CALENDARS = ["gregorian", "hijri", "hijri_civil", "ethiopian", "nepali"]


@given(
    SPAN, st.sampled_from(CALENDARS), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "d.%d m.%m y.%Y"])
)
def test_day_reader__what_a_source_writes__is_read_back(day: date, calendar: str, format_: str):
    """Writing for a source and reading from it are each other's inverse, in every calendar."""
    assert day_reader(format_, calendar)(written(day, format_, calendar)) == day.isoformat()


@given(SPAN)
def test_day_reader__gregorian__date_datetime_iso_and_strptime_agree(day: date):
    """A day is the same day in every form."""
    for value in (day, datetime(day.year, day.month, day.day, 23, 59), day.isoformat()):  # noqa: DTZ001
        assert day_reader(None, "gregorian")(value) == day.isoformat()
    assert day_reader("%d %b %Y", "gregorian")(day.strftime("%d %b %Y")) == day.isoformat()


READ = [
    ("%Y/%m/%d", "hijri", "1445/9/1", "2024-03-11"),
    ("%Y/%m/%d", "hijri", "\u0661\u0664\u0664\u0665/\u0660\u0669/\u0660\u0661", "2024-03-11"),
    ("%d-%m-%Y", "ethiopian", "06-13-2015", "2023-09-11"),
    (None, "nepali", "2072-01-12", "2015-04-25"),
    (None, "nepali", "\u0968\u0966\u096d\u0968-\u0966\u0967-\u0967\u0968", "2015-04-25"),
    ("%Y%m%d", "hijri_civil", 14120913, "1992-03-17"),
    (None, "hijri", date(1445, 9, 1), "2024-03-11"),
    ("%Y-%m-%d %H:%M:%S", "gregorian", "2020-02-29 23:59:59", "2020-02-29"),
    (None, "gregorian", "2020-01-02T03:04:05+01:00", "2020-01-02"),
    (None, "gregorian", "  2020-01-02   ", "2020-01-02"),
    (None, "ethiopian", "", None),
    (None, "ethiopian", None, None),
]


@pytest.mark.parametrize(("format_", "calendar", "value", "expected"), READ)
def test_day_reader__forms_of_sources__give_the_gregorian_day(
    format_: str | None, calendar: str, value: Any, expected: str | None
):
    """Padding, digits of other scripts, numbers, and what drivers make of columns."""
    assert day_reader(format_, calendar)(value) == expected


REFUSED = [
    (None, "gregorian", "0000-00-00"),
    (None, "gregorian", "2021-02-29"),
    (None, "gregorian", 20200101),
    (None, "gregorian", True),
    ("%d/%m/%Y", "gregorian", "2020-01-02"),
    ("%Y%m%d", "gregorian", "2020123"),
    ("%d/%m/%Y", "gregorian", "01/02/2020 CANARY"),
    (None, "hijri", "1445-01-31"),
    (None, "hijri", "1343-13-01"),
    (None, "hijri", "1300-01-01"),
    (None, "ethiopian", "2014-13-06"),
    (None, "nepali", "2084-01-01"),
    (None, "nepali", "CANARY"),
]


@pytest.mark.parametrize(("format_", "calendar", "value"), REFUSED)
def test_day_reader__no_such_day_or_form__is_unfit(format_: str | None, calendar: str, value: Any):
    """Impossible days, days outside the tables, and texts of another form; never quoted."""
    with pytest.raises(Unfit) as caught:
        day_reader(format_, calendar)(value)
    assert str(value) not in str(caught.value)


PARTIAL = [
    (None, "gregorian", "1951", "1951"),
    (None, "gregorian", 1951, "1951"),
    (None, "gregorian", "1951-07", "1951-07"),
    (None, "gregorian", "1951-07-30", "1951-07-30"),
    (None, "gregorian", "1951-07-00", "1951-07"),
    (None, "gregorian", "1951-00-00", "1951"),
    ("%m/%Y", "gregorian", "07/1951", "1951-07"),
    ("%Y", "ethiopian", "1943", None),
    ("%d/%m/%Y", "ethiopian", "01/01/2000", "2007-09-12"),
    (None, "gregorian", date(1951, 7, 30), "1951-07-30"),
]


@pytest.mark.parametrize(("format_", "calendar", "value", "expected"), PARTIAL)
def test_partial_reader__year_month_or_day__as_far_as_known(
    format_: str | None, calendar: str, value: Any, expected: str | None
):
    """A year stays a year; a year of another calendar is no Gregorian year."""
    assert partial_reader(format_, calendar)(value) == expected


@pytest.mark.parametrize(
    "value", ["0000", "0000-00-00", "1951-13", "1951-00-12", "51", "1951-02-30", "x", True]
)
def test_partial_reader__no_date__is_unfit(value: Any):
    """A day without a month, a year 0, a month 13."""
    with pytest.raises(Unfit):
        partial_reader(None, "gregorian")(value)


def test_moment_reader__other_calendar__seconds_of_its_midnight():
    """`as_of` in the source's calendar."""
    assert moment_reader("%Y/%m/%d %H:%M", "hijri")("1445/09/01 06:30") == 1_710_138_600
    with pytest.raises(Unfit):
        moment_reader(None, "hijri")("1445-13-01")
    with pytest.raises(Unfit):
        moment_reader("%Y-%m-%d %H", "hijri")("1445-09-01 25")


def test_written__day_outside_the_calendar__is_unfit():
    """A subject born before the tables begin cannot be asked for."""
    with pytest.raises(Unfit):
        written(date(1900, 1, 1), "%Y-%m-%d", "hijri")


def test_numeric__month_names_and_short_years__are_not():
    """Only whole numbers are read without a locale."""
    assert numeric("%Y%m%d")
    assert not numeric("%d %B %Y")
    assert not numeric("%d/%m/%y")
    assert not numeric("%d/%m")
