"""Dates as sources write them: formats, calendars, and dates of which only a part is known.

A format of `%Y %m %d %H %M %S` and fixed characters is compiled to a pattern once; the digits may
be of any script. Other formats go through strptime, for the Gregorian calendar only. Everything
here gives text (`YYYY-MM-DD`) or None, and raises `Unfit` for what is no date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from adapters.calendars import GREGORIAN, Calendar, calendar
from adapters.convert import Unfit

ISO: Final = "%Y-%m-%d"
_WIDTHS: Final = {"Y": "4", "m": "1,2", "d": "1,2", "H": "1,2", "M": "1,2", "S": "1,2"}
_DIRECTIVE: Final = re.compile(r"%(.)")
_TOUCHING: Final = re.compile(r"%[YmdHMS]%[YmdHMS]")
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")

Reading = Callable[[str], tuple[int, int, int, int, int, int]]
"""From a text to year, month, day, hour, minute, second; ValueError when it has another form. What
the format does not hold is 0."""


def numeric(format_: str) -> bool:
    """Whether a format holds only numbers of which the year is whole."""
    return set(_DIRECTIVE.findall(format_)) <= _WIDTHS.keys() and "%Y" in format_


def reading(format_: str) -> Reading:
    """How texts of a numeric format are read."""
    fixed = _TOUCHING.search(format_) is not None
    pattern, order, at = "", "", 0
    for found in _DIRECTIVE.finditer(format_):
        name = found[1]
        width = "2" if fixed and name != "Y" else _WIDTHS[name]
        pattern += re.escape(format_[at : found.start()]) + rf"(\d{{{width}}})"
        order, at = order + name, found.end()
    compiled = re.compile(pattern + re.escape(format_[at:]))
    places = [order.find(name) for name in "YmdHMS"]

    def read(text: str) -> tuple[int, int, int, int, int, int]:
        match = compiled.fullmatch(text)
        if match is None:
            raise ValueError("another form")
        groups = match.groups()
        year, month, day, hour, minute, second = (int(groups[at]) if at >= 0 else 0 for at in places)
        return year, month, day, hour, minute, second

    return read


def day_reader(format_: str | None, calendar_: str) -> Callable[[Any], str | None]:
    """Values to `YYYY-MM-DD`. A date a driver made is read as the parts it was made of."""
    known = calendar(calendar_)
    gregorian = calendar_ == GREGORIAN
    if gregorian and (format_ is None or not numeric(format_)):
        from_text = _iso if format_ is None else _strptime(format_)
    else:
        from_text = _numeric_day(reading(format_ or ISO), known)

    def read(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if isinstance(value, date):
            return _day(known, value.year, value.month, value.day)
        if isinstance(value, int) and not isinstance(value, bool) and format_ is not None:
            value = str(value)
        if not isinstance(value, str):
            raise Unfit("not a date")
        try:
            return from_text(value.strip())
        except ValueError:
            raise Unfit("not a date of the declared format") from None

    return read


def partial_reader(format_: str | None, calendar_: str) -> Callable[[Any], str | None]:
    """Values to `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; a month or day written 00 is not known.

    A year or month alone of another calendar lies in two Gregorian ones: it becomes None.
    """
    known, gregorian = calendar(calendar_), calendar_ == GREGORIAN
    from_text = _partial_iso if format_ is None else reading(format_)

    def read(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if isinstance(value, date):
            return _day(known, value.year, value.month, value.day)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise Unfit("not a date")
        try:
            year, month, day, *_ = from_text(value.strip())
        except ValueError:
            raise Unfit("not a date of the declared format") from None
        return partial(known, year, month, day, gregorian=gregorian)

    return read


def partial(known: Calendar, year: int, month: int, day: int, *, gregorian: bool) -> str | None:
    """A date of which month and day may be 0, which is: not known."""
    if month and day:
        return _day(known, year, month, day)
    if day or not 1 <= year <= 9999 or not 0 <= month <= 12:
        raise Unfit("not a date")
    if not gregorian:
        return None
    return f"{year:04}-{month:02}" if month else f"{year:04}"


def moment_reader(format_: str | None, calendar_: str) -> Callable[[str], int]:
    """Texts to epoch seconds, for `as_of` in a numeric format; UTC."""
    known, read = calendar(calendar_), reading(format_ or ISO)

    def moment(text: str) -> int:
        try:
            year, month, day, hour, minute, second = read(text.strip())
            at = known.day(year, month, day)
            return int(datetime(at.year, at.month, at.day, hour, minute, second, tzinfo=UTC).timestamp())
        except ValueError:
            raise Unfit("not a moment of the declared format and calendar") from None

    return moment


def written(day: date, format_: str, calendar_: str) -> str:
    """A Gregorian day as a source with this numeric format and calendar writes it. Raises Unfit."""
    try:
        year, month, number = calendar(calendar_).parts(day)
    except ValueError:
        raise Unfit("a day outside the calendar") from None
    return format_.replace("%Y", f"{year:04}").replace("%m", f"{month:02}").replace("%d", f"{number:02}")


def _day(known: Calendar, year: int, month: int, day: int) -> str:
    try:
        return known.day(year, month, day).isoformat()
    except ValueError:
        raise Unfit("a day that does not exist in its calendar") from None


def _numeric_day(read: Reading, known: Calendar) -> Callable[[str], str]:
    def day(text: str) -> str:
        year, month, number, *_ = read(text)
        return _day(known, year, month, number)

    return day


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).date().isoformat()


def _strptime(format_: str) -> Callable[[str], str]:
    return lambda text: datetime.strptime(text, format_).date().isoformat()  # noqa: DTZ007


def _partial_iso(text: str) -> tuple[int, int, int, int, int, int]:
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise ValueError("another form")
    return int(match[1]), int(match[2] or 0), int(match[3] or 0), 0, 0, 0
