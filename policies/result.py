"""Reading an engine's result: the one place where a value becomes a `Decision`.

Whatever is not exactly `{allow, reasons, fields, predicates, obligations, policy_version}` with the
right types, or grants more than was asked or agreed, or sets a duty this gateway does not know, is
a refusal with the reason `policy.unavailable`. So a mistake in a policy file, or a foreign policy on
an OPA server, can refuse too much, never disclose more than both members signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from policies.reasons import POLICY_UNAVAILABLE
from schemas.decision import KNOWN_OBLIGATIONS, Decision, DecisionInput, Predicate

_MEMBERS: Final = frozenset({"allow", "reasons", "fields", "predicates", "obligations", "policy_version"})


def read_decision(result: Any, question: DecisionInput, policy_version: str) -> Decision:
    """Read one raw result. `policy_version` is for a refusal whose own version is unreadable."""
    try:
        return _read(result, question)
    except _Untrustworthy:
        return Decision.refuse(POLICY_UNAVAILABLE, policy_version=policy_version)


class _Untrustworthy(Exception):
    """The result is not a decision. Never leaves this module."""


def _read(result: Any, question: DecisionInput) -> Decision:
    _require(isinstance(result, dict) and result.keys() == _MEMBERS)
    allow, version = result["allow"], result["policy_version"]
    _require(isinstance(allow, bool) and isinstance(version, str) and version != "")
    reasons = tuple(sorted(_names(result["reasons"])))
    fields, raw_predicates = _names(result["fields"]), result["predicates"]
    obligations = result["obligations"]
    _require(isinstance(obligations, dict) and obligations.keys() <= KNOWN_OBLIGATIONS)
    if not allow:
        _require(bool(reasons))
        return Decision.refuse(*reasons, policy_version=version)
    _require(not reasons)
    agreement = question.document["agreement"]
    _require(set(fields) <= _texts(question.document.get("fields")) & _texts(agreement.get("fields")))
    _require(_are_duties(obligations, fields))
    predicates = _predicates(raw_predicates, question, agreement)
    return Decision(True, (), fields, predicates, obligations, version)


def _predicates(value: Any, question: DecisionInput, agreement: Mapping[str, Any]) -> tuple[Predicate, ...]:
    """The granted predicates, in the words of the asker; each was asked and agreed."""
    _require(isinstance(value, list))
    asked, agreed = _items(question.document.get("predicates")), _items(agreement.get("predicates"))
    granted = []
    for predicate in value:
        _require(any(_same(predicate, other) for other in agreed))
        twins = [other for other in asked if _same(predicate, other)]
        _require(bool(twins))
        granted.append(Predicate(twins[0]["field"], twins[0]["op"], twins[0].get("value")))
    return tuple(granted)


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: 3 is 3.0, but 1 is not true."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _names(value: Any) -> tuple[str, ...]:
    _require(isinstance(value, list) and all(isinstance(name, str) for name in value))
    return tuple(value)


def _texts(value: Any) -> set[str]:
    return {name for name in _items(value) if isinstance(name, str)}


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _are_duties(obligations: Mapping[str, Any], fields: tuple[str, ...]) -> bool:
    """Each duty has the form that `gateway.exchange` carries out; a mask is on a granted field."""
    masks, retention = obligations.get("mask", {}), obligations.get("retention", {"days": 1})
    return (
        isinstance(masks, dict)
        and {name.partition(".")[0] for name in masks} <= set(fields)
        and all(isinstance(mask, dict) and isinstance(mask.get("how"), str) for mask in masks.values())
        and isinstance(retention, dict)
        and retention.keys() == {"days"}
        and _is_count(retention["days"])
        and _is_count(obligations.get("max_records", 1))
        and obligations.get("notify_subject", True) is True
        and obligations.get("double_audit", True) is True
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _require(condition: bool) -> None:
    if not condition:
        raise _Untrustworthy
