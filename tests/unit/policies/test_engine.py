"""What every Rego engine shares: whatever goes wrong, nothing is allowed."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest

from policies.engine import MAX_INPUT_BYTES, PolicyEngine, RegoEngine
from policies.regorus_engine import RegorusEngine
from schemas.decision import Decision
from schemas.errors import PolicyUnavailable
from tests.unit.policies.questions import good_result, question


class ScriptedEngine(RegoEngine):
    """Returns or raises what it was given, and remembers what it was asked."""

    policy_version = "local"

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[bytes] = []

    async def evaluate(self, input_document: bytes) -> Any:  # noqa: D102
        self.asked.append(input_document)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


async def test_decide__good_result__is_allowed():
    """The plain case, and the input is the whole document."""
    engine: PolicyEngine = ScriptedEngine(good_result())
    assert (await engine.decide(question())).allow
    assert orjson.loads(engine.asked[0]) == question().as_json()  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [RuntimeError("x"), ValueError(), TimeoutError(), KeyError("k"), OSError()])
async def test_decide__evaluation_raises__policy_is_unavailable(error):
    """An engine's own failure is PolicyUnavailable, whatever it raised."""
    with pytest.raises(PolicyUnavailable):
        await ScriptedEngine(error).decide(question())


async def test_decide__evaluation_raises__its_message_is_not_repeated():
    """An engine's message may quote the input, so only the type is told."""
    with pytest.raises(PolicyUnavailable) as caught:
        await ScriptedEngine(RuntimeError("national_id 123")).decide(question())
    assert "123" not in caught.value.detail


@pytest.mark.parametrize("result", [None, "<undefined>", True, [], {}, {"allow": True}])
async def test_decide__no_decision__is_refused(result):
    """Undefined or ill-typed is a refusal."""
    decision = await ScriptedEngine(result).decide(question())
    assert decision == Decision.refuse("policy.unavailable", policy_version="local")


async def test_decide__input_too_large__is_not_evaluated():
    """An oversize input reaches no engine."""
    engine = ScriptedEngine(good_result())
    with pytest.raises(PolicyUnavailable):
        await engine.decide(question(user={"role": "x" * MAX_INPUT_BYTES}))
    assert engine.asked == []


@pytest.mark.parametrize("value", [{1, 2}, object(), 2**70])
async def test_decide__input_is_no_json__policy_is_unavailable(value):
    """What cannot be written as JSON is not evaluated."""
    with pytest.raises(PolicyUnavailable):
        await ScriptedEngine(good_result()).decide(question(user=value))


async def test_decide__nan_in_a_predicate__is_refused():
    """NaN is written as null, so it can only ever match nothing."""
    asked = [{"field": "income_band", "op": "exists", "value": math.nan}]
    decision = await RegorusEngine().decide(question(fields=[], predicates=asked))
    assert not decision.allow


async def test_decide__fixed_check_fails__rego_is_not_asked():
    """The fixed check comes first, and cannot be overruled."""
    engine = ScriptedEngine(good_result())
    decision = await engine.decide(question(agreement__status="revoked"))
    assert decision == Decision.refuse("agreement.inactive", policy_version="local")
    assert engine.asked == []
