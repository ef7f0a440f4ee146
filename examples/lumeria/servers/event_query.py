"""Read the clauses of an OpenCRVS event search into one SQL condition with bound values.

A clause is an object: `eventType`, `status`, a registration number, and `data` with the declaration's own
field names, dots and all. Conditions are `exact`, `anyOf`, `fuzzy` (names, without case and marks) and
`range`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from examples.lumeria.names import fold
from examples.lumeria.servers.dci_query import Condition

_NUMBER: Final = "legalStatuses.REGISTERED.registrationNumber"
_FIELDS: Final = {
    "child.nid": "b.uin", "child.dob": "b.birth_date", "child.name": "b.name_key", "child.gender": "b.sex",
    "mother.nid": "b.parent1_uin", "father.nid": "b.parent2_uin",
    "deceased.nid": "b.uin", "deceased.dob": "b.birth_date", "deceased.name": "b.name_key",
    "eventDetails.date": "d.death_date",
}  # fmt: skip
_MOST: Final = 20


class InvalidClauseError(ValueError):
    """A search is not understood; the sentence says why and repeats no value."""


def parse_clauses(query: object) -> tuple[str, Condition]:
    """Read `{"type": "and" | "or", "clauses": […]}`: the event type, and the condition."""
    if not isinstance(query, dict) or query.get("type") not in ("and", "or"):
        raise InvalidClauseError("query.type is and or or")
    clauses = query.get("clauses")
    if not isinstance(clauses, list) or not 0 < len(clauses) <= _MOST:
        raise InvalidClauseError("query.clauses is a list")
    parsed = [_clause(clause) for clause in clauses]
    events = {event for event, _ in parsed}
    if len(events) != 1:
        raise InvalidClauseError("all clauses name the same eventType")
    word = f" {query['type'].upper()} "
    sql = word.join(f"({condition.sql})" for _, condition in parsed)
    return events.pop(), Condition(f"({sql})", tuple(v for _, condition in parsed for v in condition.values))


def _clause(clause: object) -> tuple[str, Condition]:
    if not isinstance(clause, dict) or clause.get("eventType") not in ("birth", "death"):
        raise InvalidClauseError("eventType is birth or death")
    event = str(clause["eventType"])
    conditions = []
    for name, wanted in clause.items():
        if name == _NUMBER:
            conditions.append(_compare("b.brn" if event == "birth" else "d.drn", wanted))
        elif name == "data" and isinstance(wanted, dict):
            conditions += [_compare(_column(field), term) for field, term in wanted.items()]
        elif name == "status":  # everything here is registered
            conditions.append(_compare("'REGISTERED'", wanted))
        elif name != "eventType":
            raise InvalidClauseError("a clause has eventType, status, a registration number and data")
    if not conditions:
        raise InvalidClauseError("a clause asks for something")
    return event, Condition(
        " AND ".join(condition.sql for condition in conditions),
        tuple(value for condition in conditions for value in condition.values),
    )


def _column(field: str) -> str:
    if field not in _FIELDS:
        raise InvalidClauseError(f"searchable fields are {', '.join(_FIELDS)}")
    return _FIELDS[field]


def _compare(column: str, wanted: object) -> Condition:
    if not isinstance(wanted, dict):
        raise InvalidClauseError("a condition is an object with type and term")
    kind = wanted.get("type")
    if kind in ("exact", "fuzzy"):
        return Condition(f"{column} = ?", (_text(wanted, "term", column),))
    if kind == "anyOf" and isinstance(wanted.get("terms"), list) and 0 < len(wanted["terms"]) <= _MOST:
        values = tuple(_text({"term": term}, "term", column) for term in wanted["terms"])
        return Condition(f"{column} IN ({', '.join('?' * len(values))})", values)
    if kind == "range":
        return Condition(
            f"{column} BETWEEN ? AND ?", (_text(wanted, "gte", column), _text(wanted, "lte", column))
        )
    raise InvalidClauseError("conditions are exact, fuzzy, anyOf and range")


def _text(wanted: Mapping[str, Any], name: str, column: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise InvalidClauseError("a term is a text of 1 to 200 characters")
    return fold(value) if column == "b.name_key" else value
