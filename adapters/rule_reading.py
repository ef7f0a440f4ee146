"""Reading mapping rules: from the YAML of a source file to the objects of `adapters.rules`.

All that can be known before a question is asked is checked here, and every complaint has a place and
a cure. The forms and their keys are in `docs/adapters/mapping.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from adapters import steps
from adapters.calendars import GREGORIAN, calendar
from adapters.combining_rules import DateParts, Default, FirstOf, Join
from adapters.convert import Unfit, decimal
from adapters.crosswalk import CodeLists
from adapters.dates import numeric
from adapters.pointer import parse
from adapters.rules import Constant, Each, Fields, From, Listed, Lookup, Missing, Rule
from adapters.steps import ERROR, EXACT, Bands, Codes, Empties, InScript, PadTo, Scale, Split, Step, composed
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError

_STEPS: Final = frozenset(
    {
        "empty_values",
        "normalise",
        "script",
        "split",
        "codes",
        "else",
        "pad_to",
        "multiply",
        "divide",
        "round",
        "bands",
        "to",
        "format",
        "calendar",
    }
)
_FORMS: Final = (
    "each",
    "object",
    "list",
    "constant",
    "missing",
    "find",
    "first_of",
    "join",
    "date_parts",
    "from",
)
_SHAPES: Final = {
    "from": frozenset({"from", "when", "default"}) | _STEPS,
    "find": frozenset({"find", "key", "equals", "take", "default"}) | _STEPS,
    "first_of": frozenset({"first_of", "default"}) | _STEPS,
    "join": frozenset({"join", "with", "default"}) | _STEPS,
    "date_parts": frozenset({"date_parts", "to", "calendar", "default"}),
    "each": frozenset({"each", "from"}),
    "object": frozenset({"object"}),
    "list": frozenset({"list"}),
    "missing": frozenset({"missing"}),
    "constant": frozenset({"constant"}),
}
_DATES: Final = ("date", "partial_date")

Counting = Callable[[Place], Callable[[], None]]
"""What a code list at a place calls for a code it does not know."""


class BadRule(Exception):
    """A rule in the file is wrong: where, and what to write instead."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Reads the rules of one source: where its crosswalks are, and who counts unknown codes."""

    lists: CodeLists
    counting: Counting | None = None

    def rule(self, rule: Any, place: Place) -> Rule:
        """One rule, which the JSON Schema has already accepted.

        Raises:
            BadRule: it cannot work.
        """
        if isinstance(rule, str):
            return From(pointer(rule, place), ())
        form = next((name for name in _FORMS if name in rule), None)
        if form is None:
            raise BadRule(place, "a rule without a form; write one of " + ", ".join(sorted(_FORMS)))
        foreign = sorted(rule.keys() - _SHAPES[form])
        if foreign:
            raise BadRule((*place, foreign[0]), f"`{foreign[0]}` cannot stand beside `{form}`; remove it")
        read = self._form(form, rule, place)
        return Default(read, rule["default"]) if "default" in rule else read

    def _form(self, form: str, rule: Mapping[str, Any], place: Place) -> Rule:
        match form:
            case "constant":
                return Constant(rule["constant"])
            case "object":
                return Fields(self._members(rule["object"], (*place, "object")))
            case "list":
                return Listed(self._several(rule["list"], (*place, "list")))
            case "missing":
                return Missing(pointer(rule["missing"], (*place, "missing")))
            case "each":
                origin = pointer(rule["from"], (*place, "from")) if "from" in rule else None
                return Each(origin, self._members(rule["each"], (*place, "each")))
            case "find":
                return self._lookup(rule, place)
            case "first_of":
                return FirstOf(
                    self._several(rule["first_of"], (*place, "first_of")), self._steps(rule, place)
                )
            case "join":
                entries = self._several(rule["join"], (*place, "join"))
                return Join(entries, rule.get("with", " "), self._steps(rule, place))
            case "date_parts":
                return self._date_parts(rule, place)
            case _:
                return From(
                    pointer(rule["from"], (*place, "from")), self._steps(rule, place), _when(rule, place)
                )

    def _members(self, rules: Mapping[str, Any], place: Place) -> dict[str, Rule]:
        return {name: self.rule(rule, (*place, name)) for name, rule in rules.items()}

    def _several(self, rules: list[Any], place: Place) -> tuple[Rule, ...]:
        return tuple(self.rule(rule, (*place, index)) for index, rule in enumerate(rules))

    def _lookup(self, rule: Mapping[str, Any], place: Place) -> Lookup:
        missing = [name for name in ("key", "equals", "take") if name not in rule]
        if missing:
            what = f"`find` also needs `{missing[0]}`: the list, its key, what it equals, what to take"
            raise BadRule(place, what)
        return Lookup(
            pointer(rule["find"], (*place, "find")),
            pointer(rule["key"], (*place, "key")),
            rule["equals"],
            pointer(rule["take"], (*place, "take")),
            self._steps(rule, place),
        )

    def _date_parts(self, rule: Mapping[str, Any], place: Place) -> DateParts:
        if rule.get("to") not in _DATES:
            raise BadRule(place, "`date_parts` needs `to`; write `to: date`, or `to: partial_date`")
        word = rule.get("calendar", GREGORIAN)
        parts = self._members(rule["date_parts"], (*place, "date_parts"))
        year, month, day = (parts.get(name, Constant(None)) for name in ("year", "month", "day"))
        return DateParts((year, month, day), calendar(word), word == GREGORIAN, rule["to"] == "date")

    def _steps(self, rule: Mapping[str, Any], place: Place) -> tuple[Step, ...]:
        made: list[Step] = []
        if "empty_values" in rule:
            made.append(Empties(frozenset(rule["empty_values"])))
        if "normalise" in rule:
            made.append(composed)
        if "script" in rule:
            made.append(InScript(rule["script"]))
        if "split" in rule:
            split = rule["split"]
            made.append(Split(split["by"], split["part"], split.get("of")))
        made += self._codes(rule, place)
        if "pad_to" in rule:
            made.append(PadTo(rule["pad_to"]))
        made += _scale(rule, place)
        if "bands" in rule:
            made.append(_bands(rule["bands"], (*place, "bands")))
        made += _target(rule, place)
        return tuple(made)

    def _codes(self, rule: Mapping[str, Any], place: Place) -> list[Step]:
        if "codes" not in rule:
            if "else" in rule:
                what = "`else` belongs to `codes`; write the code list or remove it"
                raise BadRule((*place, "else"), what)
            return []
        codes, otherwise = rule["codes"], rule.get("else")
        if codes.keys() == {"list"} and "/" in str(codes["list"]):
            try:
                crosswalk = self.lists.find(codes["list"])
            except ConfigurationError as error:
                raise BadRule((*place, "codes", "list"), error.detail) from None
            codes, otherwise = crosswalk.entries, rule.get("else", crosswalk.otherwise)
        elif "else" not in rule:
            what = "`codes` needs `else`; write `else: error` to refuse unknown codes"
            raise BadRule((*place, "codes"), what)
        missed = None if self.counting is None else self.counting(place)
        return [Codes(codes, ERROR if otherwise == "error" else otherwise, missed)]


def pointer(text: str, place: Place) -> tuple[str, ...]:
    """A place in a record. Raises BadRule."""
    try:
        return parse(text)
    except ValueError as error:
        raise BadRule(place, str(error)) from None


def check_format(rule: Mapping[str, Any], place: Place) -> None:
    """What a date's format cannot be. Raises BadRule."""
    format_, word = rule.get("format"), rule.get("calendar", GREGORIAN)
    if format_ is None:
        return
    if "%y" in format_:
        what = "a year of two digits could be two years; write `%Y`, and ask the owner for whole years"
        raise BadRule((*place, "format"), what)
    if word != GREGORIAN and not numeric(format_):
        what = f"a date of calendar {word} is read from numbers; write %Y, %m and %d"
        raise BadRule((*place, "format"), what)
    if rule.get("to") == "partial_date" and not numeric(format_):
        what = "a partial date is read from numbers; write %Y, %m and %d, as many as the source has"
        raise BadRule((*place, "format"), what)


def _target(rule: Mapping[str, Any], place: Place) -> list[Step]:
    target = rule.get("to")
    for name in ("format", "calendar"):
        if name in rule and target not in _DATES:
            raise BadRule((*place, name), f"`{name}` belongs to `to: date`; write both or neither")
    check_format(rule, place)
    if target is None:
        return []
    return [steps.to(target, rule.get("format"), rule.get("calendar", GREGORIAN))]


def _scale(rule: Mapping[str, Any], place: Place) -> list[Step]:
    if not rule.keys() & {"multiply", "divide", "round"}:
        return []
    if rule.get("to") not in (None, "decimal", "integer", "text"):
        raise BadRule((*place, "to"), "what is scaled is a number; write `to: decimal` or `to: integer`")
    factor = _number(rule.get("multiply", "1"), (*place, "multiply"))
    divisor = _number(rule.get("divide", "1"), (*place, "divide"))
    inverse = _inverse(divisor)
    if inverse is None:
        what = "this division has no exact result; write a divisor such as 100, or multiply instead"
        raise BadRule((*place, "divide"), what)
    places = None if "round" not in rule else Decimal(1).scaleb(-rule["round"])
    scale: list[Step] = [Scale(EXACT.multiply(factor, inverse), places)]
    return scale if "to" in rule or "bands" in rule else [*scale, steps.to("decimal", None, GREGORIAN)]


def _inverse(divisor: Decimal) -> Decimal | None:
    """One by the divisor when that ends, as 1/8 does and 1/3 does not."""
    numerator, denominator = divisor.as_integer_ratio()
    rest, power = abs(numerator), 0
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        power = max(power, times)
    # 10 to this power is the least that the numerator divides.
    return None if rest != 1 else Decimal(denominator * 10**power // numerator).scaleb(-power)


def _number(text: Any, place: Place) -> Decimal:
    try:
        number = decimal(str(text))
    except Unfit:
        number = None
    if not number:
        raise BadRule(place, 'not a number that can scale; write a decimal in quotes, such as "10000"')
    return number


def _when(rule: Mapping[str, Any], place: Place) -> tuple[tuple[tuple[str, ...], Any], ...]:
    condition = rule.get("when", {})
    return tuple((pointer(where, (*place, "when", where)), value) for where, value in condition.items())


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
