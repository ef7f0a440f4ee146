"""Where two decisions about the same facts differ, in words that hold nothing personal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.decision import Decision
from schemas.strict_json import canonical


@dataclass(frozen=True, slots=True)
class Difference:
    """One member of the decision that is not the same, before and after."""

    member: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        """All three."""
        return {"member": self.member, "before": self.before, "after": self.after}


def differences(before: Decision, after: Decision) -> tuple[Difference, ...]:
    """Everything but the policy's version, in the decision's own order."""
    members = ("allow", "reasons", "fields", "predicates", "obligations")
    one, two = _plain(before), _plain(after)
    return tuple(
        Difference(name, one[name], two[name])
        for name in members
        if canonical(one[name]) != canonical(two[name])
    )


def kind_of(before: Decision, after: Decision) -> str:
    """The difference as one word: `same`, `newly_allowed`, `newly_denied`, `other_reasons`, `fewer_fields`,
    `more_fields`, `other_fields`, `other_predicates` or `other_obligations`."""
    if before.allow != after.allow:
        return "newly_allowed" if after.allow else "newly_denied"
    if not after.allow:
        return "same" if set(before.reasons) == set(after.reasons) else "other_reasons"
    old, new = set(before.fields), set(after.fields)
    if old != new:
        return "fewer_fields" if new < old else "more_fields" if new > old else "other_fields"
    if canonical(_plain(before)["predicates"]) != canonical(_plain(after)["predicates"]):
        return "other_predicates"
    same = canonical(before.obligations) == canonical(after.obligations)
    return "same" if same else "other_obligations"


def _plain(decision: Decision) -> dict[str, Any]:
    """Sets as sorted lists: their order says nothing."""
    predicates = [predicate.as_json() for predicate in decision.predicates]
    return {
        "allow": decision.allow,
        "reasons": sorted(decision.reasons),
        "fields": sorted(decision.fields),
        "predicates": sorted(predicates, key=canonical),
        "obligations": dict(decision.obligations),
    }
