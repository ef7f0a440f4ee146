"""Mapping rules that make one value of several others: `first_of`, `join`, `date_parts`, `default`.

They are rules as those of `adapters.rules`, and read whatever the rules inside them read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters import convert
from adapters.calendars import Calendar
from adapters.dates import partial
from adapters.rules import Records, Rule, Unmappable, through
from adapters.steps import Step


@dataclass(frozen=True, slots=True)
class FirstOf:
    """`first_of`: the first of several rules that knows a value."""

    rules: tuple[Rule, ...]
    steps: tuple[Step, ...]

    @property
    def columns(self) -> frozenset[str]:
        """What its rules read."""
        return frozenset().union(*(rule.columns for rule in self.rules))

    def value(self, records: Records) -> Any:
        """The first value that is not None."""
        for rule in self.rules:
            value = rule.value(records)
            if value is not None:
                return through(value, self.steps) if self.steps else value
        return None


@dataclass(frozen=True, slots=True)
class Join:
    """`join`: several values as one text; what is unknown is left out."""

    rules: tuple[Rule, ...]
    between: str
    steps: tuple[Step, ...]

    @property
    def columns(self) -> frozenset[str]:
        """What its rules read."""
        return frozenset().union(*(rule.columns for rule in self.rules))

    def value(self, records: Records) -> Any:
        """The text; None when nothing is known."""
        try:
            texts = [convert.to_text(rule.value(records)) for rule in self.rules]
        except convert.Unfit as error:
            raise Unmappable(str(error)) from None
        joined = self.between.join(text for text in texts if text is not None)
        return through(joined or None, self.steps) if self.steps else joined or None


@dataclass(frozen=True, slots=True)
class DateParts:
    """`date_parts`: year, month and day that stand in columns of their own."""

    parts: tuple[Rule, Rule, Rule]
    calendar: Calendar
    gregorian: bool
    whole: bool

    @property
    def columns(self) -> frozenset[str]:
        """What its parts read."""
        return frozenset().union(*(rule.columns for rule in self.parts))

    def value(self, records: Records) -> Any:
        """The date; with a part unknown what is known of it, or None where a whole day is asked."""
        try:
            year, month, day = (convert.to_integer(rule.value(records)) or 0 for rule in self.parts)
            if not year or (self.whole and not (month and day)):
                return None
            return partial(self.calendar, year, month, day, gregorian=self.gregorian)
        except convert.Unfit as error:
            raise Unmappable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Default:
    """`default`: what stands in for an unknown value, where the owner says so."""

    rule: Rule
    default: Any

    @property
    def columns(self) -> frozenset[str]:
        """What its rule reads."""
        return self.rule.columns

    def value(self, records: Records) -> Any:
        """The value, or the default."""
        value = self.rule.value(records)
        return self.default if value is None else value
