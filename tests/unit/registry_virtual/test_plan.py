"""Planning: minimal, grouped, and never waiting for itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_virtual.plan import ViewRequest, make_plan
from registry_virtual.view import Attribute, Origin, Via, View
from schemas.decision import Predicate
from schemas.errors import RequestMismatch
from schemas.record import Subject
from tests.unit.registry_virtual.small_view import CIVIL, HOUSEHOLD, MEMBERS, PERSON, SERVICES, VIEW, request

NAMES = [f"a{number}" for number in range(6)]


@st.composite
def views(draw: st.DrawFn) -> View:
    """Views of many shapes; hops start from the first two attributes, which have none."""
    attributes = {}
    for index, name in enumerate(NAMES):
        services = draw(st.lists(st.sampled_from(SERVICES), min_size=1, max_size=3, unique=True))
        conflict = draw(st.sampled_from(["first", "all_equal"])) if len(services) > 1 else "first"
        via = None if index < 2 else draw(st.sampled_from([None, Via("a0", "a0", "r"), Via("a1", "a1", "r")]))
        origins = tuple(Origin(service, f"f_{name}", via) for service in services)
        attributes[name] = Attribute(name, name, origins, conflict)
    return replace(VIEW, attributes=attributes)


requests = st.builds(
    lambda fields, asked: request(
        *fields, **{f"p{n}": Predicate(name, "exists", None) for n, name in enumerate(asked)}
    ),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.lists(st.sampled_from(NAMES), max_size=3),
)


def test_make_plan__one_service_many_attributes__one_ask() -> None:
    """All fields of one service go in one step."""
    plan = make_plan(VIEW, request("names", "district", "birth_date"))
    first = next(step for step in plan.steps if step.service == PERSON)
    assert dict(first.fields) == {"names": "given_names", "district": "district", "birth_date": "birth_date"}
    assert sum(step.service == PERSON for step in plan.steps) == 1


def test_make_plan__fallback__waits_for_the_preferred_source() -> None:
    """Under `first` a later source waits; under `all_equal` all are asked at once."""
    fallback = make_plan(VIEW, request("district")).steps
    together = make_plan(VIEW, request("birth_date")).steps
    assert [(step.service, set(step.after)) for step in fallback] == [(PERSON, set()), (CIVIL, {0})]
    assert [(step.service, set(step.after)) for step in together] == [(PERSON, set()), (CIVIL, set())]
    assert [step.followers for step in fallback] == [1, 0]


def test_make_plan__hop__adds_only_its_starting_point() -> None:
    """A hop needs the attribute it starts from, which is asked but not answered to the client."""
    plan = make_plan(VIEW, request("relatives"))
    assert plan.fields == ("relatives",)
    assert [(step.service, dict(step.fields)) for step in plan.steps] == [
        (HOUSEHOLD, {"household": "id"}),
        (MEMBERS, {"relatives": "members"}),
    ]
    assert plan.steps[1].after == {0}


def test_make_plan__predicate__is_put_in_the_services_own_words() -> None:
    """A predicate names a view attribute; each source is asked about its own field, and for no value."""
    asked = Predicate("birth_date", "age_ge", 65)
    plan = make_plan(VIEW, request(senior=asked))
    assert plan.fields == ()
    assert [(step.service, dict(step.fields), step.predicates["senior"].field) for step in plan.steps] == [
        (PERSON, {}, "birth_date"),
        (CIVIL, {}, "born"),
    ]


def test_make_plan__predicate_through_a_hop__fetches_only_the_starting_point() -> None:
    """A predicate about a relative needs to know who the relative is, and nothing more."""
    plan = make_plan(VIEW, request(many=Predicate("relatives", "count_ge", 3)))
    assert [dict(step.fields) for step in plan.steps] == [{"household": "id"}, {}]
    assert [set(step.predicates) for step in plan.steps] == [set(), {"many"}]


def test_make_plan__nothing_named__means_everything() -> None:
    """Neither fields nor predicates: the whole view, in its own order."""
    assert make_plan(VIEW, request()).fields == tuple(VIEW.attributes)


def test_make_plan__no_fields_wanted__plans_nothing() -> None:
    """An empty list is not a missing one."""
    assert make_plan(VIEW, ViewRequest(Subject("national_id", "1"), ())).steps == ()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (request("shoe_size"), "view.attribute"),
        (request(p=Predicate("shoe_size", "eq", 1)), "view.attribute"),
        (ViewRequest(Subject("passport", "X1")), "view.subject_type"),
    ],
)
def test_make_plan__request_does_not_fit__is_refused_before_asking(wrong: ViewRequest, reason: str) -> None:
    """Unknown names are the client's mistake; the subject is never repeated."""
    with pytest.raises(RequestMismatch) as caught:
        make_plan(VIEW, wrong)
    assert caught.value.reasons == (reason,)
    assert "X1" not in caught.value.detail


@given(views(), requests)
def test_make_plan__any_view__asks_nothing_that_is_not_needed(view: View, wanted: ViewRequest) -> None:
    """Every field asked belongs to a requested attribute or to the starting point of its hop."""
    plan = make_plan(view, wanted)
    asked_about = {*plan.fields, *(asked.field for asked in wanted.predicates.values())}
    starts = {o.via.attribute for n in asked_about for o in view.attributes[n].origins if o.via}
    assert {name for step in plan.steps for name in step.fields} == {*plan.fields, *starts}
    assert all(step.fields or step.predicates for step in plan.steps)
    for step in plan.steps:
        assert all(wanted.predicates[name].field in asked_about for name in step.predicates)


@given(views(), requests)
def test_make_plan__any_view__every_source_is_reachable_and_nothing_waits_for_itself(
    view: View, wanted: ViewRequest
) -> None:
    """Each origin has its step, and steps wait only for lower numbers."""
    plan = make_plan(view, wanted)
    for name in plan.fields:
        services = [plan.steps[number].service for number in plan.routes[name]]
        assert services == [origin.service for origin in view.attributes[name].origins]
    for step in plan.steps:
        assert all(earlier < step.number for earlier in step.after)
        assert all(plan.steps[earlier].followers > step.followers for earlier in step.after)


@given(views(), requests)
def test_make_plan__any_view__asks_one_service_once_at_a_time(view: View, wanted: ViewRequest) -> None:
    """Two steps to one service about one person differ in what they wait for."""
    plan = make_plan(view, wanted)
    kinds = [(step.service, step.via, step.followers, step.after) for step in plan.steps]
    assert len(set(kinds)) == len(kinds)


@given(views(), requests)
def test_make_plan__order_of_names__does_not_matter(view: View, wanted: ViewRequest) -> None:
    """The same wish in another order is the same plan."""
    assert wanted.fields is not None
    assert make_plan(view, wanted) == make_plan(view, replace(wanted, fields=wanted.fields[::-1]))
