"""How old records are by their own word."""

from __future__ import annotations

from collections import Counter
from typing import Final

from adapters.mapping import Moment
from adapters.quality.report import Staleness
from adapters.rules import Records, Unmappable

_DAY: Final = 86_400
_AGES: Final = (
    ("in the future", -_DAY),
    ("up to a day", _DAY),
    ("up to a week", 7 * _DAY),
    ("up to a month", 31 * _DAY),
    ("up to three months", 92 * _DAY),
    ("up to a year", 366 * _DAY),
)
_OLDER: Final = "older"
UNTOLD: Final = "not told"


class Ages:
    """Counts of records by their age at `now`."""

    def __init__(self, moment: Moment | None, now: int) -> None:
        self._moment = moment
        self._now = now
        self._counts: Counter[str] = Counter()
        self._oldest: int | None = None
        self._newest: int | None = None

    def add(self, records: Records, as_of: int | None) -> bool:
        """Count what the records say, or else what their file says; False when they say what is no moment."""
        told = as_of
        if self._moment is not None:
            try:
                told = self._moment.oldest(records)
            except Unmappable:
                self._counts[UNTOLD] += 1
                return False
        if told is not None:
            self._counts[self._age(self._now - told)] += 1
            self._oldest = told if self._oldest is None else min(told, self._oldest)
            self._newest = told if self._newest is None else max(told, self._newest)
        return True

    def told(self) -> Staleness:
        """What was counted, the newest first."""
        order = [name for name, _ in _AGES] + [_OLDER, UNTOLD]
        ages = {name: self._counts[name] for name in order if self._counts[name]}
        return Staleness(not ages, ages, self._oldest, self._newest)

    @staticmethod
    def _age(seconds: int) -> str:
        return next((name for name, most in _AGES if seconds <= most), _OLDER)
