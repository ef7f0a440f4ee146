"""From a source's records to a canonical record: `map`, `as_of`, `restricted`, `area`, `group`.

Pure. `compile_rules` reads the YAML form (see `adapters.rules` for the forms of one rule) and
reports what is wrong by place; `Rules.outcome` turns records into Match, Ambiguous or Misbehaving.
Which fields were asked decides which columns are read at all: what nobody asked for stays at home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from adapters import convert
from adapters.pointer import find, parse
from adapters.rules import (
    ERROR,
    Bands,
    Codes,
    Constant,
    Convert,
    Each,
    Fields,
    From,
    Listed,
    Lookup,
    Missing,
    Records,
    Rule,
    Step,
    Unmappable,
    named,
    through,
)
from adapters.yaml_lines import Place
from schemas.outcome import Ambiguous, Match, Misbehaving, Shape

_TRANSFORMS: Final = frozenset({"to", "format", "codes", "else", "bands"})
_FORMS: Final = ("each", "object", "list", "constant", "missing", "find", "from")
_SHAPES: Final = {
    "from": frozenset({"from", "when"}) | _TRANSFORMS,
    "find": frozenset({"find", "key", "equals", "take"}) | _TRANSFORMS,
    "each": frozenset({"each", "from"}),
    "object": frozenset({"object"}),
    "list": frozenset({"list"}),
    "missing": frozenset({"missing"}),
    "constant": frozenset({"constant"}),
}


class BadRule(Exception):
    """A rule in the file is wrong: where, and what to write instead."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class Moment:
    """`as_of`: where the records say how old they are."""

    place: tuple[str, ...]
    format: str | None

    def oldest(self, records: Records) -> int | None:
        """The oldest moment of the records; None when there are none."""
        moments = [self._of(record) for record in records]
        return min(moments) if moments else None

    def _of(self, record: Mapping[str, Any]) -> int:
        try:
            value = convert.moment(find(record, self.place), self.format)
        except convert.Unfit:
            raise Unmappable("as_of: not a moment") from None
        if value is None:
            raise Unmappable("as_of: the record does not say how old it is")
        return value


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one record service."""

    fields: Mapping[str, Rule]
    shape: Shape
    group: tuple[str, ...] | None = None
    as_of: Moment | None = None
    restricted: Rule | None = None
    area: Rule | None = None
    all_columns: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every top-level column or member the rules read."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "all_columns", self.columns(tuple(self.fields)))

    def columns(self, fields: tuple[str, ...]) -> frozenset[str]:
        """The top-level columns or members needed to answer these fields."""
        rules = [self.fields[field] for field in fields]
        rules += [rule for rule in (self.restricted, self.area) if rule is not None]
        places = [place for place in (self.group, self.as_of and self.as_of.place) if place]
        return frozenset().union(*(rule.columns for rule in rules), *(place[:1] for place in places))

    def outcome(self, records: Records, fields: tuple[str, ...], now: int) -> Match | Ambiguous | Misbehaving:
        """Map at least one record; `now` is the moment a live source vouches for."""
        try:
            candidates = len(records) if self.shape == "record" else self._groups(records)
            as_of = now if self.as_of is None else self.as_of.oldest(records) or now
            if candidates > 1:
                return Ambiguous(candidates, as_of)
            if not self._recognise(records):
                return Misbehaving("the source holds nothing of what the file maps")
            record = {field: named(field, self.fields[field], records) for field in fields}
            return Match(record, as_of, self._restricted(records), self._area(records))
        except Unmappable as error:
            return Misbehaving(str(error))

    def _recognise(self, records: Records) -> bool:
        """Whether anything the file maps is there: a system whose names all changed is no empty record."""
        read = self.all_columns
        return not read or not records or any(name in record for record in records for name in read)

    def _groups(self, records: Records) -> int:
        if self.group is None:
            return 1
        return len({str(through(find(record, self.group), ())) for record in records})

    def _restricted(self, records: Records) -> bool | None:
        """True when any record is; a source that announced the flag and does not set it misbehaves."""
        if self.restricted is None:
            return None
        flags = [named("restricted", self.restricted, [record]) for record in records]
        if not all(isinstance(flag, bool) for flag in flags):
            raise Unmappable("restricted: not true or false")
        return any(flags)

    def _area(self, records: Records) -> str | None:
        """The area of all records; None when they lie in several."""
        if self.area is None:
            return None
        areas = {named("area", self.area, [record]) for record in records}
        return areas.pop() if len(areas) == 1 else None


def compile_rules(service: Mapping[str, Any], place: Place) -> Rules:
    """Read the mapping part of a service, which the JSON Schema has already accepted.

    Raises:
        BadRule: a rule cannot work.
    """
    restricted, area, group = service.get("restricted"), service.get("area"), service.get("group")
    fields = {name: compile_rule(rule, (*place, "map", name)) for name, rule in service["map"].items()}
    return Rules(
        fields,
        service.get("shape", "record"),
        None if group is None else _pointer(group, (*place, "group")),
        _compile_moment(service.get("as_of", "now"), (*place, "as_of")),
        None if restricted is None else _flag(restricted, (*place, "restricted")),
        None if area is None else compile_rule(area, (*place, "area")),
    )


def compile_rule(rule: Any, place: Place) -> Rule:
    """Read one rule. Raises as `compile_rules`."""
    if isinstance(rule, str):
        return From(_pointer(rule, place), ())
    form = next((name for name in _FORMS if name in rule), None)
    if form is None:
        raise BadRule(place, "a rule without a form; write one of " + ", ".join(sorted(_FORMS)))
    foreign = sorted(rule.keys() - _SHAPES[form])
    if foreign:
        raise BadRule((*place, foreign[0]), f"`{foreign[0]}` cannot stand beside `{form}`; remove it")
    match form:
        case "constant":
            return Constant(rule["constant"])
        case "object":
            return Fields(_members(rule["object"], (*place, "object")))
        case "list":
            entries = enumerate(rule["list"])
            return Listed(tuple(compile_rule(entry, (*place, "list", index)) for index, entry in entries))
        case "missing":
            return Missing(_pointer(rule["missing"], (*place, "missing")))
        case "each":
            origin = _pointer(rule["from"], (*place, "from")) if "from" in rule else None
            return Each(origin, _members(rule["each"], (*place, "each")))
        case "find":
            return _lookup(rule, place)
        case _:
            return From(_pointer(rule["from"], (*place, "from")), _steps(rule, place), _when(rule, place))


def _members(rules: Mapping[str, Any], place: Place) -> dict[str, Rule]:
    return {name: compile_rule(rule, (*place, name)) for name, rule in rules.items()}


def _lookup(rule: Mapping[str, Any], place: Place) -> Lookup:
    missing = [name for name in ("key", "equals", "take") if name not in rule]
    if missing:
        raise BadRule(
            place, f"`find` also needs `{missing[0]}`: the list, its key, what it equals, what to take"
        )
    return Lookup(
        _pointer(rule["find"], (*place, "find")),
        _pointer(rule["key"], (*place, "key")),
        rule["equals"],
        _pointer(rule["take"], (*place, "take")),
        _steps(rule, place),
    )


def _steps(rule: Mapping[str, Any], place: Place) -> tuple[Step, ...]:
    steps: list[Step] = []
    if "format" in rule and rule.get("to") != "date":
        raise BadRule((*place, "format"), "`format` belongs to `to: date`; write both or neither")
    if "codes" in rule:
        if "else" not in rule:
            raise BadRule(
                (*place, "codes"), "`codes` needs `else`; write `else: error` to refuse unknown codes"
            )
        otherwise = ERROR if rule["else"] == "error" else rule["else"]
        steps.append(Codes(rule["codes"], otherwise))
    elif "else" in rule:
        raise BadRule((*place, "else"), "`else` belongs to `codes`; write the code list or remove it")
    if "bands" in rule:
        steps.append(_bands(rule["bands"], (*place, "bands")))
    if "to" in rule:
        steps.append(Convert(rule["to"], rule.get("format")))
    return tuple(steps)


def _when(rule: Mapping[str, Any], place: Place) -> tuple[tuple[tuple[str, ...], Any], ...]:
    condition = rule.get("when", {})
    return tuple((_pointer(where, (*place, "when", where)), value) for where, value in condition.items())


def _bands(bands: list[dict[str, Any]], place: Place) -> Bands:
    limits: list[tuple[Decimal | None, str]] = []
    for index, band in enumerate(bands):
        last = index == len(bands) - 1
        if ("below" in band) == last:
            raise BadRule((*place, index), "every band but the last needs `below`; the last must have none")
        below = None if last else _limit(band["below"], (*place, index, "below"))
        previous = limits[-1][0] if limits else None
        if below is not None and previous is not None and below <= previous:
            raise BadRule((*place, index), "bands must rise; write them from low to high")
        limits.append((below, band["is"]))
    return Bands(tuple(limits))


def _limit(text: str, place: Place) -> Decimal:
    try:
        limit = Decimal(text)
    except InvalidOperation:
        limit = Decimal("NaN")
    if not limit.is_finite():
        raise BadRule(place, 'a band\'s limit is a decimal number in quotes, such as "2000.00"')
    return limit


def _flag(rule: Any, place: Place) -> Rule:
    """`restricted`: a bare place is read as a boolean."""
    return compile_rule({"from": rule, "to": "boolean"} if isinstance(rule, str) else rule, place)


def _compile_moment(rule: Any, place: Place) -> Moment | None:
    if rule == "now":
        return None
    if isinstance(rule, str):
        return Moment(_pointer(rule, place), None)
    return Moment(_pointer(rule["from"], (*place, "from")), rule.get("format"))


def _pointer(text: str, place: Place) -> tuple[str, ...]:
    try:
        return parse(text)
    except ValueError as error:
        raise BadRule(place, str(error)) from None
