"""Days in Excel: numbers that only a cell's format tells from other numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

_BUILT_IN: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NOT_LETTERS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_STYLE: Final = re.compile(r"[0-9]{1,9}")
_DAY: Final = Decimal(86400)


@dataclass(frozen=True, slots=True)
class ExcelFormats:
    """The number formats of a workbook: its own by id, and the id of every cell style."""

    own: Mapping[str | None, str]
    used: Sequence[str]

    def is_date(self, style: str | None) -> bool:
        """Whether numbers of a cell style are days or moments."""
        if style is None or _STYLE.fullmatch(style) is None or int(style) >= len(self.used):
            return False
        number = self.used[int(style)]
        if number in self.own:
            return re.search(r"[dmhysDMHYS]", _NOT_LETTERS.sub("", self.own[number])) is not None
        return _STYLE.fullmatch(number) is not None and int(number) in _BUILT_IN


def day_or_moment(value: Decimal, *, epoch_1904: bool) -> str:
    """A stored number as `YYYY-MM-DD`, with its time of day when it has one. In the 1900 system there
    was a 29 February 1900, so days before 1 March are one off.

    Raises:
        ValueError: the day that never was, or a number before the first one.
        OverflowError: beyond the calendar.
    """
    if value < 0 or (not epoch_1904 and 60 <= value < 61):
        raise ValueError
    start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if value < 60 else 30)  # noqa: DTZ001
    days = int(value)
    moment = start + timedelta(days=days, seconds=int((value - days) * _DAY + Decimal("0.5")))
    return moment.date().isoformat() if value == days else moment.isoformat()
