"""Predicates: yes, no or unknown; what is missing is never no."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.predicates import completed_years, evaluate
from schemas.decision import Predicate
from schemas.record import OPERATORS

TODAY = date(2026, 11, 22)
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.text() | st.integers())
)


@pytest.mark.parametrize(
    ("op", "actual", "asked", "verdict"),
    [
        ("eq", "a", "a", "yes"), ("eq", "a", "b", "no"), ("ne", "a", "b", "yes"), ("eq", True, True, "yes"),
        ("eq", True, 1, "unknown"), ("eq", 1, True, "unknown"), ("eq", "1.50", 1.5, "yes"), ("lt", "9", 10, "yes"),
        ("lt", "9", "10", "no"), ("ge", 10, "10.00", "yes"), ("gt", 0.1, 0.1, "no"), ("le", "2026-01-01", "2026-01-02", "yes"),
        ("in", "a", ["b", "a"], "yes"), ("in", "a", [], "no"), ("in", "a", "abc", "unknown"),
        ("between", 5, [5, 7], "yes"), ("between", 8, [5, 7], "no"), ("between", 5, [5], "unknown"),
        ("between", 5, [1, 2, 3], "unknown"), ("age_ge", "2008-11-22", 18, "yes"), ("age_ge", "2008-11-23", 18, "no"),
        ("age_lt", "2008-11-23", 18, "yes"), ("age_ge", "2008-02-30", 18, "unknown"), ("age_ge", "soon", 18, "unknown"),
        ("age_ge", 2008, 18, "unknown"), ("age_ge", "2000-01-01", "x", "unknown"), ("age_ge", "2000-01-01", None, "unknown"),
        ("count_ge", [1, 2], 2, "yes"), ("count_ge", [], 1, "no"), ("count_ge", "ab", 1, "unknown"),
        ("exists", "x", None, "yes"), ("exists", 0, None, "yes"), ("exists", False, None, "yes"),
        ("exists", "", None, "no"), ("exists", [], None, "no"), ("exists", None, None, "no"),
        ("eq", {"a": 1}, {"a": 1}, "unknown"), ("lt", "abc", 5, "unknown"), ("gt", "NaN", 5, "unknown"),
        ("eq", None, None, "unknown"),
    ],
)  # fmt: skip
def test_evaluate__table(op, actual, asked, verdict):
    """Numbers as decimals also from texts, dates as ISO texts, types never guessed."""
    assert evaluate(Predicate("f", op, asked), {"f": actual}, TODAY) == verdict


@given(st.sampled_from(sorted(OPERATORS)), JSON)
def test_evaluate__field_missing__unknown(op, asked):
    """What a source did not say is never no."""
    assert evaluate(Predicate("f", op, asked), {"other": 1}, TODAY) == "unknown"


@given(st.sampled_from(sorted(OPERATORS - {"exists"})), JSON)
def test_evaluate__value_null__unknown(op, asked):
    """Nor is a null."""
    assert evaluate(Predicate("f", op, asked), {"f": None}, TODAY) == "unknown"


@given(st.sampled_from(sorted(OPERATORS)), JSON, JSON)
def test_evaluate__anything__one_of_three(op, actual, asked):
    """No value of source or asker breaks it."""
    assert evaluate(Predicate("f", op, asked), {"f": actual}, TODAY) in ("yes", "no", "unknown")


@given(st.dates(), st.dates())
def test_years__completed__by_the_birthday(born, on):
    """The birthday itself completes the year; the 29th of February does so on the 1st of March."""
    years = completed_years(born, on)
    if born <= on:
        assert years >= 0
        assert (on - born).days // 366 <= years <= (on - born).days // 365 + 1
