"""What the case keeps of a decision comes back as it was, and is tied to the signed statement."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.decided import Decided
from gateway.exchange.facts import decision_id
from schemas.decision import Decision, DecisionInput, Predicate
from schemas.errors import MalformedRequest

words = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    words | st.booleans() | st.none() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(words.filter(lambda name: name != "time"), values, max_size=5)
decisions = st.builds(
    Decision,
    allow=st.booleans(),
    reasons=st.lists(words, max_size=3).map(tuple),
    fields=st.lists(words, max_size=3).map(tuple),
    predicates=st.lists(st.builds(Predicate, words, words, values), max_size=2).map(tuple),
    obligations=st.dictionaries(words, values, max_size=2),
    policy_version=words,
)


@given(st.integers(0, 2**40), documents, documents, decisions)
def test_from_case__undoes_as_case(
    time: int, before: dict[str, Any], found: dict[str, Any], decision: Decision
) -> None:
    """Facts before and after the fetch and the decision survive JSON."""
    asked = DecisionInput(time, before)
    decided = Decided(asked, asked).as_decided(decision).then(DecisionInput(time, {**before, **found}))
    for one in (decided, decided.as_decided(decision)):
        assert Decided.from_case(orjson.loads(orjson.dumps(one.as_case()))) == one


def test_as_case__facts_did_not_change__they_stand_once() -> None:
    """Only what the source added is kept a second time."""
    asked = DecisionInput(1, {"subject": {"area": None}, "purpose": "p"})
    assert "changed" not in Decided(asked, asked).as_case()
    again = Decided(asked, asked).then(DecisionInput(1, {"subject": {"area": "d"}, "purpose": "p"}))
    assert again.as_case()["changed"] == {"subject": {"area": "d"}}


def test_names__other_facts_or_version__are_seen() -> None:
    """The statement's `decision` fits exactly the facts and the version that it was made of."""
    asked = DecisionInput(1, {"purpose": "p"})
    decided = Decided(asked, asked).as_decided(Decision(True, (), (), (), {}, "v1"))
    assert decided.names(decision_id(asked, "v1"))
    assert not decided.names(decision_id(asked, "v2"))
    assert not decided.names(decision_id(DecisionInput(1, {"purpose": "q"}), "v1"))
    assert not decided.names(None)


@pytest.mark.parametrize("kept", [{}, {"facts": {}}, {"facts": {"time": True}, "version": ""}, {"facts": 3}])
def test_from_case__something_else__is_refused(kept: dict[str, Any]) -> None:
    """A case of another form is named as such, whatever is missing."""
    with pytest.raises(MalformedRequest):
        Decided.from_case(kept)
