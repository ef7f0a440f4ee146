"""Predicates: yes, no or unknown, answered by the provider over the record it has just fetched.

A value that is missing or of another type is `unknown`, never `no`: what a source does not know
says nothing about the person. Amounts are compared as decimals, dates as ISO dates, ages in
completed years on the day of the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.decision import Predicate
from schemas.record import Verdict


def evaluate(predicate: Predicate, record: Mapping[str, Any], today: date) -> Verdict:
    """Answer one predicate over one record."""
    actual = record.get(predicate.field)
    if predicate.op == "exists":
        return _verdict(actual not in (None, [], "")) if predicate.field in record else "unknown"
    if actual is None:
        return "unknown"
    try:
        return _verdict(_holds(predicate.op, actual, predicate.value, today))
    except (TypeError, ValueError, InvalidOperation):
        return "unknown"


def _holds(op: str, actual: Any, asked: Any, today: date) -> bool:
    if op in ("age_ge", "age_lt"):
        age = completed_years(date.fromisoformat(actual), today)
        return age >= int(asked) if op == "age_ge" else age < int(asked)
    if op == "count_ge":
        return len(_list(actual)) >= int(asked)
    if op == "in":
        return any(_compare(actual, candidate) == 0 for candidate in _list(asked))
    if op == "between":
        low, high = _list(asked)
        return _compare(actual, low) >= 0 and _compare(actual, high) <= 0
    order = _compare(actual, asked)
    return {
        "eq": order == 0,
        "ne": order != 0,
        "lt": order < 0,
        "le": order <= 0,
        "gt": order > 0,
        "ge": order >= 0,
    }[op]


def _compare(actual: Any, asked: Any) -> int:
    """-1, 0 or 1; TypeError where the two cannot be compared."""
    left, right = _comparable(actual, asked), _comparable(asked, actual)
    if type(left) is not type(right):
        raise TypeError
    return int(left > right) - int(left < right)


def _comparable(value: Any, other: Any) -> Any:
    """Numbers, and texts beside a number, become decimals: sources send amounts as texts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) or (isinstance(value, str) and _is_number(other)):
        return Decimal(str(value))
    if not isinstance(value, str):
        raise TypeError
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def completed_years(born: date, on: date) -> int:
    """Age in completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _verdict(holds: bool) -> Verdict:
    return "yes" if holds else "no"
