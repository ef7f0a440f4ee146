"""Values replaced by others of the same form, so that a recorded answer still maps and tells nobody.

Digits become digits (a leading zero stays one), letters letters of the same script and case, a date
another date in the same writing, the same value always the same other one. What replaces what is
drawn at random for each value and forgotten with the redactor, so nothing leads back: not even a date
that somebody knows, such as that of the capture, to the other dates beside it. Words that must stay, codes
and constants of the file, are given to it; everything else is taken for a person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random, SystemRandom
from typing import Any, Final

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ])")
_HEX = re.compile(r"(?=.*\d)[0-9a-fA-F-]{8,}")
_SEPARATOR = re.compile(r"([/|?&=;])")
_YEAR = re.compile(r"19[1-9][0-9]|20[0-9]{2}")
_MONTH = re.compile(r"(19[1-9][0-9]|20[0-9]{2})(-(?:0[1-9]|1[0-2]))")
_OTHER_DATE = re.compile(
    r"(?<!\d)(\d{1,2}[./-]\d{1,2}[./-])(\d{4})(?!\d)|(?<!\d)(\d{4})([./]\d{1,2}[./]\d{1,2})(?!\d)"
)
_NOBODYS: Final = frozenset({"true", "false", "http:", "https:", "urn:"})
"""What XML writes where JSON has a type, and how addresses begin."""
_TIME = re.compile(r"(?<=[T ])([0-9]{2})(:[0-9]{2})((?::[0-9]{2}(?:[.,][0-9]+)?)?)")
_SMALL: Final = 3
_LEAST_TELLING: Final = 4
"""Shorter texts occur by chance; they are replaced, but not searched for afterwards."""
_BLOCK: Final = 64
_FURTHEST_DAYS: Final = 700


class Redactor:
    """Replaces the values of one capture. `formats` are the strptime formats of the file's dates."""

    def __init__(
        self, keep: Iterable[str], formats: Iterable[str] = (), random: Random | None = None
    ) -> None:
        self._keep = frozenset(keep) | _NOBODYS
        self._formats = tuple(formats)
        self._random = random or SystemRandom()
        self._others: dict[str, str] = {}
        self._days: dict[date, date] = {}

    def value(self, value: Any) -> Any:
        """A JSON value, or what a driver made of a column, with every leaf replaced."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping):
            return {self._name(str(name)): self.value(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, datetime):
            return datetime.fromisoformat(self.text(value.isoformat()))
        if isinstance(value, date):
            return self._other(value)
        if isinstance(value, (int, float, Decimal)):
            return self._number(value)
        return self.text(value) if isinstance(value, str) else None

    def text(self, text: str) -> str:
        """One text replaced, the same way every time."""
        if not any(map(str.isalnum, text)) or text in self._keep:
            return text
        if text not in self._others:
            self._others[text] = self._day(text) or self._pieces(text) or self._letters(text)
        return self._others[text]

    def forget(self, text: str) -> None:
        """Draw another replacement for a text the next time."""
        self._others.pop(text, None)

    def inside(self, text: str) -> str:
        """A text that is not a value itself, such as a header, without the values replaced so far."""
        for original, other in sorted(self._telling(), key=lambda pair: -len(pair[0])):
            text = text.replace(original, other)
        return text

    def left_in(self, text: str) -> bool:
        """Whether any replaced value still stands in a text that is not a word to keep."""
        return text not in self._keep and any(
            original != other and original in text for original, other in self._telling()
        )

    def left_in_name(self, name: str) -> bool:
        """Whether a replaced value of some digits stands in a member's name."""
        return any(
            original in name for original, _ in self._telling() if sum(map(str.isdigit, original)) >= _SMALL
        )

    def _telling(self) -> Iterator[tuple[str, str]]:
        """What would tell if it stayed: neither a year nor something short."""
        others = self._others.items()
        return ((old, new) for old, new in others if len(old) >= _LEAST_TELLING and not _YEAR.fullmatch(old))

    def _name(self, name: str) -> str:
        """A member's name stays, unless it is itself a value: a number, or something replaced."""
        return (
            self.text(name) if name in self._others or sum(map(str.isdigit, name)) > _LEAST_TELLING else name
        )

    def _number(self, number: float | Decimal) -> Any:
        text = format(number, "f") if isinstance(number, Decimal) else str(number)
        if text in self._keep:
            return number
        try:
            return type(number)(self.text(text))
        except (ValueError, ArithmeticError):  # such as 1e-07, whose letter was replaced
            return type(number)(0)

    def _pieces(self, text: str) -> str | None:
        """A path, an address or a pair, piece by piece: what they name has the same other name elsewhere."""
        pieces = _SEPARATOR.split(text)
        return None if len(pieces) == 1 else "".join(map(self.text, pieces))

    def _day(self, text: str) -> str | None:
        """Another day in the same writing; None when the text is no date."""
        for format_ in self._formats:
            try:
                moment = datetime.strptime(text, format_)  # noqa: DTZ007
                day, hour = self._other(moment.date()), self._hour(moment)
                return datetime.combine(day, hour, moment.tzinfo).strftime(format_)
            except (ValueError, OverflowError):
                continue
        if _YEAR.fullmatch(text):
            return str(self._year(text))
        if (month := _MONTH.fullmatch(text)) is not None:
            return str(self._year(month[1])) + month[2]
        if _ISO.match(text):
            try:
                day = self._other(date.fromisoformat(text[:10]))
            except (ValueError, OverflowError):
                return None
            return day.isoformat() + _TIME.sub(self._clock, text[10:])
        # Of an unknown order or calendar: numbers that are a month stay one, and no day is too large.
        return _OTHER_DATE.sub(self._earlier, text) if _OTHER_DATE.search(text) else None

    def _earlier(self, match: re.Match[str]) -> str:
        rest, year = (match[1], match[2]) if match[2] else (match[4], match[3])
        small = re.sub(r"\d+", self._part, rest)
        other = str(self._year(year)).zfill(4)
        return small + other if match[2] else other + small

    def _part(self, match: re.Match[str]) -> str:
        other = self._random.randint(1, 12) if int(match[0]) <= 12 else self._random.randint(13, 28)
        # As many digits as before, where there was a zero in front or could have been.
        return str(other).zfill(2) if len(match[0]) == 2 else str(min(other, 9))

    def _other(self, day: date) -> date:
        """Another day, earlier by less than two years; the same one however it is written."""
        if day not in self._days:
            self._days[day] = day - timedelta(days=self._random.randint(1, _FURTHEST_DAYS))
        return self._days[day]

    def _year(self, text: str) -> int:
        return int(text) - self._random.randint(1, 3)

    def _hour(self, moment: datetime) -> time:
        """Midnight is that of a day without a time; any other time is another."""
        if moment.time() == time(0):
            return time(0)
        return time(self._random.randrange(24), self._random.randrange(60), self._random.randrange(60))

    def _clock(self, match: re.Match[str]) -> str:
        if not match[0].strip("0:.,"):
            return match[0]
        sixties = re.sub("[0-9]+", lambda part: self._digits(part[0]), match[2] + match[3])
        return f"{self._random.randrange(24):02}{sixties}"

    def _digits(self, text: str) -> str:
        """Minutes, seconds and their fractions: below sixty, and as long."""
        rest = "".join(str(self._random.randrange(10)) for _ in text[1:])
        return str(self._random.randrange(6)) + rest

    def _letters(self, text: str) -> str:
        if text.isdecimal() and text.isascii() and len(text) <= _SMALL:
            return self._smaller(text)
        hexadecimal = _HEX.fullmatch(text) is not None
        zeros = len(text) - len(text.lstrip("0"))
        for _ in range(100):
            rest = "".join(
                self._letter(letter, not at, hexadecimal) for at, letter in enumerate(text[zeros:])
            )
            other = text[:zeros] + rest
            if other != text and other not in self._keep:
                return other
        return text  # zeros and punctuation only: nothing in it can be replaced, and nothing tells

    def _smaller(self, text: str) -> str:
        """Small numbers have bounds, such as 100 per cent or grade 4: another one, not above them."""
        number = int(text)
        least = 10 ** (len(str(number)) - 1) if number else 0
        others = [str(other).zfill(len(text)) for other in range(least, number + 1)]
        return self._random.choice([other for other in others if other not in self._keep - {text}] or [text])

    def _letter(self, letter: str, first: bool, hexadecimal: bool) -> str:
        if letter.isdecimal():
            return chr(ord(letter) - int(letter) + self._random.randint(int(first), 9))
        if not letter.isalpha():
            return letter
        if hexadecimal:
            return self._random.choice("abcdef" if letter.islower() else "ABCDEF")
        return self._random.choice(_like(letter))


@lru_cache(maxsize=512)
def _like(letter: str) -> tuple[str, ...]:
    """Letters of the same script and case: those near it in Unicode."""
    start = ord(letter) - ord(letter) % _BLOCK
    near = (chr(code) for code in range(start, start + _BLOCK))
    case = letter.isupper(), letter.islower()
    return tuple(other for other in near if other.isalpha() and (other.isupper(), other.islower()) == case)
