"""A threshold cannot be found by asking: what an attacker with a valid agreement tries.

The agreement lets the welfare programme ask whether somebody is 18 or older, and nothing else about
that day. The day of birth itself is agreed too in this country, so every test asks for `full_name`
beside the predicate, or for nothing.
"""

from __future__ import annotations

import pytest

from tests.exchanges.raw_http import Reply
from tests.exchanges.test_xroad_door import ask_person
from tests.world import PRESENT, World

AGREED = {"field": "birth_date", "op": "age_ge", "value": 18}


def _asked(world: World, **predicates: dict[str, object]) -> Reply:
    return ask_person(world, PRESENT, "full_name", predicates=predicates)


def test_predicate__the_agreed_one__is_answered(world):
    """What was agreed works; else this file would prove nothing."""
    assert _asked(world, adult=AGREED).json["predicates"] == {"adult": "yes"}


def test_predicate__bisection_over_the_threshold__every_step_gets_the_same_refusal(world):
    """Seven questions would find an age between 0 and 127; here they find nothing."""
    low, high, said = 0, 127, set()
    while low < high:
        middle = (low + high) // 2
        if middle == AGREED["value"]:
            middle += 1
        reply = _asked(world, guess={**AGREED, "value": middle})
        problem = reply.json["problem"]
        said.add((reply.status, problem["title"], problem["detail"], tuple(problem["reasons"])))
        assert "record" not in reply.json
        low, high = (middle + 1, high) if middle < 46 else (low, middle)
    assert len(said) == 1
    assert next(iter(said))[3] == ("predicate.not_agreed",)


@pytest.mark.parametrize(
    "trick",
    [
        {"op": "age_lt"},
        {"op": "age_ge", "value": 18.5},
        {"op": "age_ge", "value": True},
        {"op": "age_ge", "value": "18"},
        {"op": "lt", "value": "2000-01-01"},
        {"op": "between", "value": ["1970-01-01", "1990-01-01"]},
        {"op": "in", "value": ["1980-05-17"]},
        {"op": "eq", "value": "1980-05-17"},
        {"op": "exists", "value": None},
        {"field": "sex", "op": "eq", "value": "female"},
    ],
)
def test_predicate__another_way_to_ask__is_refused_without_an_answer(world, trick):
    """Another operator, another type, another field: none of them was agreed."""
    reply = _asked(world, adult=AGREED, trick={**AGREED, **trick})
    assert reply.json["problem"]["status"] in (400, 403, 422)
    assert "predicates" not in reply.json
    assert "record" not in reply.json


def test_predicate__many_guesses_beside_the_agreed_one__none_is_answered(world):
    """One good question does not carry the others through."""
    guesses = {f"g{age}": {**AGREED, "value": age} for age in (17, 19, 30, 46, 47)}
    reply = _asked(world, adult=AGREED, **guesses)
    assert reply.json["problem"]["reasons"] == ["predicate.not_agreed"]
    assert "predicates" not in reply.json
