"""Comparing decisions: equal ones do not differ, in whatever order; each difference has its own kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.insight.differences import differences, kind_of
from schemas.decision import Decision, Predicate

names = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, max_size=4)
decisions = st.builds(
    Decision,
    allow=st.booleans(),
    reasons=names.map(tuple),
    fields=names.map(tuple),
    predicates=st.lists(st.builds(Predicate, st.just("a"), st.just("lt"), st.integers(0, 3)), max_size=2).map(
        tuple
    ),
    obligations=st.dictionaries(st.just("max_records"), st.integers(1, 2)),
    policy_version=st.sampled_from(["v1", "v2"]),
)


@given(decisions)
def test_differences__same_but_for_order_and_version__none(decision: Decision) -> None:
    """Order says nothing, and the version is expected to differ."""
    other = replace(
        decision,
        reasons=decision.reasons[::-1],
        fields=decision.fields[::-1],
        predicates=decision.predicates[::-1],
        policy_version="other",
    )
    assert differences(decision, other) == ()
    assert kind_of(decision, other) == "same"


@given(decisions, decisions)
def test_kind_of__of_two_that_were_both_made__same_only_without_a_difference(
    one: Decision, two: Decision
) -> None:
    """Among allows, and among refusals of what leaves nothing, `same` and no difference are one thing."""
    one, two = (
        one if one.allow else Decision.refuse(*one.reasons), two if two.allow else Decision.refuse(*two.reasons)
    )  # fmt: skip
    one, two = (replace(each, reasons=()) if each.allow else each for each in (one, two))
    assert (kind_of(one, two) == "same") == (differences(one, two) == ())


ALLOWED = Decision(True, (), ("a", "b"), (), {}, "v")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"fields": ("a",)}, "fewer_fields"),
        ({"fields": ("a", "b", "c")}, "more_fields"),
        ({"fields": ("a", "c")}, "other_fields"),
        ({"predicates": (Predicate("a", "lt", 1),)}, "other_predicates"),
        ({"obligations": {"max_records": 1}}, "other_obligations"),
        ({"allow": False, "fields": (), "reasons": ("purpose.not_agreed",)}, "newly_denied"),
    ],
)
def test_kind_of__each_kind(changes: dict[str, Any], kind: str) -> None:
    """One change, one word; and back."""
    changed = replace(ALLOWED, **changes)
    assert kind_of(ALLOWED, changed) == kind
    if kind == "newly_denied":
        assert kind_of(changed, ALLOWED) == "newly_allowed"
        assert kind_of(changed, replace(changed, reasons=("usage.exhausted",))) == "other_reasons"
