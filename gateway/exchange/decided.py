"""What the case keeps of a decision, so that it can be explained, replayed and simulated later.

A decision is made from its facts, so these are kept: the facts before the fetch as they were, what
differed when policy was asked again after it (`restricted`, `area`), and the last decision itself.
All of it belongs to the answering side's encrypted case and is erased with it. The entry's clear
`decision` is the digest over policy version and facts (`facts.decision_id`), so that whoever opens
the case sees whether these are the facts that the signed statement speaks of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.exchange.facts import decision_id
from schemas.decision import Decision, DecisionInput, Predicate
from schemas.errors import MalformedRequest
from schemas.strict_json import canonical


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision that was made: the facts before the fetch, the last facts, what was decided last.

    `decision` is None where the engine gave none. `version` is the policy's at the first decision.
    """

    asked: DecisionInput
    last: DecisionInput
    decision: Decision | None = None
    version: str = ""

    def then(self, facts: DecisionInput) -> Decided:
        """The same exchange, decided again with what the source said."""
        return replace(self, last=facts, decision=None)

    def as_decided(self, decision: Decision) -> Decided:
        """The same with what was decided."""
        return replace(self, decision=decision, version=self.version or decision.policy_version)

    def as_case(self) -> dict[str, Any]:
        """The form that the case keeps: `{facts, version, changed, decision}`, without what is empty."""
        before = self.asked.as_json()
        kept: dict[str, Any] = {"facts": before, "version": self.version}
        if self.last is not self.asked:
            kept["changed"] = _changes(before, self.last.as_json())
        if self.decision is not None:
            kept["decision"] = decision_as_json(self.decision)
        return kept

    @classmethod
    def from_case(cls, kept: Mapping[str, Any]) -> Decided:
        """Read what `as_case` wrote; MalformedRequest for anything else."""
        try:
            facts = dict(kept["facts"])
            last = {**facts, **kept.get("changed", {})}
            made = kept.get("decision")
            decision = None if made is None else decision_of(made)
            return cls(_question(facts), _question(last), decision, kept["version"])
        except (KeyError, TypeError, ValueError):
            raise MalformedRequest("the case keeps no readable decision") from None

    def names(self, identifier: str | None) -> bool:
        """Whether a statement's `decision` is the digest over these very facts."""
        return identifier == decision_id(self.asked, self.version)


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """Every member of a decision."""
    return {
        "allow": decision.allow,
        "reasons": list(decision.reasons),
        "fields": list(decision.fields),
        "predicates": [predicate.as_json() for predicate in decision.predicates],
        "obligations": dict(decision.obligations),
        "policy_version": decision.policy_version,
    }


def decision_of(members: Mapping[str, Any]) -> Decision:
    """The inverse of `decision_as_json`; KeyError or TypeError for anything else."""
    return Decision(
        allow=members["allow"],
        reasons=tuple(members["reasons"]),
        fields=tuple(members["fields"]),
        predicates=tuple(Predicate(**predicate) for predicate in members["predicates"]),
        obligations=members["obligations"],
        policy_version=members["policy_version"],
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are new or not the same; compared as JSON, where 1 is not true."""
    return {
        name: value
        for name, value in after.items()
        if name not in before or canonical(before[name]) != canonical(value)
    }


def _question(members: Mapping[str, Any]) -> DecisionInput:
    time = members["time"]
    if type(time) is not int:
        raise TypeError("time")
    return DecisionInput(time, {name: value for name, value in members.items() if name != "time"})
