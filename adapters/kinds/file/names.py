"""Names of dropped files: `attendance_{date:%Y%m%d}_{sequence}.csv`.

`*` stands for any characters, `{date:FORMAT}` for a day or moment (strptime directives with a fixed
width), `{sequence}` for a number that grows by one with every file. A name never holds a slash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MAX_TEXT: Final = 1024
"""Characters of what can have a pattern's form."""
_DIGITS: Final = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3}
_PART: Final = re.compile(r"\{date:(?P<format>[^{}]+)\}|\{(?P<sequence>sequence)\}|(?P<any>\*)")


@dataclass(frozen=True, slots=True)
class Said:
    """What a name or a line says: `date` as epoch seconds (UTC)."""

    date: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of names, or of a line of text."""

    text: str
    expression: re.Pattern[str]
    format: str | None
    has_sequence: bool

    @property
    def is_one_name(self) -> bool:
        """Whether it stands for a single name."""
        return _PART.search(self.text) is None

    def example(self) -> str:
        """A text of this form: of 1 January 2026, number 1."""
        day = datetime(2026, 1, 1, tzinfo=UTC)
        return _PART.sub(
            lambda part: day.strftime(part["format"]) if part["format"] else "1" if part["sequence"] else "",
            self.text,
        )

    def read(self, text: str) -> Said | None:
        """What a text says; None when it does not have the pattern's form."""
        # Stars are tried at every place: names have at most 255 characters, a line may have a million.
        match = None if len(text) > MAX_TEXT else self.expression.fullmatch(text)
        if match is None:
            return None
        told = match.groupdict()
        date = None
        if self.format is not None:
            try:
                date = int(datetime.strptime(told["date"], self.format).replace(tzinfo=UTC).timestamp())
            except ValueError:
                return None
        return Said(date, int(told["sequence"]) if self.has_sequence else None)


def pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        ValueError: a directive is not known, or a variable stands twice; says which.
    """
    expression, at, date_format, has_sequence = "", 0, None, False
    for part in _PART.finditer(text):
        expression += re.escape(text[at : part.start()])
        at = part.end()
        if part["any"]:
            expression += r"[^/]*"
        elif part["sequence"]:
            if has_sequence:
                raise ValueError("`{sequence}` stands twice")
            has_sequence, expression = True, expression + r"(?P<sequence>[0-9]{1,18})"
        else:
            if date_format is not None:
                raise ValueError("`{date:…}` stands twice")
            date_format = part["format"]
            expression += f"(?P<date>{_date(date_format)})"
    expression += re.escape(text[at:])
    if re.search(r"[{}]", _PART.sub("", text)):
        raise ValueError("a brace without its meaning; write {date:%Y%m%d} or {sequence}")
    return Pattern(text, re.compile(expression), date_format, has_sequence)


def _date(date_format: str) -> str:
    expression, at = "", 0
    for part in re.finditer(r"%(.)", date_format):
        if part[1] not in _DIGITS:
            known = ", ".join(f"%{letter}" for letter in _DIGITS)
            raise ValueError(f"`%{part[1]}` cannot stand in a date; write {known}")
        expression += re.escape(date_format[at : part.start()]) + rf"[0-9]{{{_DIGITS[part[1]]}}}"
        at = part.end()
    return expression + re.escape(date_format[at:])
