"""The golden cases: one decision per input, whichever engine decides."""

from __future__ import annotations

from typing import Any

import pytest

from policies.engine import PolicyEngine
from policies.opa_engine import OpaEngine, OpaServer
from policies.reasons import POLICY_UNAVAILABLE, REASONS
from policies.regorus_engine import RegorusEngine
from schemas.decision import Decision
from tests.opa import country_opa_port  # noqa: F401
from tests.unit.policies import country
from tests.unit.policies.questions import as_question, golden_cases

CASES = golden_cases()
each_case = pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])


def as_golden(decision: Decision) -> dict[str, Any]:
    return {
        "allow": decision.allow,
        "reasons": list(decision.reasons),
        "fields": list(decision.fields),
        "predicates": [predicate.as_json() for predicate in decision.predicates],
        "obligations": dict(decision.obligations),
    }


def written(case: dict[str, Any]) -> dict[str, Any]:
    return {"obligations": {}, **case["decision"]}


async def decided(engine: PolicyEngine, case: dict[str, Any]) -> dict[str, Any]:
    decision = await engine.decide(as_question(case["input"]))
    assert decision.policy_version == engine.policy_version or not decision.allow
    return as_golden(decision)


@pytest.fixture(scope="module")
def regorus() -> RegorusEngine:
    return RegorusEngine(country.sources())


@each_case
async def test_regorus__golden_case__decision_as_written(regorus, case):
    """Each golden input has its written decision on the embedded engine."""
    assert await decided(regorus, case) == written(case)


@pytest.mark.system
async def test_opa__golden_cases__decisions_as_written(country_opa_port):  # noqa: F811
    """Each golden input has the same decision on a real OPA."""
    engine = OpaEngine(OpaServer(port=country_opa_port, deadline_s=2))
    try:
        answers = {case["case"]: await decided(engine, case) for case in CASES}
    finally:
        await engine.close()
    assert answers == {case["case"]: written(case) for case in CASES}


def test_golden_cases__together__reach_every_reason_but_the_engines_own():
    """Each reason code has an input that leads to it."""
    reached = {reason for case in CASES for reason in case["decision"]["reasons"]}
    assert reached == REASONS.keys() - {POLICY_UNAVAILABLE, "policy.incomplete"}
