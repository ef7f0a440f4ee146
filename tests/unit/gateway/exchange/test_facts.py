"""Facts: what names a decision tells nothing that the asker does not know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.exchange.facts import after_fetch, as_claimed, decision_id
from schemas.decision import DecisionInput
from schemas.outcome import Match

KNOWN: dict[str, Any] = {
    "client": {"id": "LM/GOV/MSW/cash-transfer"},
    "service": {"id": "LM/GOV/NIA/identity/person"},
    "purpose": "p",
    "agreement": {"provider": "LM/GOV/NIA/identity"},
    "fields": ["birth_date"],
    "predicates": [{"field": "sex", "op": "eq", "value": "f"}],
    "subject": {"type": "national_id", "relation": "self", "restricted": None, "area": None},
    "consent": {"verified": True},
    "usage": {"quota_left": True, "repeats_left": True},
    "emergency": None,
}
FACTS = DecisionInput(1, KNOWN)


@pytest.mark.parametrize(
    "hidden",
    [
        {"consent": {"verified": False}}, {"consent": {"verified": True, "fields": []}},
        {"usage": {"quota_left": False, "repeats_left": True}},
        {"usage": {"quota_left": True, "repeats_left": False}}, {"emergency": {"id": "e"}},
    ],
)  # fmt: skip
def test_decision_id__what_the_asker_does_not_know__changes_nothing(hidden: dict[str, Any]) -> None:
    """Else it could try out which value gives the name that it got."""
    assert decision_id(replace(FACTS, document={**KNOWN, **hidden}), "v") == decision_id(FACTS, "v")


@pytest.mark.parametrize(
    "known",
    [{"purpose": "q"}, {"consent": None}, {"fields": []}, {"client": {"id": "LM/NGO/RELIEF/response"}}],
)
def test_decision_id__what_the_asker_knows__names_it(known: dict[str, Any]) -> None:
    """Two different questions have two names, and so have two policies."""
    assert decision_id(replace(FACTS, document={**KNOWN, **known}), "v") != decision_id(FACTS, "v")
    assert decision_id(FACTS, "w") != decision_id(FACTS, "v")


def test_after_fetch__source_says_nothing__policy_sees_that_it_was_asked() -> None:
    """A rule about areas must not go on waiting for an area that never comes."""
    subject = after_fetch(FACTS, Match({}, 0)).document["subject"]
    assert (subject["restricted"], subject["area"]) == (False, None)


def test_as_claimed__any_consent__becomes_the_one_that_covers_everything() -> None:
    """It is the same whatever the person decided."""
    claimed = as_claimed(FACTS)
    refused = as_claimed(replace(FACTS, document={**KNOWN, "consent": {"verified": False}}))
    assert claimed == refused
    consent = claimed.document["consent"]
    assert consent["verified"] is True
    assert consent["fields"] == ["birth_date", "sex"]
    assert consent["valid_from"] <= FACTS.time < consent["valid_until"]
