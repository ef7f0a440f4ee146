"""What a found service could be: the canonical schema it is nearest to, and a rule for each field.

Pure. Every column is proposed at most once, the surest pair first. A list of the schema, such as
`enrolments`, is filled from the rows when more columns speak of its entries than of the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.canonical import Canonical, canonicals
from adapters.drafting.codes import code_rule
from adapters.drafting.draft import Column, DraftService
from adapters.drafting.words import CONTAINED, SYNONYM, likeness, plain_name

_DATE_TYPES: Final = frozenset({"date", "moment"})
_PARTIAL: Final = "^[0-9]{4}(-"
"""How the pattern of a date begins that may lack day and month."""
_MARKS: Final[Mapping[str, frozenset[str]]] = {
    "as_of": _DATE_TYPES | {"text", "unknown"},
    "restricted": frozenset({"boolean", "integer", "unknown"}),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A service proposed: `rules` is the `map:` of the file, `shape` its shape; `missing` are fields
    of the schema, and `unused` columns, for which nothing was found. `as_of` and `restricted` are the
    places of the moment a record vouches for, and of the mark of protected people."""

    service: DraftService
    canonical: str
    shape: str
    selector: str | None
    subject_type: str
    rules: Mapping[str, Any]
    missing: tuple[str, ...]
    unused: tuple[Column, ...]
    as_of: str | None = None
    restricted: str | None = None


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
    marks = {name: _mark(service, name) for name in ("as_of", "restricted")}
    free = [column for column in service.columns if column not in marks.values()]
    plain = {name: part for name, part in schema.fields.items() if not _is_list_of_objects(part)}
    pairs = _pairs(free, plain)
    rules: dict[str, Any] = {name: _rule(pairs[name], plain[name], schema.name, name) for name in pairs}
    used = set(pairs.values())
    for name, part in plain.items():
        found = _pairs([one for one in _inside(free, name) if one not in used], part.get("properties", {}))
        used |= set(found.values())
        if found:
            rules[name] = {"object": _rules(found, part["properties"], schema.name, name)}
    if listed is not None:
        entries = schema.fields[listed]["items"]["properties"]
        inner = _pairs([column for column in free if column not in used], entries)
        rules[listed] = {"each": _rules(inner, entries, schema.name, listed)}
        used |= set(inner.values())
    selector = service.selectors[0] if service.selectors else None
    return Proposal(
        service,
        schema.name,
        "list" if listed is not None else "record",
        selector,
        _subject_type(service, selector),
        {name: rules[name] for name in schema.fields if name in rules},
        tuple(name for name in schema.fields if name not in rules),
        tuple(column for column in free if column not in used),
        service.as_of or _place(marks["as_of"]),
        _place(marks["restricted"]),
    )


def _subject_type(service: DraftService, selector: str | None) -> str:
    by = next((column for column in service.columns if column.place == selector), None)
    known = by is not None and _likeness(by, "national_id")
    return "national_id" if known else plain_name(selector or "id") or "id"


def _mark(service: DraftService, name: str) -> Column | None:
    """The column that says since when a record is known, or that its person is protected."""
    alike = [one for one in service.columns if likeness(one.place, name) >= SYNONYM]
    found = [one for one in alike if one.type in _MARKS[name]]
    return found[0] if len(found) == 1 else None


def _place(column: Column | None) -> str | None:
    return None if column is None else column.place


def _inside(columns: Sequence[Column], name: str) -> list[Column]:
    """Columns that stand inside a member which is a field: `/address/line` in `address`."""
    return [one for one in columns if likeness(one.place.rpartition("/")[0], name) >= SYNONYM]


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


def _pairs(columns: Sequence[Column], fields: Mapping[str, Any]) -> dict[str, Column]:
    """Field to column, surest first; in the schema's order."""
    scored = sorted(
        ((_score(column, name, fields[name]), name, column) for name in fields for column in columns),
        key=lambda pair: -pair[0],
    )
    chosen: dict[str, Column] = {}
    taken: set[str] = set()
    for score, name, column in scored:
        if score and name not in chosen and column.place not in taken and _fits(column, fields[name]):
            chosen[name] = column
            taken.add(column.place)
    return {name: chosen[name] for name in fields if name in chosen}


def _score(column: Column, name: str, part: Mapping[str, Any]) -> int:
    """By name; or, for `status` and `identity_status`, by the last word and all of its codes."""
    alike = _likeness(column, name)
    if alike or not column.codes or not set(column.codes) <= set(part.get("enum", ())):
        return alike
    return CONTAINED if name.endswith("_" + plain_name(column.place)) else 0


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


def _rules(pairs: Mapping[str, Column], parts: Mapping[str, Any], schema: str, within: str) -> dict[str, Any]:
    return {name: _rule(column, parts[name], schema, f"{within}/{name}") for name, column in pairs.items()}


def _rule(column: Column, part: Mapping[str, Any], schema: str, path: str) -> dict[str, Any]:
    if "enum" in part:
        return code_rule(column, schema, path, part["enum"])
    rule = {"from": column.place, "to": _target(part, column)}
    return rule | ({"format": column.format} if column.format and "date" in rule["to"] else {})


def _target(part: Mapping[str, Any], column: Column) -> str:
    kinds = _kinds(part)
    if part.get("format") == "date":
        return "date"
    if part.get("pattern", "").startswith(_PARTIAL):
        return "date" if column.type in _DATE_TYPES or column.format else "partial_date"
    for kind in ("boolean", "integer"):
        if kind in kinds:
            return kind
    return "decimal" if _is_amount(part) else "text"


def _is_amount(part: Mapping[str, Any]) -> bool:
    """Decimals are texts of digits with an optional fraction in the canonical schemas."""
    return "\\." in part.get("pattern", "") and "[0-9]" in part.get("pattern", "")


def _likeness(column: Column, name: str) -> int:
    """By the place, or by the title where a place such as `/identifier/0/value` says nothing."""
    return likeness(column.place, name) or likeness(column.title, name)
