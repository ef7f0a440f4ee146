"""Single values: from what a source sends to what the canonical schemas hold.

Every result is JSON: a decimal and a date travel as text, so no amount ever becomes a float. Dates
are read in `adapters.dates`. None stays None (the source does not know); anything that does not fit
is `Unfit`, without the value in its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_DECIMAL = re.compile(r"[+-]?[0-9]{1,28}(\.[0-9]{1,18})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799
"""Epoch seconds of the years 1 to 9999; milliseconds of our days lie outside."""
_TRUE: Final = frozenset({"1", "true", "t"})
_FALSE: Final = frozenset({"0", "false", "f"})


class Unfit(Exception):
    """A value does not fit; the text never holds the value."""


def decimal(value: Any) -> Decimal | None:
    """Read an exact number; a float is read by its shortest text, as the source meant it."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise Unfit("not a number")
    # Without an exponent: the shortest text of a float near the equator is `1e-05`.
    exact = Decimal(str(value)) if isinstance(value, float) else value
    text = format(exact, "f") if isinstance(exact, Decimal) else str(exact).strip()
    if _DECIMAL.fullmatch(text) is None:
        raise Unfit("not a plain decimal number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unfit("not a number") from None


def to_decimal(value: Any) -> str | None:
    """An exact number as text, its decimals as the source wrote them."""
    number = decimal(value)
    return None if number is None else format(number, "f")


def to_integer(value: Any) -> int | None:
    """A whole number; `12.0` is one, `12.5` and `true` are not."""
    if isinstance(value, str) and value.strip() and _INTEGER.fullmatch(value.strip()) is None:
        raise Unfit("not a whole number")
    number = decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) >= 2**53:
        raise Unfit("not a whole number")
    return int(number)


def to_text(value: Any) -> str | None:
    """Text without the padding of fixed-width columns; empty text is unknown."""
    if value is None:
        return None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal, float)):
        raise Unfit("not text")
    return (format(value, "f") if isinstance(value, Decimal) else str(value)).strip() or None


def to_boolean(value: Any) -> bool | None:
    """True and false, also as 1/0 and their usual spellings; `Y` and others need a code list."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Unfit("not true or false")


def to_moment(value: Any) -> str | None:
    """A moment as RFC 3339; without an offset it is UTC, numbers are epoch seconds."""
    if value is None or value == "":
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        at = datetime.fromtimestamp(_epoch(value), UTC)
    elif isinstance(value, datetime):
        at = value
    elif isinstance(value, str):
        at = _read_moment(value.strip(), None)
    else:
        raise Unfit("not a moment")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")


def moment(value: Any, format_: str | None = None) -> int | None:
    """A moment as epoch seconds; without an offset it is UTC, a bare day is its midnight."""
    if value is None or value == "":
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _epoch(value)
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, date):
        at = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        at = _read_moment(value.strip(), format_)
    else:
        raise Unfit("not a moment")
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def plain(value: Any) -> Any:
    """What an untransformed value becomes: JSON as it is, other database types as text. The blanks
    that pad a CHAR column fall away, and empty text is unknown."""
    if isinstance(value, str):
        return value.rstrip(" ") or None
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (Decimal, float)):
        return to_decimal(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    raise Unfit("a type that needs `to:`")


TARGETS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": to_text,
    "integer": to_integer,
    "decimal": to_decimal,
    "boolean": to_boolean,
    "moment": to_moment,
}


def _epoch(value: float | Decimal) -> int:
    try:
        seconds = int(value)
    except (ValueError, OverflowError, InvalidOperation):
        raise Unfit("not a moment") from None
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise Unfit("not a moment in seconds")
    return seconds


def _read_moment(text: str, format_: str | None) -> datetime:
    try:
        if format_ is not None:
            return datetime.strptime(text, format_)  # noqa: DTZ007 - the caller adds UTC
        return datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("not a moment of the declared format") from None
