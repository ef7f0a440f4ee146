"""Mapping rules: each turns a source's records into one canonical value.

    given_names: first_names                       a column or member; `/a/b` is a JSON Pointer
    birth_date: {from: born, to: date, format: "%d.%m.%Y"}
    sex: {from: sex, codes: {M: male, F: female}, else: error}
    phone: {find: /attributes, key: code, equals: PHONE, take: value}
    address: {object: {district: district_code}}
    members: {each: {national_id: nid}, from: /people}        without `from`: over the records
    parents: {list: [{object: {national_id: mother}}, {object: {national_id: father}}]}
    alive: {missing: died_on}                      true when nothing stands there
    brn: {from: number, when: {kind: BRN}}         only where the record says so
    income_band: {from: income, bands: [{below: "2000", is: low}, {is: high}]}
    currency: {constant: LMD}
    phone: {first_of: [mobile, landline]}          the first that is known
    full_name: {join: [first, last]}               what is unknown is left out
    birth_date: {date_parts: {year: y, month: m, day: d}, to: date, calendar: ethiopian}
    status: {from: status, default: unknown}       only where it is written

What happens to a value on its way is in `adapters.steps`. A rule reads a list of records: one for a
service of shape `record`, several for shape `list`, where a plain column must then say the same in
all of them. What does not fit raises `Unmappable`, whose text names field and rule, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters import convert
from adapters.pointer import ABSENT, find
from adapters.steps import ERROR, Codes, Step

__all__ = [
    "ERROR",
    "Codes",
    "Constant",
    "Each",
    "Fields",
    "From",
    "Listed",
    "Lookup",
    "Missing",
    "Records",
    "Rule",
    "Unmappable",
    "agreed",
    "named",
    "through",
]

Records = Sequence[Mapping[str, Any]]


class Unmappable(Exception):
    """A source's value does not fit its rule; the text is safe to show."""


class Rule(Protocol):
    """One way to make a canonical value."""

    @property
    def columns(self) -> frozenset[str]:
        """The top-level members of a record that it reads."""

    def value(self, records: Records) -> Any:
        """The canonical value; Unmappable when the records do not fit."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same value."""

    constant: Any
    columns: frozenset[str] = frozenset()

    def value(self, _records: Records) -> Any:
        """The constant."""
        return self.constant


@dataclass(frozen=True, slots=True)
class From:
    """The value at a place, taken through steps; absent is None."""

    place: tuple[str, ...]
    steps: tuple[Step, ...]
    when: tuple[tuple[tuple[str, ...], Any], ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """The first step of the place, and of the places of its condition."""
        return frozenset(place[0] for place in (self.place, *(where for where, _ in self.when)) if place)

    def value(self, records: Records) -> Any:
        """The one value all records agree on."""
        if len(records) == 1:
            return self._of(records[0])
        return agreed([self._of(record) for record in records])

    def _of(self, record: Mapping[str, Any]) -> Any:
        if self.when and any(_unpadded(find(record, where)) != expected for where, expected in self.when):
            return None
        return through(find(record, self.place), self.steps)


@dataclass(frozen=True, slots=True)
class Missing:
    """`missing`: whether nothing stands at a place."""

    place: tuple[str, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The first step of the place."""
        return frozenset(self.place[:1])

    def value(self, records: Records) -> Any:
        """True or false, and all records agree."""
        return agreed([_blank(find(record, self.place)) for record in records])


@dataclass(frozen=True, slots=True)
class Lookup:
    """`find/key/equals/take`: one entry of a list of key-value objects."""

    place: tuple[str, ...]
    key: tuple[str, ...]
    equals: Any
    take: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The first step of the list's place."""
        return frozenset(self.place[:1])

    def value(self, records: Records) -> Any:
        """The looked-up value all records agree on."""
        return agreed([through(self._take(record), self.steps) for record in records])

    def _take(self, record: Mapping[str, Any]) -> Any:
        entries = entries_at(record, self.place, "find")
        found = [entry for entry in entries if find(entry, self.key) == self.equals]
        if len(found) > 1:
            raise Unmappable("several entries have this key")
        return find(found[0], self.take) if found else None


@dataclass(frozen=True, slots=True)
class Fields:
    """`object`: a canonical object with rules of its own; None when nothing in it is known."""

    members: Mapping[str, Rule]

    @property
    def columns(self) -> frozenset[str]:
        """What its members read."""
        return frozenset().union(*(rule.columns for rule in self.members.values()))

    def value(self, records: Records) -> Any:
        """The object."""
        value = {name: named(name, rule, records) for name, rule in self.members.items()}
        # A constant says nothing about this person.
        read = [value[name] for name, rule in self.members.items() if not isinstance(rule, Constant)]
        return None if read and all(item is None for item in read) else value


@dataclass(frozen=True, slots=True)
class Listed:
    """`list`: a canonical list written out entry by entry; unknown entries fall away."""

    entries: tuple[Rule, ...]

    @property
    def columns(self) -> frozenset[str]:
        """What its entries read."""
        return frozenset().union(*(rule.columns for rule in self.entries))

    def value(self, records: Records) -> Any:
        """The list."""
        values = [rule.value(records) for rule in self.entries]
        return [value for value in values if value is not None]


@dataclass(frozen=True, slots=True)
class Each:
    """A list of canonical objects: one per record, or per entry of the list at `place`. The empty
    name is the entry itself, for lists of plain values."""

    place: tuple[str, ...] | None
    members: Mapping[str, Rule]

    @property
    def columns(self) -> frozenset[str]:
        """The list's place, or what its members read."""
        if self.place is not None:
            return frozenset(self.place[:1])
        return frozenset().union(*(rule.columns for rule in self.members.values()))

    def value(self, records: Records) -> Any:
        """The list, in the source's order."""
        entries = records if self.place is None else self._entries(records)
        return [
            {name: named(name, rule, [entry]) for name, rule in self.members.items()} for entry in entries
        ]

    def _entries(self, records: Records) -> Records:
        entries: list[Mapping[str, Any]] = []
        for record in records:
            entries.extend(entries_at(record, self.place or (), "from"))
        return entries


def entries_at(record: Mapping[str, Any], place: tuple[str, ...], word: str) -> list[Any]:
    """The list at a place; one object counts as a list of one, since XML and much that was made of it
    write a single entry without a list."""
    found = find(record, place)
    if found is ABSENT or found is None:
        return []
    if isinstance(found, Mapping):
        return [found]
    if not isinstance(found, list):
        raise Unmappable(f"`{word}` does not lead to a list")
    return found


def named(name: str, rule: Rule, records: Records) -> Any:
    """A rule's value; what does not fit is reported under the field's name."""
    try:
        return rule.value(records)
    except Unmappable as error:
        raise Unmappable(f"{name}: {error}") from None


def through(value: Any, steps: tuple[Step, ...]) -> Any:
    """Take a value through its steps; without any it becomes plain JSON."""
    try:
        if value is ABSENT or value is None:
            return None
        if not steps:
            return convert.plain(value)
        for step in steps:
            value = None if value is None else step(value)
    except convert.Unfit as error:
        raise Unmappable(str(error)) from None
    return value


def _unpadded(value: Any) -> Any:
    """A value without the blanks that pad a CHAR column."""
    return value.rstrip(" ") if isinstance(value, str) else value


def _blank(value: Any) -> bool:
    return _unpadded(value) in (ABSENT, None, "")


def agreed(values: Sequence[Any]) -> Any:
    """The one value of all records; None of no record."""
    if any(value != values[0] for value in values[1:]):
        raise Unmappable("the records do not agree on one value")
    return values[0] if values else None
