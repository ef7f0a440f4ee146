"""Combining: from the outcomes of asks to attributes and predicates.

Pure, and blind to the order in which outcomes arrived. The rules:

1. A field that was asked and is not granted is `denied`, whatever else the owner granted.
2. A value older than the attribute's `max_age_s` is `stale`: it is shown, but only if no source has a
   fresh one. One of unknown age counts as stale where age matters.
3. Among values, the attribute's conflict rule decides. Under `all_equal` differing values are all
   returned, with their sources and the rule's name, and nobody's wins. Holding no value is not
   contradicting one.
4. Without any value, the status that may pass comes before the one that is final: `source_down`,
   `timeout`, `misbehaving`, `ambiguous`, `denied`, `not_found`. So nobody takes a final answer from an
   incomplete enquiry, and `not_found` needs every source that was asked to say so.
5. `not_asked`: there was nobody to ask about, since a hop's starting point has no value.
6. A predicate is `yes` or `no` only in the words of an owner who found the person, vouched for a
   moment recent enough, and is contradicted by no other under `all_equal`. Else it is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from registry_virtual.plan import Plan, Step
from registry_virtual.record import NO_ANSWER, AssembledRecord, Claim, Status
from registry_virtual.view import Attribute
from schemas.ask import AskOutcome
from schemas.record import Verdict
from schemas.strict_json import canonical

Outcomes = Mapping[int, AskOutcome]
"""What came of the steps that were asked, by step number."""

WITHOUT_VALUE: Final[tuple[Status, ...]] = (
    "source_down",
    "timeout",
    "misbehaving",
    "ambiguous",
    "denied",
    "not_found",
)
"""Rule 4's order: the first of these that any source gave is the attribute's status."""


def combine(plan: Plan, outcomes: Outcomes, now: int) -> AssembledRecord:
    """Put the outcomes of a plan together; `now` is in epoch seconds."""
    asked = [(step, outcomes[step.number]) for step in plan.steps if step.number in outcomes]
    return AssembledRecord(
        view=plan.view.name,
        attributes={name: claim_about(plan, name, outcomes, now) for name in plan.fields},
        predicates={name: verdict_on(plan, name, outcomes, now) for name in plan.predicates},
        unanswered=tuple(
            dict.fromkeys(step.service for step, outcome in asked if outcome.status in NO_ANSWER)
        ),
        receipts=tuple(outcome.receipt for _, outcome in asked if outcome.receipt is not None),
    )


def claim_about(plan: Plan, name: str, outcomes: Outcomes, now: int) -> Claim:
    """What the outcomes so far say about one attribute."""
    attribute = plan.view.attributes[name]
    claims = [
        _claim(attribute, step, outcome, now)
        for step, outcome in _answers(plan, name, outcomes)
        if name in step.fields
    ]
    return _settle(attribute, claims)


def verdict_on(plan: Plan, name: str, outcomes: Outcomes, now: int) -> Verdict:
    """What the outcomes so far say about one predicate."""
    attribute = plan.view.attributes[plan.predicates[name].field]
    verdicts = [
        verdict
        for _, outcome in _answers(plan, attribute.name, outcomes)
        if (verdict := _verdict(attribute, name, outcome, now)) != "unknown"
    ]
    if not verdicts or (attribute.conflict == "all_equal" and len(set(verdicts)) > 1):
        return "unknown"
    return verdicts[0]


def _answers(plan: Plan, name: str, outcomes: Outcomes) -> Iterator[tuple[Step, AskOutcome]]:
    """The outcomes an attribute may come from, the preferred source first."""
    for number in plan.routes[name]:
        if number in outcomes:
            yield plan.steps[number], outcomes[number]


def _claim(attribute: Attribute, step: Step, outcome: AskOutcome, now: int) -> Claim:
    """What one source's outcome says about one attribute."""
    field = step.fields[attribute.name]
    status: Status = outcome.status
    if status == "ok" and field not in outcome.granted:
        status = "denied"
    elif status == "ok" and _is_stale(attribute, outcome, now):
        status = "stale"
    return Claim(
        status=status,
        value=outcome.record.get(field) if status in ("ok", "stale") else None,
        source=step.service,
        as_of=outcome.as_of,
        fetched_at=outcome.fetched_at,
        receipt=outcome.receipt,
        reasons=outcome.reasons,
    )


def _verdict(attribute: Attribute, name: str, outcome: AskOutcome, now: int) -> Verdict:
    """What one source's outcome says about one predicate."""
    if outcome.status != "ok" or _is_stale(attribute, outcome, now):
        return "unknown"
    return outcome.predicates.get(name, "unknown")


def _is_stale(attribute: Attribute, outcome: AskOutcome, now: int) -> bool:
    if attribute.max_age_s is None:
        return False
    return outcome.as_of is None or now - outcome.as_of > attribute.max_age_s


def _settle(attribute: Attribute, claims: Sequence[Claim]) -> Claim:
    """One claim from the claims of all sources, given by priority."""
    if not claims:
        return Claim("not_asked")
    values = [claim for claim in claims if claim.status == "ok"]
    values = values or [claim for claim in claims if claim.status == "stale"]
    if not values:
        return min(claims, key=lambda claim: WITHOUT_VALUE.index(claim.status))
    if attribute.conflict == "first":
        return values[0]
    held = [claim for claim in values if claim.value is not None]
    if len({_comparable(attribute, claim.value) for claim in held}) > 1:
        return _conflict(attribute, values)
    return (held or values)[0]


def _comparable(attribute: Attribute, value: object) -> bytes:
    """Equal for equal values: a list's order means nothing, and 1 is not true."""
    if attribute.is_list and isinstance(value, list):
        return b"\n".join(sorted(canonical(item) for item in value))
    return canonical(value)


def _conflict(attribute: Attribute, claims: Sequence[Claim]) -> Claim:
    """All values side by side; none of them is the attribute's."""
    statements = []
    for claim in claims:
        statement = claim.as_json()
        del statement["status"]
        statements.append(statement)
    return Claim(
        status="conflict",
        value={"rule": attribute.conflict, "values": statements},
        fetched_at=max(claim.fetched_at for claim in claims if claim.fetched_at is not None),
    )
