"""Read DHIS2's tracker parameters: filters with their escapes, organisation units, pages, fields.

A filter is `attribute:operator:value`; in values `:`, `,` and `/` are escaped by a `/` before them.
`fields` is a list with nested brackets, as in `trackedEntity,attributes[attribute,value]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from examples.lumeria.health_vocabulary import PERSON_TYPE, PROGRAM_NAMES

Fields = Mapping[str, Any]  # name to the nested fields, or to None for all of them

_DEFAULT_FIELDS: Final = "*,!enrollments"
_OPERATORS: Final = {"eq": "=", "ge": ">=", "le": "<=", "gt": ">", "lt": "<", "like": "LIKE"}
_LARGEST_PAGE: Final = 1000


class InvalidQueryError(ValueError):
    """A query that DHIS2 refuses: status, its reason, and DHIS2's own code."""

    def __init__(self, sentence: str, status: int = 400, code: str = "E1000") -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = "Conflict" if status == 409 else "Bad Request"
        self.code = code


@dataclass(frozen=True, slots=True)
class TrackerQuery:
    """SQL from FROM on with its values, the page, and the fields wanted."""

    sql: str
    values: tuple[str, ...]
    page: int
    page_size: int
    total_pages: bool
    fields: Fields


def parse_query(parameters: Iterable[tuple[str, str]], columns: Mapping[str, str]) -> TrackerQuery:
    """Read the parameters; `columns` gives the column of each attribute. Raises InvalidQueryError."""
    single: dict[str, str] = {}
    conditions: list[str] = []
    values: list[str] = []
    for name, value in parameters:
        if name == "filter":
            for each in _split(value, ","):
                sql, bound = _filter(each, columns)
                conditions.append(sql)
                values.append(bound)
        else:
            single[name] = value
    if "program" not in single and "trackedEntityType" not in single:
        raise InvalidQueryError("Either Program or Tracked entity type should be specified")
    if "program" in single:
        if single["program"] not in PROGRAM_NAMES:
            raise InvalidQueryError("Program is specified but does not exist")
        conditions.append("EXISTS (SELECT 1 FROM enrollments e WHERE e.entity = t.uid AND e.program = ?)")
        values.append(single["program"])
    elif single["trackedEntityType"] != PERSON_TYPE:
        raise InvalidQueryError("Tracked entity type is specified but does not exist")
    if "orgUnits" in single and single.get("orgUnitMode", "SELECTED") != "ACCESSIBLE":
        units = _split(single["orgUnits"], ",")
        conditions.append(f"t.org_unit IN ({', '.join('?' * len(units))})")
        values += units
    if "updatedAfter" in single:
        conditions.append("t.updated_at >= ?")
        values.append(single["updatedAfter"])
    return TrackerQuery(
        sql=f"FROM tracked_entities t WHERE {' AND '.join(conditions) or '1'}",
        values=tuple(values),
        page=_whole(single, "page", 1),
        page_size=min(_whole(single, "pageSize", 50), _LARGEST_PAGE),
        total_pages=single.get("totalPages") == "true",
        fields=_fields(single.get("fields", _DEFAULT_FIELDS)),
    )


def project(node: Any, fields: Fields | None) -> Any:
    """Keep what was asked for, level by level."""
    if fields is None:
        return node
    if isinstance(node, list):
        return [project(item, fields) for item in node]
    everything = "*" in fields or ":all" in fields
    return {
        name: project(value, fields.get(name))
        for name, value in node.items()
        if name in fields or (everything and f"!{name}" not in fields)
    }


def _filter(text: str, columns: Mapping[str, str]) -> tuple[str, str]:
    parts = _split(text, ":")
    if len(parts) != 3 or parts[0] not in columns:
        raise InvalidQueryError("Query item or filter is invalid or its attribute does not exist")
    attribute, operator, value = parts[0], parts[1], re.sub(r"/([:,/])", r"\1", parts[2])
    if operator not in _OPERATORS:
        raise InvalidQueryError("Query filter has an operator that is not known")
    return f"t.{columns[attribute]} {_OPERATORS[operator]} ?", f"%{value}%" if operator == "like" else value


def _split(text: str, mark: str) -> list[str]:
    """Split where a mark is not escaped; escapes stay for the next level."""
    parts, escaped = [""], False
    for character in text:
        if character == mark and not escaped:
            parts.append("")
        else:
            parts[-1] += character
        escaped = character == "/" and not escaped
    return parts


def _fields(text: str) -> Fields:
    """Parse `a,b[c,d]`. Raises InvalidQueryError."""
    root: dict[str, Any] = {}
    stack, name = [root], ""
    for mark in re.findall(r"[^,\[\]]+|[,\[\]]", text[:2000]):
        if mark == "[" and name:
            stack[-1][name] = inner = {}
            stack.append(inner)
        elif mark == "]" and len(stack) > 1:
            stack.pop()
        elif mark not in ",[]":
            name = mark.strip()
            stack[-1][name] = None
        elif mark != ",":
            raise InvalidQueryError("fields has brackets that do not match")
    return root


def _whole(single: Mapping[str, str], name: str, default: int) -> int:
    text = single.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text[:9]) == 0:
        raise InvalidQueryError(f"{name} must be a whole number greater than zero")
    return int(text[:9])
