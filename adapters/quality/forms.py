"""The mapping of a service, taken apart: which canonical values a record holds, one by one.

`adapters.rules` gives a whole field or refuses it. Here each value inside it is read on its own, so
that a wrong date in `enrolments` is told from a wrong code there, and an empty one from both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from adapters.canonical import canonicals
from adapters.combining_rules import Default, FirstOf, Join
from adapters.rules import Constant, Each, Fields, From, Listed, Records, Rule, Unmappable, entries_at
from adapters.steps import Codes

Values = Mapping[str, Any]
"""What one object of a record holds, by the names of its members; a value that does not fit its rule
or the canonical schema is missing."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One canonical value: its path from the record, its rule, its schema, the code lists in the rule."""

    path: str
    name: str
    rule: Rule
    schema: jsonschema_rs.Draft202012Validator
    is_date: bool
    coded: tuple[From, ...]

    def read(self, records: Records) -> Any:
        """The value; None when the source does not know it. Unmappable when it does not fit."""
        value = self.rule.value(records)
        if value is not None and not self.schema.is_valid(value):
            raise Unmappable("not what the canonical schema allows")
        return value


@dataclass(frozen=True, slots=True)
class Form:
    """One object of a canonical record: its values, and the objects in it. `entries` are the records
    it is made from."""

    path: str
    leaves: tuple[Leaf, ...]
    inner: tuple[Form, ...]
    entries: Callable[[Records], Iterator[Records]]

    def every_leaf(self) -> Iterator[Leaf]:
        """All values, those of inner objects too."""
        yield from self.leaves
        for form in self.inner:
            yield from form.every_leaf()

    def every_form(self) -> Iterator[Form]:
        """This object and all in it."""
        yield self
        for form in self.inner:
            yield from form.every_form()


def form_of(canonical: str, fields: Mapping[str, Rule]) -> Form:
    """How records of a service are taken apart."""
    return _form("", fields, canonicals()[canonical].document, _whole)


def _form(
    path: str,
    members: Mapping[str, Rule],
    schema: Mapping[str, Any],
    entries: Callable[[Records], Iterator[Records]],
) -> Form:
    leaves: list[Leaf] = []
    inner: list[Form] = []
    known = schema.get("properties", {})
    for name, rule in members.items():
        at = f"{path}{name}" if name else path.rstrip("/")
        _take_apart(at, name, rule, known.get(name, {}) if name else schema, leaves, inner)
    return Form(path, tuple(leaves), tuple(inner), entries)


def _take_apart(
    path: str, name: str, rule: Rule, schema: Mapping[str, Any], leaves: list[Leaf], inner: list[Form]
) -> None:
    rule = rule.rule if isinstance(rule, Default) else rule
    items = schema.get("items", {})
    match rule:
        case Constant():
            return  # it says nothing about the data
        case Fields():
            inner.append(_form(f"{path}/", rule.members, schema, _whole))
        case Each():
            inner.append(_form(f"{path}/", rule.members, items, _entries_of(rule)))
        case Listed():
            for entry in rule.entries:
                _take_apart(path, name, entry, items, leaves, inner)
        case _:
            validator = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
            is_date = schema.get("format") == "date"
            leaves.append(Leaf(path, name, rule, validator, is_date, tuple(_coded(rule))))


def _coded(rule: Rule) -> Iterator[From]:
    if isinstance(rule, From) and any(isinstance(step, Codes) for step in rule.steps):
        yield rule
    elif isinstance(rule, (FirstOf, Join)):
        for one in rule.rules:
            yield from _coded(one)


def _whole(records: Records) -> Iterator[Records]:
    yield records


def _entries_of(rule: Each) -> Callable[[Records], Iterator[Records]]:
    place = rule.place

    def entries(records: Records) -> Iterator[Records]:
        for record in records:
            if place is None:
                yield [record]
            else:
                yield from ([entry] for entry in entries_at(record, place, "from"))

    return entries
