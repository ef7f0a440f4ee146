"""Codes a source holds that no code list of its file knows, before somebody's answer fails on one.

Counting happens at the source (`kinds/<kind>/counted.py`, kinds that can group), column by column,
and only codes and how many rows carry them come back: never a row. A code carried by few rows could
say something about a person, or be a name in the wrong column, so it is shown from `at_least` rows.
Left out: codes inside nested lists, under `when`, and kinds that answer about one person at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol, cast

from adapters.combining_rules import FirstOf, Join
from adapters.convert import Unfit, to_text
from adapters.kinds import package_of
from adapters.rules import Each, Fields, From, Listed, Rule
from adapters.source import RecordService, Source
from adapters.steps import Codes
from schemas.errors import ConfigurationError

AT_LEAST: Final = 10
MOST_CODES: Final = 1000
"""How many different values of a column are looked at; more of them are no code list."""

Counted = Sequence[tuple[Any, int]]
"""Values of a column and how many rows carry each, the most frequent first."""


class Counting(Protocol):
    """`counted` of a kind's `counted.py`."""

    async def __call__(
        self, source: Source, service: RecordService, columns: Sequence[str], most: int
    ) -> Mapping[str, Counted]:
        """By column, at most `most` values. Raises ConfigurationError or OSError."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """What one field's column holds that its list does not know. `codes` are those that may be shown,
    by rows; `rare` is how many more there are. `too_many` says that the column is no code list."""

    service: str
    field: str
    column: str
    rows: int
    codes: Mapping[str, int]
    rare: int
    too_many: bool = False


async def survey(source: Source, at_least: int = AT_LEAST) -> list[Unmapped]:
    """Ask a live source for the codes that no list of its file knows.

    Raises:
        ConfigurationError: the source's kind cannot count, or the source is not what its file declares.
    """
    counted = _counting(source)
    found = []
    for service in source.services.values():
        if not isinstance(service, RecordService):
            continue
        coded = list(coded_columns(service.rules.fields))
        columns = sorted({column for _, column, _ in coded})
        values = await counted(source, service, columns, MOST_CODES + 1) if columns else {}
        found += [
            _unmapped(service.name, field, rule, values[column], at_least) for field, column, rule in coded
        ]
    return [one for one in found if one.rows or one.too_many]


def coded_columns(fields: Mapping[str, Rule], above: str = "") -> Iterator[tuple[str, str, From]]:
    """Field, column and rule of every code list over a plain column, members of objects included."""
    for name, rule in fields.items():
        yield from _coded(above + name, rule)


def _coded(field: str, rule: Rule) -> Iterator[tuple[str, str, From]]:
    if isinstance(rule, From):
        plain = len(rule.place) == 1 and not rule.when
        if plain and any(isinstance(step, Codes) for step in rule.steps):
            yield field, rule.place[0], rule
    elif isinstance(rule, Fields) or (isinstance(rule, Each) and rule.place is None):
        yield from coded_columns(rule.members, f"{field}/")
    elif isinstance(rule, (FirstOf, Join)):
        for entry in rule.rules:
            yield from _coded(field, entry)
    elif isinstance(rule, Listed):
        for entry in rule.entries:
            yield from _coded(field, entry)


def _counting(source: Source) -> Counting:
    module = package_of(source.kind) + ".counted"
    if find_spec(module) is None:
        raise ConfigurationError(
            f"a source of kind {source.kind} answers about one subject at a time and cannot list its codes; "
            "watch the metric isthmus_source_unknown_codes, or ask its owner for the list"
        )
    return cast("Counting", import_module(module).counted)


def _unmapped(service: str, field: str, rule: From, values: Counted, at_least: int) -> Unmapped:
    unknown = [(to_text(value) or "", rows) for value, rows in values if not is_known(rule, value)]
    shown = {code: rows for code, rows in unknown if rows >= at_least}
    return Unmapped(
        service,
        field,
        rule.place[0],
        sum(rows for _, rows in unknown),
        {} if len(values) > MOST_CODES else shown,
        len(unknown) - len(shown),
        len(values) > MOST_CODES,
    )


def is_known(rule: From, value: Any) -> bool:
    """Whether a value gets through the steps up to its code list, and stands in it."""
    try:
        for step in rule.steps:
            if value is None:
                return True
            if isinstance(step, Codes):
                code = str(value).lower() if isinstance(value, bool) else to_text(value)
                return code is None or code in step.codes
            value = step(value)
    except Unfit:
        return False
    return True
