"""Read the DCI v1.0.0 query forms into one SQL condition with bound values.

Forms: `idtype-value`, `predicate` (items in `seq_num` order, joined by AND) and `expression` (Mongo style,
`$and`, `$or` and comparisons). `graphql` is not offered. Attribute names come from a closed list; depth and
number of conditions are bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from examples.lumeria.names import fold

_MOST_CONDITIONS: Final = 20
_DEEPEST: Final = 5
_ATTRIBUTES: Final = {  # attribute to column of `births b` left joined with `deaths d`
    "UIN": "b.uin",
    "BRN": "b.brn",
    "DRN": "d.drn",
    "given_name": "b.given_name",
    "surname": "b.surname",
    "name": "b.name_key",
    "sex": "b.sex",
    "birth_date": "b.birth_date",
    "birth_place": "b.birth_place",
    "death_date": "d.death_date",
    "parent1_identifier": "b.parent1_uin",
    "parent2_identifier": "b.parent2_uin",
}
_OPERATORS: Final = {"gt": ">", "lt": "<", "eq": "=", "ge": ">=", "le": "<="}
_MONGO: Final = {
    "$gt": "gt",
    "$lt": "lt",
    "$eq": "eq",
    "$gte": "ge",
    "$lte": "le",
    "$ge": "ge",
    "$le": "le",
    "$in": "in",
}


class InvalidQueryError(ValueError):
    """A query is not understood; the sentence says why and repeats no value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL text with `?` marks, and the values for them."""

    sql: str
    values: tuple[str, ...]


def parse_query(query_type: object, query: object) -> Condition:
    """Read a query of one of the three forms. Raises InvalidQueryError."""
    if query_type == "idtype-value":
        condition = _parse_identifier(query)
    elif query_type == "predicate":
        condition = _parse_predicate(query)
    elif query_type == "expression":
        condition = _parse_expression(query)
    else:
        raise InvalidQueryError("query_type must be idtype-value, predicate or expression")
    if len(condition.values) > _MOST_CONDITIONS:
        raise InvalidQueryError(f"a query has at most {_MOST_CONDITIONS} values")
    return condition


def column(attribute: object) -> str:
    """Find the column of an attribute; `name.surname` and `a:b:UIN` are read as their last part."""
    name = attribute.replace(".", ":").rpartition(":")[2] if isinstance(attribute, str) else ""
    if name not in _ATTRIBUTES:
        raise InvalidQueryError(f"searchable attributes are {', '.join(_ATTRIBUTES)}")
    return _ATTRIBUTES[name]


def _parse_identifier(query: object) -> Condition:
    if not isinstance(query, dict):
        raise InvalidQueryError("an idtype-value query is an object with type and value")
    kind = str(query.get("type", "")).rpartition(":")[2]
    value = _text(query.get("value"))
    if kind in {"UIN", "BRN", "DRN"}:
        return Condition(f"{_ATTRIBUTES[kind]} = ?", (value,))
    if kind == "MRN":
        married = "SELECT spouse1_uin FROM marriages WHERE mrn = ? UNION SELECT spouse2_uin FROM marriages"
        return Condition(f"b.uin IN ({married} WHERE mrn = ?)", (value, value))
    raise InvalidQueryError("identifier types are UIN, BRN, DRN and MRN")


def _parse_predicate(query: object) -> Condition:
    if not isinstance(query, list) or not query or len(query) > _MOST_CONDITIONS:
        raise InvalidQueryError(f"a predicate query is a list of 1 to {_MOST_CONDITIONS} items")
    if not all(isinstance(item, dict) for item in query):
        raise InvalidQueryError("each item of a predicate query is an object")
    ordered = sorted(query, key=lambda item: _sequence(item.get("seq_num")))
    return _join("AND", [_parse_item(item) for item in ordered])


def _sequence(number: object) -> float:
    return float(number) if isinstance(number, int | float) else 0.0


def _parse_item(item: dict[str, Any]) -> Condition:
    first = _parse_comparison(item.get("expression1"))
    if item.get("expression2") is None:
        return first
    second = _parse_comparison(item["expression2"])
    condition = item.get("condition", "and")
    if condition == "not":
        return Condition(f"({first.sql} AND NOT {second.sql})", first.values + second.values)
    if condition not in ("and", "or"):
        raise InvalidQueryError("a condition is and, or, not")
    return _join(str(condition).upper(), [first, second])


def _parse_comparison(expression: object) -> Condition:
    if not isinstance(expression, dict):
        raise InvalidQueryError(
            "an expression is an object with attribute_name, operator and attribute_value"
        )
    name, operator = expression.get("attribute_name"), expression.get("operator")
    return _compare(name, operator, expression.get("attribute_value"))


def _parse_expression(query: object) -> Condition:
    """Read `{"value": {"expression": {"query": {…}}}}`."""
    inner = query
    for key in ("value", "expression", "query"):
        inner = inner.get(key) if isinstance(inner, dict) else None
    return _parse_mongo(inner, 1)


def _parse_mongo(node: object, depth: int) -> Condition:
    if not isinstance(node, dict) or not node or depth > _DEEPEST:
        raise InvalidQueryError(f"an expression is a non-empty object, at most {_DEEPEST} deep")
    parts = []
    for key, value in node.items():
        if key in ("$and", "$or"):
            if not isinstance(value, list) or not 0 < len(value) <= _MOST_CONDITIONS:
                raise InvalidQueryError(f"{key} takes a list of 1 to {_MOST_CONDITIONS} objects")
            parts.append(_join(key[1:].upper(), [_parse_mongo(child, depth + 1) for child in value]))
        else:
            comparisons = value if isinstance(value, dict) else {"$eq": value}
            parts += [
                _compare(key, _MONGO.get(operator), operand) for operator, operand in comparisons.items()
            ]
    return _join("AND", parts)


def _compare(attribute: object, operator: object, value: object) -> Condition:
    name = column(attribute)
    folded = name == _ATTRIBUTES["name"]
    if operator == "in":
        if not isinstance(value, list) or not 0 < len(value) <= _MOST_CONDITIONS:
            raise InvalidQueryError(f"the operator in takes a list of 1 to {_MOST_CONDITIONS} values")
        values = tuple(_text(each, folded=folded) for each in value)
        return Condition(f"{name} IN ({', '.join('?' * len(values))})", values)
    if operator not in _OPERATORS:
        raise InvalidQueryError("operators are gt, lt, eq, ge, le and in")
    return Condition(f"{name} {_OPERATORS[str(operator)]} ?", (_text(value, folded=folded),))


def _join(word: str, parts: list[Condition]) -> Condition:
    if not parts:
        raise InvalidQueryError("an expression has at least one comparison")
    sql = f" {word} ".join(part.sql for part in parts)
    return Condition(f"({sql})", tuple(value for part in parts for value in part.values))


def _text(value: object, *, folded: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value) or len(str(value)) > 200:
        raise InvalidQueryError("a value is a text or a whole number, not longer than 200 characters")
    return fold(str(value)) if folded else str(value)
