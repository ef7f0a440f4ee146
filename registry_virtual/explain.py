"""Explaining: a plan in plain text, for people at a command line. Names no subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry_virtual.plan import Plan, Step, ViewRequest, make_plan
from registry_virtual.view import View
from schemas.decision import Predicate
from schemas.record import Subject


def explain(
    view: View, fields: tuple[str, ...] | None = None, predicates: Mapping[str, Predicate] | None = None
) -> str:
    """Say which services would be asked for what, what runs side by side, and what waits.

    Raises:
        RequestMismatch: the view has no such attribute.
    """
    nobody = Subject(view.subject_types[0], "nobody")
    plan = make_plan(view, ViewRequest(nobody, fields, predicates or {}))
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    view = plan.view
    yield f"{view.name} version {view.version}"
    yield f"attributes: {len(plan.fields)}, predicates: {len(plan.predicates)}, asks: {len(plan.steps)}"
    yield f"at most {view.deadline_ms} ms, for {', '.join(view.purposes)}"
    for step in plan.steps:
        yield ""
        yield f"{step.number + 1}. {step.service}, {_when(step)}"
        if step.via is not None:
            yield f"   about the {step.via.relation} whose {step.via.type} is {step.via.attribute}"
        yield from (
            f"   {name}{_source_field(name, field)}{_note(plan, name, step)}"
            for name, field in step.fields.items()
        )
        yield from (f"   {name}: {_spoken(plan.predicates[name])}?" for name in step.predicates)


def _when(step: Step) -> str:
    if not step.after:
        return "at once"
    return "after " + ", ".join(str(number + 1) for number in sorted(step.after)) + ", if still needed"


def _source_field(name: str, field: str) -> str:
    return "" if name == field else f" (there: {field})"


def _note(plan: Plan, name: str, step: Step) -> str:
    """What is special about asking this attribute here."""
    if name not in plan.fields:
        return ", only to find the next one to ask about"
    others = [str(number + 1) for number in plan.routes[name] if number != step.number]
    if plan.view.attributes[name].conflict == "all_equal":
        return f", to be equal with {', '.join(others)}"
    if plan.routes[name][0] != step.number:
        return ", if no source before has it"
    return ""


def _spoken(predicate: Predicate) -> str:
    return f"{predicate.field} {predicate.op}" + ("" if predicate.value is None else f" {predicate.value}")
