"""What a found service could be: the canonical schema it is nearest to, and a rule for each field.

Pure. Every column is proposed at most once, the surest pair first. A list of the schema, such as
`enrolments`, is filled from the rows when more columns speak of its entries than of the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.canonical import Canonical, canonicals
from adapters.drafting.draft import Column, DraftService
from adapters.drafting.words import likeness, plain_name

_KNOWN_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "sex": {"F": "female", "M": "male", "female": "female", "male": "male", "X": "other", "U": "unknown"},
}
_DATE_TYPES: Final = frozenset({"date", "moment"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A service proposed: `rules` is the `map:` of the file, `shape` its shape; `missing` are fields
    of the schema, and `unused` columns, for which nothing was found."""

    service: DraftService
    canonical: str
    shape: str
    selector: str | None
    subject_type: str
    rules: Mapping[str, Any]
    missing: tuple[str, ...]
    unused: tuple[Column, ...]


def propose(service: DraftService, schemas: Iterable[Canonical]) -> Proposal | None:
    """The best proposal of the given schemas; None when no column speaks of any of them."""
    proposals = [_as(service, schema) for schema in schemas]
    best = max(proposals, key=_worth, default=None)
    return None if best is None or not best.rules else best


def _worth(proposal: Proposal) -> tuple[int, int, int]:
    """More columns used is better; then fewer fields left open; then the plainer schema."""
    fields = canonicals()[proposal.canonical].fields.values()
    nested = sum("properties" in part or "items" in part for part in fields)
    return -len(proposal.unused), -len(proposal.missing), -nested


def _as(service: DraftService, schema: Canonical) -> Proposal:
    listed = _principal_list(service, schema)
    selector = service.selectors[0] if service.selectors else None
    by = next((column for column in service.columns if column.place == selector), None)
    known = [name for name in ("national_id",) if by is not None and _likeness(by, name)]
    subject_type = known[0] if known else plain_name(selector or "id") or "id"
    fields = {name: part for name, part in schema.fields.items() if not _is_list_of_objects(part)}
    pairs = _pairs(service.columns, fields)
    rules: dict[str, Any] = {name: _rule(column, fields[name], name) for name, column in pairs.items()}
    used = set(pairs.values())
    if listed is not None:
        entries = schema.fields[listed]["items"]["properties"]
        inner = _pairs(
            [column for column in service.columns if column.place not in _pointers(rules)], entries
        )
        rules[listed] = {"each": {name: _rule(column, entries[name], name) for name, column in inner.items()}}
        used |= set(inner.values())
    return Proposal(
        service,
        schema.name,
        "list" if listed is not None else "record",
        selector,
        subject_type,
        rules,
        tuple(name for name in schema.fields if name not in rules),
        tuple(column for column in service.columns if column not in used),
    )


def _principal_list(service: DraftService, schema: Canonical) -> str | None:
    """The list that the rows are entries of, if more columns speak of its entries than of the rest."""
    plain = {name: part for name, part in schema.fields.items() if not _is_list_of_objects(part)}
    most, chosen = len(_pairs(service.columns, plain)), None
    for name, part in schema.fields.items():
        if _is_list_of_objects(part):
            found = len(_pairs(service.columns, part["items"]["properties"]))
            if found > most:
                most, chosen = found, name
    return chosen


def _is_list_of_objects(part: Mapping[str, Any]) -> bool:
    items = part.get("items")
    return isinstance(items, dict) and "properties" in items


def _pointers(rules: Mapping[str, Any]) -> set[str]:
    return {rule if isinstance(rule, str) else rule["from"] for rule in rules.values()}


def _pairs(columns: Sequence[Column], fields: Mapping[str, Any]) -> dict[str, Column]:
    """Field to column, surest first; in the schema's order."""
    scored = sorted(
        ((_likeness(column, name), name, column) for name in fields for column in columns),
        key=lambda pair: -pair[0],
    )
    chosen: dict[str, Column] = {}
    taken: set[str] = set()
    for score, name, column in scored:
        if score and name not in chosen and column.place not in taken and _fits(column, fields[name]):
            chosen[name] = column
            taken.add(column.place)
    return {name: chosen[name] for name in fields if name in chosen}


def _fits(column: Column, part: Mapping[str, Any]) -> bool:
    """Whether a column of its type could hold a field at all."""
    if "properties" in part or "items" in part:
        return False
    kinds = _kinds(part)
    if part.get("format") == "date":
        return column.type in _DATE_TYPES | {"text", "unknown"}
    if "boolean" in kinds:
        return column.type in {"boolean", "integer", "text", "unknown"}
    if "integer" in kinds:
        return column.type in {"integer", "decimal", "text", "unknown"}
    return True


def _kinds(part: Mapping[str, Any]) -> frozenset[str]:
    kinds = part.get("type", ())
    return frozenset([kinds] if isinstance(kinds, str) else kinds)


def _rule(column: Column, part: Mapping[str, Any], name: str) -> dict[str, Any]:
    if "enum" in part:
        return {"from": column.place, "codes": _codes(column, part["enum"], name), "else": "error"}
    return {"from": column.place, "to": _target(part)}


def _target(part: Mapping[str, Any]) -> str:
    kinds = _kinds(part)
    if part.get("format") == "date":
        return "date"
    for kind in ("boolean", "integer"):
        if kind in kinds:
            return kind
    return "decimal" if _is_amount(part) else "text"


def _is_amount(part: Mapping[str, Any]) -> bool:
    """Decimals are texts of digits with an optional fraction in the canonical schemas."""
    return "\\." in part.get("pattern", "") and "[0-9]" in part.get("pattern", "")


def _codes(column: Column, enum: Sequence[Any], name: str) -> dict[str, Any]:
    """Codes that surely mean something: the schema's own words, and well-known ones."""
    known = {str(value): str(value) for value in enum if value is not None}
    known.update(_KNOWN_CODES.get(name, {}))
    if not column.codes:
        return known
    return dict(_meant(column.codes, known)) or known


def _meant(codes: Sequence[str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    folded = {code.casefold(): meaning for code, meaning in known.items()}
    for code in codes:
        meaning = folded.get(code.strip().casefold())
        if meaning is not None:
            yield code, meaning


def _likeness(column: Column, name: str) -> int:
    """By the place, or by the title where a place such as `/identifier/0/value` says nothing."""
    return likeness(column.place, name) or likeness(column.title, name)
