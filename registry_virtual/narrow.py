"""Narrowing: what of a planned step is still needed once the steps before it are in.

Pure. A fallback asks only for what no preferred source has given; a hop asks only if there is somebody
to ask about. What is not needed is not asked, since every ask is a disclosure.
"""

from __future__ import annotations

from registry_virtual.combine import Outcomes, claim_about, verdict_on
from registry_virtual.plan import Plan, Step
from registry_virtual.view import Via
from schemas.ask import Ask
from schemas.errors import MalformedRequest
from schemas.record import Subject, parse_subject


def ask_for(plan: Plan, step: Step, outcomes: Outcomes, now: int) -> Ask | None:
    """The question of one step, given the outcomes of the steps it waits for; None if it is idle."""
    fields = dict.fromkeys(
        field for name, field in step.fields.items() if not _is_known(plan, name, outcomes, now)
    )
    predicates = {
        name: predicate
        for name, predicate in step.predicates.items()
        if not _is_answered(plan, name, outcomes, now)
    }
    if not fields and not predicates:
        return None
    subject = plan.subject if step.via is None else _reached(plan, step.via, outcomes, now)
    return None if subject is None else Ask(step.service, subject, tuple(fields), predicates)


def _is_known(plan: Plan, name: str, outcomes: Outcomes, now: int) -> bool:
    first = plan.view.attributes[name].conflict == "first"
    return first and claim_about(plan, name, outcomes, now).status == "ok"


def _is_answered(plan: Plan, name: str, outcomes: Outcomes, now: int) -> bool:
    first = plan.view.attributes[plan.predicates[name].field].conflict == "first"
    return first and verdict_on(plan, name, outcomes, now) != "unknown"


def _reached(plan: Plan, via: Via, outcomes: Outcomes, now: int) -> Subject | None:
    """Whom a hop leads to, or None: only a fresh value that nobody disputes names a person."""
    claim = claim_about(plan, via.attribute, outcomes, now)
    if claim.status != "ok" or isinstance(claim.value, bool) or not isinstance(claim.value, str | int):
        return None
    try:
        return parse_subject({"type": via.type, "value": str(claim.value), "relation": via.relation})
    except MalformedRequest:
        return None
