"""Selectors: how a service's subject may be named, and what its source gets to compare with.

    national_id:    {pattern: "[0-9]{10}"}                       one value
    name_and_birth:                                              a composite: several at once
      parts:
        name:       {pattern: "[^;]{1,100}"}
        birth_date: {pattern: "[0-9-]{10}", to: date}        also with `format` and `calendar`

A composite subject travels as one text, its parts in the file's order with `;` between them
(`Ilva Toss;1987-03-14`); a part never holds a `;`, so it splits in one way only. In a request and in
`where` each part has a name of its own (`{name}`, `$name`). What is not here: what a kind does with
a value (bound parameters, escaping).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from adapters.calendars import GREGORIAN
from adapters.convert import Unfit
from adapters.dates import ISO, written
from adapters.kinds import Complaint
from adapters.patterns import pattern_complaints
from adapters.yaml_lines import Place
from schemas.errors import RequestMismatch

SEPARATOR: Final = ";"
"""What stands between the parts of a composite subject."""

SelectorType = Literal["text", "integer", "date"]

# Python's own reader takes more than a source should see: other scripts' digits, `+7`.
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DIRECTIVE: Final = re.compile(r"%(.)")
_SEPARATED: Final = (SEPARATOR, "a;b", "1;1")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Part:
    """One value that names a subject: its form, and its type at the source. A plain selector is one
    part of the selector's own name."""

    name: str
    pattern: re.Pattern[str]
    to: SelectorType = "text"
    format: str = ISO
    calendar: str = GREGORIAN

    def value(self, text: str) -> str | int:
        """The value as the source takes it. A subject's date is a Gregorian `YYYY-MM-DD` that exists;
        the source gets it in its own calendar and format.

        Raises:
            RequestMismatch: it does not have the declared form.
        """
        if self.pattern.fullmatch(text) is None:
            raise RequestMismatch(f"subject.value does not have the form of a {self.name}")
        if self.to == "integer":
            if _INTEGER.fullmatch(text) is None:
                raise RequestMismatch(f"subject.value is not the number of a {self.name}")
            return int(text)
        return self._date(text) if self.to == "date" else text

    def _date(self, text: str) -> str:
        # Python's own reader also takes week dates and a month without hyphens.
        if _DATE.fullmatch(text) is not None:
            with suppress(ValueError, Unfit):
                return written(date.fromisoformat(text), self.format, self.calendar)
        raise RequestMismatch(f"subject.value is not the date of a {self.name}")


@dataclass(frozen=True, slots=True)
class Selector:
    """One way to name a subject: its parts in the order they are joined."""

    type: str
    parts: tuple[Part, ...]

    def values(self, text: str) -> Mapping[str, str | int]:
        """The value of every part by its name, as the source takes it.

        Raises:
            RequestMismatch: the text does not have the declared form.
        """
        texts = text.split(SEPARATOR) if len(self.parts) > 1 else [text]
        if len(texts) != len(self.parts):
            raise RequestMismatch(
                f"subject.value of a {self.type} is {SEPARATOR.join(part.name for part in self.parts)}"
            )
        return {part.name: part.value(one) for part, one in zip(self.parts, texts, strict=True)}

    def join(self, texts: Mapping[str, str]) -> str:
        """The one text of a subject, from the text of every part.

        Raises:
            RequestMismatch: a part is missing, foreign, or does not have the declared form.
        """
        if texts.keys() != {part.name for part in self.parts}:
            raise RequestMismatch(f"a {self.type} needs " + ", ".join(part.name for part in self.parts))
        joined = SEPARATOR.join(texts[part.name] for part in self.parts)
        self.values(joined)
        return joined


def read_selector(name: str, given: Mapping[str, Any]) -> Selector:
    """A selector of a source file that has been checked."""
    forms = given.get("parts", {name: given}).items()
    return Selector(name, tuple(_part(part, form) for part, form in forms))


def _part(name: str, form: Mapping[str, Any]) -> Part:
    pattern, to = re.compile(form["pattern"]), form.get("to", "text")
    return Part(name, pattern, to, form.get("format", ISO), form.get("calendar", GREGORIAN))


def part_names(subject: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """By selector of a file's `subject`, the names that a request or `where` can use for it."""
    return {name: tuple(given.get("parts", (name,))) for name, given in subject.items()}


def fits(name: str, given: Mapping[str, Any], text: str) -> bool:
    """Whether a text has the form of a file's selector, whose patterns have been checked or not."""
    try:
        return bool(read_selector(name, given).values(text))
    except (RequestMismatch, re.error):
        return False


def selector_complaints(name: str, given: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """What a schema cannot say about a selector that stands at a place."""
    for part, form in given.get("parts", {"": given}).items():
        at = (*place, "parts", part, "pattern") if part else (*place, "pattern")
        try:
            pattern = re.compile(form["pattern"])
        except re.error:
            yield at, "not a regular expression", 'write one such as "[0-9]{10}"'
            continue
        yield from pattern_complaints(form["pattern"], at)
        for word in ("format", "calendar"):
            if word in form and form.get("to") != "date":
                yield at[:-1], f"`{word}` belongs to `to: date`", "write both or neither"
        if set(_DIRECTIVE.findall(form.get("format", ISO))) != {"Y", "m", "d"}:
            yield at[:-1], "the format does not hold a whole date", "write %Y, %m and %d, such as %d/%m/%Y"
        if part and any(map(pattern.fullmatch, _SEPARATED)):
            cure = "leave it out, for instance with [^;]"
            yield at, f"a part of `{name}` could hold `{SEPARATOR}`, which stands between parts", cure
