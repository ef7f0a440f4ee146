"""Planning: which services have to be asked, for what, and what has to wait for what.

Pure. The rules:

1. Only what was requested is asked; beside it, only the attribute a hop starts from.
2. A step is one question to one service about one person: all fields and predicates that may be
   asked of it at the same time go together.
3. Whatever does not need another's answer runs at once. Two things wait: a *fallback* (a later source
   under the rule `first`) until those before it answered, a *hop* until its starting point is known.

Rule 3 is expressed by levels: an origin stands one level above everything it waits for, and a step
groups origins of one level, so a plan can never wait for itself, however deep hops become. The price: a
service that is asked at once and also stands in for another is asked a second time, if the other fails;
asking it beforehand would disclose what nobody may come to need. What of a waiting step is still needed
once answers are in is `narrow`'s question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from registry_virtual.view import Attribute, Origin, Via, View
from schemas.decision import Predicate
from schemas.errors import RequestMismatch
from schemas.identifiers import ServiceId
from schemas.record import Subject


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What a client wants of a view about one subject.

    `fields` None means all attributes, unless predicates are asked: who asks yes or no gets yes or no.
    A predicate's `field` is an attribute of the view.
    """

    subject: Subject
    fields: tuple[str, ...] | None = None
    predicates: Mapping[str, Predicate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One question to one service. `fields` maps the view's attributes to the service's fields,
    `predicates` are already in the service's words, `after` are the steps to wait for, `followers`
    how many steps wait behind this one at most, one after another."""

    number: int
    service: ServiceId
    via: Via | None
    fields: Mapping[str, str]
    predicates: Mapping[str, Predicate]
    after: frozenset[int]
    followers: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for one request; `routes` gives each attribute's steps, the preferred source first.

    A step's `after` only names lower numbers, so that the order of `steps` is one that works.
    """

    view: View
    subject: Subject
    fields: tuple[str, ...]
    predicates: Mapping[str, Predicate]
    steps: tuple[Step, ...]
    routes: Mapping[str, tuple[int, ...]]


Group = tuple[int, Via | None, ServiceId]
"""What is asked together: level, whom it is about, service."""


def make_plan(view: View, request: ViewRequest) -> Plan:
    """Plan one request.

    Raises:
        RequestMismatch: the view has no such attribute, or does not know this type of subject.
    """
    fields = _requested(view, request)
    asked_about = {predicate.field for predicate in request.predicates.values()}
    fetched = {*fields, *_starting_points(view, {*fields, *asked_about})}
    groups = _groups(view, fetched | asked_about)
    routes = _routes(view, groups)
    steps = [
        Step(
            number=number,
            service=service,
            via=via,
            fields={name: origin.field for name, origin in served.items() if name in fetched},
            predicates=_in_service_words(request.predicates, served),
            after=_awaited(number, via, served, view, routes),
        )
        for number, ((_, via, service), served) in enumerate(groups.items())
    ]
    return Plan(view, request.subject, fields, dict(request.predicates), _count_followers(steps), routes)


def _requested(view: View, request: ViewRequest) -> tuple[str, ...]:
    """The attributes to answer, in the view's order; checks every name the request uses."""
    if request.subject.type not in view.subject_types:
        raise RequestMismatch(
            f"the view {view.name} takes subjects by {', '.join(view.subject_types)}",
            reasons=("view.subject_type",),
        )
    fields = request.fields
    if fields is None:
        fields = () if request.predicates else tuple(view.attributes)
    asked = {*fields, *(predicate.field for predicate in request.predicates.values())}
    if asked - view.attributes.keys():
        raise RequestMismatch(
            f"the view {view.name} has the attributes {', '.join(view.attributes)}",
            reasons=("view.attribute",),
        )
    return tuple(name for name in view.attributes if name in fields)


def _starting_points(view: View, names: set[str]) -> set[str]:
    """The attributes from which the hops to `names` start."""
    origins = (origin for name in names for origin in view.attributes[name].origins)
    return {origin.via.attribute for origin in origins if origin.via is not None}


def _groups(view: View, names: set[str]) -> dict[Group, dict[str, Origin]]:
    """What is asked together, lower levels first: for each group the attributes it serves."""
    groups: dict[Group, dict[str, Origin]] = {}
    for attribute in view.attributes.values():
        if attribute.name in names:
            for level, origin in zip(_levels(view, attribute), attribute.origins, strict=True):
                groups.setdefault((level, origin.via, origin.service), {})[attribute.name] = origin
    return dict(sorted(groups.items(), key=lambda item: item[0][0]))


def _levels(view: View, attribute: Attribute) -> list[int]:
    """Each origin's level: one above the starting point of its hop, and above what it stands in for."""
    levels: list[int] = []
    for origin in attribute.origins:
        level = 0 if origin.via is None else 1 + max(_levels(view, view.attributes[origin.via.attribute]))
        if levels and attribute.conflict == "first":
            level = max(level, 1 + levels[-1])
        levels.append(level)
    return levels


def _routes(view: View, groups: Mapping[Group, Mapping[str, Origin]]) -> dict[str, tuple[int, ...]]:
    """Each attribute's steps by the priority of its origins."""
    steps: dict[str, dict[Origin, int]] = {}
    for number, served in enumerate(groups.values()):
        for name, origin in served.items():
            steps.setdefault(name, {})[origin] = number
    return {
        name: tuple(by_origin[origin] for origin in view.attributes[name].origins)
        for name, by_origin in steps.items()
    }


def _in_service_words(
    predicates: Mapping[str, Predicate], served: Mapping[str, Origin]
) -> dict[str, Predicate]:
    """The predicates a step can answer, about the service's fields instead of the view's attributes."""
    return {
        name: replace(predicate, field=served[predicate.field].field)
        for name, predicate in predicates.items()
        if predicate.field in served
    }


def _awaited(
    number: int,
    via: Via | None,
    served: Mapping[str, Origin],
    view: View,
    routes: Mapping[str, tuple[int, ...]],
) -> frozenset[int]:
    """The steps a step has to wait for: its hop's starting point, and those it stands in for."""
    start = set(routes[via.attribute]) if via is not None else set()
    preferred = {
        earlier
        for name in served
        if view.attributes[name].conflict == "first"
        for earlier in routes[name][: routes[name].index(number)]
    }
    return frozenset(start | preferred)


def _count_followers(steps: list[Step]) -> tuple[Step, ...]:
    """Say of each step how long the chain behind it is; later steps first, since they come after."""
    followers = dict.fromkeys((step.number for step in steps), 0)
    for step in reversed(steps):
        for earlier in step.after:
            followers[earlier] = max(followers[earlier], 1 + followers[step.number])
    return tuple(replace(step, followers=followers[step.number]) for step in steps)
