"""Explanations for the command line and the dry-run endpoint, as documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.app.insight.question import Asking, Question
from gateway.exchange.decided import decision_as_json
from policies.explain import Explainer, Explanation
from policies.sources import PolicySources
from schemas.decision import DecisionInput


async def explain(policy: PolicySources, facts: DecisionInput) -> Explanation:
    """Decide these facts and say why.

    Raises:
        ConfigurationError: the policy cannot be loaded.
        PolicyUnavailable: the engine gave no decision.
    """
    return await Explainer(policy).explain(facts)


def dry_run(
    asking: Asking, policy: Callable[[], PolicySources]
) -> Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]:
    """Explains questions for a door, in a thread of their own: loading a policy takes some milliseconds, and
    exchanges do not wait for it."""

    async def explained(members: dict[str, Any]) -> dict[str, Any]:
        facts = asking.facts(Question(**members))
        return await asyncio.to_thread(_explained, policy(), facts)

    return explained


def _explained(policy: PolicySources, facts: DecisionInput) -> dict[str, Any]:
    """In a thread: the engine is made, asked and dropped there."""
    return explanation_as_json(asyncio.run(explain(policy, facts)))


def explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    """The decision, the reasons that could refuse, and every question with its rules."""
    return {
        "decision": decision_as_json(explanation.decision),
        "fixed_check": list(explanation.fixed),
        "reasons": [
            {
                "code": one.code,
                "refuses": one.refuses,
                "visible": one.visible,
                "asks": list(one.asks),
                "at": f"{one.file}:{one.line}",
            }
            for one in explanation.reasons
        ],
        "questions": [
            {
                "package": question.package,
                "title": question.title,
                "description": question.description,
                "rules": [
                    {
                        "rule": rule.path,
                        "at": f"{rule.file}:{rule.line}",
                        "holds": rule.holds,
                        "value": rule.value,
                        "stopped": [
                            {"at": f"{stop.file}:{stop.line}", "line": stop.text, "facts": dict(stop.reads)}
                            for stop in rule.stops
                        ],
                    }
                    for rule in question.rules
                ],
            }
            for question in explanation.questions
        ],
        "facts": explanation.facts.as_json(),
    }
