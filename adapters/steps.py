"""Steps: what happens to one value between its place in a record and the canonical field.

Whatever keys of a rule are written, they happen in this order: `empty_values`, `normalise`,
`script`, `split`, `codes`, `pad_to`, `multiply`, `divide`, `round`, `bands`, `to`. Everything is made
ready when the file is read. None never reaches a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from typing import Any, Final
from unicodedata import normalize

from adapters import convert
from adapters.dates import day_reader, partial_reader
from adapters.scripts import script

ERROR: Final = object()
"""`else: error`: an unknown code breaks the source's description."""

UNKNOWN_CODE: Final = "a code that is not in the code list"
"""What the text of `Unfit` is for one."""

# Wide enough for every number that is read (28 + 18 digits) times every factor, so nothing is rounded.
EXACT: Final = Context(prec=120, traps=[Inexact])
_WIDE: Final = Context(prec=120)


Step = Callable[[Any], Any]
"""What happens to one value on its way: the next value, or `convert.Unfit`."""


@dataclass(frozen=True, slots=True)
class Empties:
    """`empty_values`: what a source writes where it knows nothing, compared as text."""

    values: frozenset[str]

    def __call__(self, value: Any) -> Any:
        """None for an empty value, else the value."""
        if isinstance(value, (Mapping, list, bool)):
            return value
        return None if convert.to_text(value) in self.values else value


def composed(value: Any) -> Any:
    """`normalise: nfc`: letters and their marks as one, the same name always the same text."""
    text = convert.to_text(value)
    return None if text is None else normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class InScript:
    """`script`: a text whose letters are all of one script."""

    script: str

    def __call__(self, value: Any) -> Any:
        """The text."""
        text = convert.to_text(value)
        if text is not None and script(text) not in (None, self.script):
            raise convert.Unfit("letters of another script")
        return text


@dataclass(frozen=True, slots=True)
class Split:
    """`split`: one part of a text; absent or empty is None."""

    by: str
    part: int
    of: int | None

    def __call__(self, value: Any) -> Any:
        """The part; counted from 1, or from -1 at the end."""
        text = convert.to_text(value)
        if text is None:
            return None
        parts = text.split(self.by) if self.by.strip() else text.split()
        if self.of is not None and len(parts) != self.of:
            raise convert.Unfit("not as many parts as declared")
        index = self.part - 1 if self.part > 0 else self.part
        return parts[index].strip() or None if -len(parts) <= index < len(parts) else None


@dataclass(frozen=True, slots=True)
class Codes:
    """`codes` and `else`: a closed list, keys compared as text. `missed` counts what it does not
    know, without the value."""

    codes: Mapping[str, Any]
    otherwise: Any
    missed: Callable[[], None] | None = None

    def __call__(self, value: Any) -> Any:
        """The code's meaning."""
        code = convert.to_text(value) if not isinstance(value, bool) else str(value).lower()
        if code is None:
            return None
        if code in self.codes:
            return self.codes[code]
        if self.missed is not None:
            self.missed()
        if self.otherwise is ERROR:
            raise convert.Unfit(UNKNOWN_CODE)
        return self.otherwise


@dataclass(frozen=True, slots=True)
class PadTo:
    """`pad_to`: a number of fixed length that lost its leading zeros gets them back."""

    length: int

    def __call__(self, value: Any) -> Any:
        """The digits."""
        text = convert.to_text(value)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > self.length:
            raise convert.Unfit("not a number of the declared length")
        return text.zfill(self.length)


@dataclass(frozen=True, slots=True)
class Scale:
    """`multiply`, `divide` and `round`: exact, but for a declared rounding (half to even)."""

    factor: Decimal
    places: Decimal | None

    def __call__(self, value: Any) -> Any:
        """The scaled number as a Decimal."""
        number = convert.decimal(value)
        if number is None:
            return None
        scaled = EXACT.multiply(number, self.factor)
        return scaled if self.places is None else scaled.quantize(self.places, ROUND_HALF_EVEN, _WIDE)


@dataclass(frozen=True, slots=True)
class Bands:
    """`bands`: the name of the band an amount falls into, so that the amount stays at home."""

    bands: tuple[tuple[Decimal | None, str], ...]

    def __call__(self, value: Any) -> Any:
        """The band's name; the last band has no upper bound."""
        amount = convert.decimal(value)
        if amount is None:
            return None
        return next(name for below, name in self.bands if below is None or amount < below)


def to(target: str, format_: str | None, calendar: str) -> Step:
    """`to`: the step to one of the target types."""
    if target == "date":
        return day_reader(format_, calendar)
    if target == "partial_date":
        return partial_reader(format_, calendar)
    if target == "script":
        return _script
    return convert.TARGETS[target]


def _script(value: Any) -> str | None:
    text = convert.to_text(value)
    return None if text is None else script(text)
