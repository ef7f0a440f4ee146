"""Narrowing: a waiting step asks only for what is still missing, about somebody who is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_virtual.narrow import ask_for
from registry_virtual.plan import ViewRequest, make_plan
from schemas.ask import Ask, AskOutcome
from schemas.decision import Predicate
from schemas.record import Subject
from tests.unit.registry_virtual.small_view import (
    APPLICANT,
    CIVIL,
    FAILURES,
    HOUSEHOLD,
    MEMBERS,
    NOW,
    PERSON,
    VIEW,
    answered,
    failed,
    request,
)


def narrowed(wanted: ViewRequest, step: int, *outcomes: AskOutcome) -> Ask | None:
    plan = make_plan(VIEW, wanted)
    return ask_for(plan, plan.steps[step], dict(enumerate(outcomes)), NOW)


def test_ask_for__first_step__asks_about_the_subject_itself() -> None:
    """Nothing to wait for: the planned fields, about the enquiry's subject."""
    ask = narrowed(request("names", "district"), 0)
    assert ask == Ask(PERSON, APPLICANT, ("given_names", "district"), {})


def test_ask_for__preferred_source_answered__fallback_stays_idle() -> None:
    """What is known is not asked again."""
    assert narrowed(request("district"), 1, answered({"district": "LM-01"})) is None


@pytest.mark.parametrize("failure", FAILURES)
def test_ask_for__preferred_source_failed__fallback_asks_in_its_own_words(failure: str) -> None:
    """Any failure lets the next source by priority be asked, for the missing field only."""
    ask = narrowed(request("district", "names"), 1, failed(failure))
    assert ask == Ask(CIVIL, APPLICANT, ("residence",), {})


def test_ask_for__predicate__falls_back_only_while_unknown() -> None:
    """A predicate that was answered is not asked of a second owner."""
    asked = {"far": Predicate("district", "eq", "LM-09")}
    assert narrowed(request(**asked), 1, answered({}, far="no")) is None
    again = narrowed(request(**asked), 1, answered({}, far="unknown"))
    assert again == Ask(CIVIL, APPLICANT, (), {"far": Predicate("residence", "eq", "LM-09")})


def test_ask_for__all_equal__second_opinion_is_always_asked() -> None:
    """Agreement cannot be seen without asking."""
    assert narrowed(request("birth_date"), 1, answered({"birth_date": "1980-02-03"})) is not None


def test_ask_for__hop__is_about_the_other_and_says_so() -> None:
    """The subject is the starting point's value, with its relation to the applicant."""
    ask = narrowed(request("relatives"), 1, answered({"id": "H-9"}))
    assert ask == Ask(MEMBERS, Subject("household_id", "H-9", "household"), ("members",), {})


@pytest.mark.parametrize("value", [None, "", True, 1.5, ["H-1", "H-2"], {"id": "H-1"}, "H\n1", "x" * 300])
def test_ask_for__starting_point_is_no_identifier__hop_stays_idle(value: object) -> None:
    """Only plain, bounded text or a whole number names somebody."""
    assert narrowed(request("relatives"), 1, answered({"id": value})) is None


@pytest.mark.parametrize("failure", FAILURES)
def test_ask_for__starting_point_failed__hop_stays_idle(failure: str) -> None:
    """Nobody is known, so nobody is asked about."""
    assert narrowed(request("relatives"), 1, failed(failure)) is None


def test_ask_for__starting_point_disputed_or_stale__hop_stays_idle() -> None:
    """A value that is old or disputed might name the wrong person."""
    key = replace(VIEW.attributes["household"], max_age_s=60)
    view = replace(VIEW, attributes={**VIEW.attributes, "household": key})
    plan = make_plan(view, request("relatives"))
    assert plan.steps[0].service == HOUSEHOLD
    assert ask_for(plan, plan.steps[1], {0: answered({"id": "H-9"}, as_of=NOW - 61)}, NOW) is None
