"""Explaining: the verdict is the engine's, and each rule that stopped is shown with the line and the facts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from policies.explain import Explainer, Explanation
from policies.regorus_engine import RegorusEngine
from tests.unit.policies.questions import as_question, golden_cases, question

CASES = golden_cases()


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer()


@pytest.fixture(scope="module")
def engine() -> RegorusEngine:
    return RegorusEngine()


def explained(explainer: Explainer, **changes: Any) -> Explanation:
    return asyncio.run(explainer.explain(question(**changes)))


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_explain__golden_case__verdict_is_the_engines(
    explainer: Explainer, engine: RegorusEngine, case: dict[str, Any]
):
    """Whatever is explained, the decision is the one that the engine gives, and every reason is accounted for."""
    facts = as_question(case["input"])
    explanation = await explainer.explain(facts)
    assert explanation.decision == await engine.decide(facts)
    accounted = {reason.code for reason in explanation.reasons if reason.refuses} | set(explanation.fixed)
    assert set(explanation.decision.reasons) <= accounted
    if explanation.decision.allow:
        assert not accounted


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_explain__a_refusal__names_a_rule_that_did_not_hold(explainer: Explainer, case: dict[str, Any]):
    """A reason that refuses asks at least one rule that gave nothing, and that rule says where it stopped."""
    explanation = await explainer.explain(as_question(case["input"]))
    for reason in explanation.reasons:
        if reason.refuses:
            asked = [rule for path in reason.asks if (rule := explanation.rule(path))]
            assert all(rule.stops for rule in asked if not rule.holds), reason
            assert reason.line > 0


def test_explain__purpose_not_agreed__shows_the_line_and_both_sides(explainer: Explainer):
    """The line that stopped stands beside what was asked and what was agreed."""
    explanation = explained(explainer, purpose="marketing")
    rule = explanation.rule("data.isthmus.purpose.agreed")
    assert rule is not None
    assert not rule.holds
    (stop,) = rule.stops
    assert stop.file == "purpose/purpose.rego"
    assert stop.reads["input.purpose"] == "marketing"
    assert "marketing" not in stop.reads["input.agreement.purposes"]


def test_explain__every_question_of_the_policy__speaks_with_its_title(explainer: Explainer):
    """No package is left out, and each says in words what it asks."""
    explanation = explained(explainer)
    assert {"isthmus.agreement", "isthmus.purpose", "isthmus.fields"} <= {
        question.package for question in explanation.questions
    }
    assert all(question.title and question.description for question in explanation.questions)


def test_explain__wrong_types_everywhere__is_a_refusal_and_no_failure(explainer: Explainer):
    """Facts that no rule can read are explained as a refusal."""
    explanation = explained(explainer, purpose=3, legal_basis=[], fields={}, predicates=None)
    assert not explanation.decision.allow
    assert explanation.decision.reasons


def test_explain__a_rule_of_several_lines__stops_at_the_one_that_did_not_hold(explainer: Explainer):
    """Lines before it held, lines after it were never reached."""
    rule = explained(explainer, agreement__valid_from=2**40).rule("data.isthmus.agreement.has_begun")
    assert rule is not None
    assert [stop.text for stop in rule.stops] == ["input.agreement.valid_from <= input.time"]
    early = explained(explainer, agreement__valid_from="2026").rule("data.isthmus.agreement.has_begun")
    assert early is not None
    assert [stop.text for stop in early.stops] == ["is_number(input.agreement.valid_from)"]
    assert early.stops[0].line > early.line
