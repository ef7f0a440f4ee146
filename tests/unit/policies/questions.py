"""A question that is allowed, and changes of it: what the policy tests start from."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from schemas.decision import DecisionInput

GOLDEN = Path(__file__).parent / "golden"
GONE = object()
"""As a change: the member is not there at all."""


def golden_cases() -> list[dict[str, Any]]:
    """Every golden case: `{case, input, decision}`, the decision without its version."""
    return [
        {**case, "case": f"{path.stem}: {case['case']}"}
        for path in sorted(GOLDEN.glob("*.json"))
        for case in json.loads(path.read_bytes())
    ]


def document(**changes: Any) -> dict[str, Any]:
    """The input that is allowed, with members changed: `agreement__status="revoked"`."""
    base: dict[str, Any] = copy.deepcopy(golden_cases()[0]["input"])
    for path, value in changes.items():
        *above, last = path.split("__")
        target = base
        for name in above:
            target = target[name]
        if value is GONE:
            del target[last]
        else:
            target[last] = value
    return base


def question(**changes: Any) -> DecisionInput:
    """The same as a `DecisionInput`."""
    return as_question(document(**changes))


def as_question(whole: dict[str, Any]) -> DecisionInput:
    """Split an input document into its time and the rest."""
    return DecisionInput(whole["time"], {name: whole[name] for name in whole if name != "time"})


def good_result(**changes: Any) -> dict[str, Any]:
    """What an engine returns for the allowed question."""
    return {
        "allow": True,
        "reasons": [],
        "fields": ["income_band"],
        "predicates": [],
        "obligations": {},
        "policy_version": "v1",
    } | changes
