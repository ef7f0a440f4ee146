"""Records bent so that they no longer fit the file: what stand-ins of every kind do to their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from adapters.combining_rules import Default, FirstOf
from adapters.conformance.faults import CANARY, Fault
from adapters.mapping import Rules
from adapters.pointer import find
from adapters.rules import ERROR, Codes, Each, Fields, From, Listed, Rule

RENAMED: Final = "renamed_by_the_owner"
_NAME = re.compile(r"([A-Za-z_]\w*)(?=\s*[=:>])")


def without_mapped(record: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """The record after its owner renamed everything the file maps."""
    rest = {name: value for name, value in record.items() if name not in rules.all_columns}
    return {**rest, RENAMED: CANARY}


def with_unknown_code(record: Mapping[str, Any], rules: Rules) -> dict[str, Any] | None:
    """The record with a code that no strict code list knows; None when the file has no such list."""
    for place in strict_code_places(rules):
        bent = deepcopy(dict(record))
        if _put(bent, place, CANARY):
            return bent
    return None


def strict_code_places(rules: Rules) -> Iterator[tuple[str, ...]]:
    """Where the records of a service hold a code that must be known; list places by their first entry."""
    for rule in rules.fields.values():
        yield from _places(rule)


def bent(fault: Fault, records: list[dict[str, Any]], rules: Rules) -> list[dict[str, Any]]:
    """Records after a fault that bends them; as they were when the file gives no way to."""
    match fault:
        case Fault.SECOND_CANDIDATE:
            return [*records, *records[:1]]
        case Fault.REMOVED_FIELD:
            return [without_mapped(record, rules) for record in records]
        case Fault.UNKNOWN_CODE:
            return [with_unknown_code(record, rules) or record for record in records]
        case _:
            return records


def bent_at(fault: Fault, document: Any, place: tuple[str, ...], rules: Rules) -> Any:
    """A JSON document with the record or the records at a place bent."""
    found = find(document, place)
    if not isinstance(found, (dict, list)):
        return document
    records = bent(fault, found if isinstance(found, list) else [found], rules)
    value = records if isinstance(found, list) or len(records) > 1 else records[0]
    if not place:
        return value
    changed = deepcopy(document)
    _put(changed, place, value)
    return changed


def _places(rule: Rule) -> Iterator[tuple[str, ...]]:
    if isinstance(rule, From):
        if any(isinstance(step, Codes) and step.otherwise is ERROR for step in rule.steps):
            yield rule.place
    elif isinstance(rule, Each):
        first = () if rule.place is None else (*rule.place, "0")
        yield from ((*first, *place) for member in rule.members.values() for place in _places(member))
    elif isinstance(rule, Default):
        yield from _places(rule.rule)
    elif isinstance(rule, (FirstOf, Listed)):
        for one in rule.rules if isinstance(rule, FirstOf) else rule.entries:
            yield from _places(one)
    elif isinstance(rule, Fields):
        yield from (place for member in rule.members.values() for place in _places(member))


def _put(document: Any, place: tuple[str, ...], value: Any) -> bool:
    """Write a value at a place, if there is something to hold it."""
    inside = find(document, place[:-1])
    if isinstance(inside, dict):
        inside[place[-1]] = value
        return True
    if isinstance(inside, list) and place[-1].isdecimal() and int(place[-1]) < len(inside):
        inside[int(place[-1])] = value
        return True
    return False


def renamed(document: Any) -> Any:
    """A document whose owner gave every member another name: JSON, or a text with `name=`, `<name>`."""
    if isinstance(document, str):
        return _NAME.sub(rf"\1_{RENAMED}", document)
    if isinstance(document, dict):
        return {
            f"{name}_{RENAMED}": renamed(value) if isinstance(value, (dict, list)) else value
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [renamed(value) if isinstance(value, (dict, list)) else value for value in document]
    return document
