"""A cell that is a number, told apart from text that looks like one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from adapters.kinds.file.bad import BadFile

_MAX_DIGITS: Final = 40
"""Before and after the point; more would unfold when written out."""
EXACT: Final = 2**53
"""The first whole number that not every reader of JSON keeps exactly."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was stored."""

    value: Decimal

    @property
    def digits(self) -> str:
        """Written out: `12`, `12.50`."""
        whole = self.value == self.value.to_integral_value()
        return str(int(self.value)) if whole else format(self.value, "f")


def number(stored: str, line: int) -> Number:
    """Read a number. Raises BadFile when it is none, or has too many digits."""
    try:
        value = Decimal(stored)
    except InvalidOperation:
        raise BadFile("a cell is not the number it says", line) from None
    if not value.is_finite() or value.adjusted() > _MAX_DIGITS or len(stored) > 2 * _MAX_DIGITS:
        raise BadFile("a cell is not a number of reasonable length", line)
    if value and value.adjusted() < -_MAX_DIGITS:
        raise BadFile("a cell is not a number of reasonable length", line)
    return Number(value)
