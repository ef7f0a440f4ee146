"""Bikram Sambat, the calendar of Nepal: by table, because its months are announced.

A month has 29 to 32 days; they are announced year by year, so the table ends with the last announced
year, 2083, and a later date is refused instead of guessed (tables for 2084 and later contradict each
other). Five published tables were compared. From 2001 on they agree, but for 2062 (Baisakh and
Jestha have 31 and 31 days as here, or 30 and 32) and an error of one in 2082. From 1975 to 2000 two
agree, as here, and a third differs by a day. Ask the owner of a register which one it was kept by.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from itertools import accumulate
from typing import Final

_FIRST_YEAR: Final = 1975
_EPOCH: Final = date(1918, 4, 13).toordinal()
"""1 Baisakh 1975."""

# Twelve digits per year from 1975, each the length of a month less 29; seven years to a line.
_LENGTHS: Final = (
    "223321101011232321110012132321110102223222101011223321101011232321110012222322011011"
    "223222101011223321101011232321110012222322011011223222101011232321101011232321110012"
    "222322011011223222101011232321110011232321110102223222101011223222101011232321110011"
    "232321110102223222101011223222101011232321110012132321110102223222101011223321101011"
    "232321110012132321110102223222101011223321101011232321110012222322011002223222101011"
    "223321101011232321110012222322011011223222101011223321101011232321110012222322011011"
    "223222101011232321101011232321110102222322101011223222101011232321110011232321110102"
    "222322101011223222101011232321110012132321110102223222101011223231101011232321110012"
    "132321110102223222101011223321101011232321110012132322011002223222101011223321101011"
    "232321110012222322011011223222101011223321101011232321110012222322011011223222101011"
    "232321101011232321110012222322101011223222101011232321110011232321110102222322101011"
    "223222101011232321110011232321110102223222101011223231101011232321110012132321110102"
    "223222101011223321101011232321110012222322010102223222101011223321101011232321110012"
    "222322011002223222101011223321101011232321110012222322011011223222101011232321101011"
    "232321110012222322101011223222101011232321110011232321110102222322101011223222101011"
    "232321110011232321110102223222101011223222101011"
)

_MONTHS: Final = tuple(29 + int(digit) for digit in _LENGTHS)
_AFTER_LAST: Final = _FIRST_YEAR + len(_MONTHS) // 12
_STARTS: Final = tuple(accumulate(_MONTHS, initial=_EPOCH))


def day(year: int, month: int, day: int) -> date:
    """As `Calendar.day`."""
    if not 1 <= month <= 12 or not _FIRST_YEAR <= year < _AFTER_LAST:
        raise ValueError("outside the table")
    index = 12 * (year - _FIRST_YEAR) + month - 1
    if not 1 <= day <= _MONTHS[index]:
        raise ValueError("no such day")
    return date.fromordinal(_STARTS[index] + day - 1)


def parts(day: date) -> tuple[int, int, int]:
    """As `Calendar.parts`."""
    number = day.toordinal()
    if not _EPOCH <= number < _STARTS[-1]:
        raise ValueError("outside the table")
    index = bisect_right(_STARTS, number) - 1
    return _FIRST_YEAR + index // 12, index % 12 + 1, number - _STARTS[index] + 1
