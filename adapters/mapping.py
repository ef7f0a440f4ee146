"""From a source's records to a canonical record: `map`, `as_of`, `restricted`, `area`, `group`.

Pure. `compile_rules` reads the YAML form (`adapters.rule_reading`) and reports what is wrong by
place; `Rules.outcome` turns records into Match, Ambiguous or Misbehaving. Which fields were asked
decides which columns are read at all: what nobody asked for stays at home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters import convert
from adapters.calendars import GREGORIAN
from adapters.crosswalk import CodeLists, Misses
from adapters.dates import moment_reader
from adapters.pointer import ABSENT, find
from adapters.rule_reading import BadRule, Counting, RuleReader, check_format, pointer
from adapters.rules import Records, Rule, Unmappable, named, through
from adapters.yaml_lines import Place
from schemas.outcome import Ambiguous, Match, Misbehaving, Shape

__all__ = ["BadRule", "Moment", "Rules", "compile_rule", "compile_rules"]

AHEAD_S: Final = 86_400
"""How far a record may be ahead of us: a day begins earlier in the east, and clocks differ. What says
next year would be fresh until then."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`as_of`: where the records say how old they are."""

    place: tuple[str, ...]
    read: Callable[[Any], int | None]

    def oldest(self, records: Records) -> int | None:
        """The oldest moment of the records; None when there are none."""
        moments = [self._of(record) for record in records]
        return min(moments) if moments else None

    def _of(self, record: Mapping[str, Any]) -> int:
        try:
            value = self.read(_present(find(record, self.place)))
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
            if as_of > now + AHEAD_S:
                return Misbehaving("as_of: a moment to come")
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


def mapped_fields(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record service's rules by canonical field. `fields` lists those that the records hold under
    their canonical names already."""
    return service["map"] if "map" in service else {name: name for name in service["fields"]}


def compile_rules(
    service: Mapping[str, Any],
    place: Place,
    lists: CodeLists | None = None,
    misses: Misses | None = None,
) -> Rules:
    """Read the mapping part of a service, which the JSON Schema has already accepted. Crosswalks are
    looked for in `lists`; `misses` counts codes that no list knows.

    Raises:
        BadRule: a rule cannot work.
    """
    reader = RuleReader(lists or CodeLists(), None if misses is None else _counting(misses, place))
    restricted, area, group = service.get("restricted"), service.get("area"), service.get("group")
    fields = {name: reader.rule(rule, (*place, "map", name)) for name, rule in mapped_fields(service).items()}
    return Rules(
        fields,
        service.get("shape", "record"),
        None if group is None else pointer(group, (*place, "group")),
        _compile_moment(service.get("as_of", "now"), (*place, "as_of")),
        None if restricted is None else reader.rule(_flag(restricted), (*place, "restricted")),
        None if area is None else reader.rule(area, (*place, "area")),
    )


def compile_rule(rule: Any, place: Place, lists: CodeLists | None = None) -> Rule:
    """Read one rule. Raises as `compile_rules`."""
    return RuleReader(lists or CodeLists()).rule(rule, place)


def _present(value: Any) -> Any:
    return None if value is ABSENT else value


def _counting(misses: Misses, place: Place) -> Counting:
    """Counts under the service, and the field or the word that a rule belongs to."""
    service = str(place[-1]) if place else ""

    def at(where: Place) -> Callable[[], None]:
        inside = where[len(place) :]
        return misses.at(service, str(inside[1] if inside[0] == "map" else inside[0]))

    return at


def _flag(rule: Any) -> Any:
    """`restricted`: a bare place is read as a boolean."""
    return {"from": rule, "to": "boolean"} if isinstance(rule, str) else rule


def _compile_moment(rule: Any, place: Place) -> Moment | None:
    if rule == "now":
        return None
    if isinstance(rule, str):
        return Moment(pointer(rule, place), convert.moment)
    check_format(rule, place)
    return Moment(
        pointer(rule["from"], (*place, "from")), _moment_of(rule.get("format"), rule.get("calendar"))
    )


def _moment_of(format_: str | None, word: str | None) -> Callable[[Any], int | None]:
    if word is None or word == GREGORIAN:
        return lambda value: convert.moment(value, format_)
    read = moment_reader(format_, word)

    def moment(value: Any) -> int | None:
        text = convert.to_text(value)
        return None if text is None else read(text)

    return moment
