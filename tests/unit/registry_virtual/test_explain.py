"""Explaining: a plan that a person can read."""

from __future__ import annotations

import pytest

from registry_virtual.explain import explain
from schemas.decision import Predicate
from schemas.errors import RequestMismatch
from tests.unit.registry_virtual.small_view import VIEW

EXPECTED = """\
small version 1
attributes: 3, predicates: 1, asks: 5
at most 1000 ms, for assistance, review

1. LM/GOV/NIA/identity/person, at once
   district
   birth_date, to be equal with 2
   senior: birth_date age_ge 65?

2. LM/GOV/CRO/crvs/civil-status, at once
   birth_date (there: born), to be equal with 1
   senior: birth_date age_ge 65?

3. LM/GOV/MSW/cash-transfer/household, at once
   household (there: id), only to find the next one to ask about

4. LM/GOV/CRO/crvs/civil-status, after 1, if still needed
   district (there: residence), if no source before has it

5. LM/GOV/MSW/cash-transfer/members, after 3, if still needed
   about the household whose household_id is household
   relatives (there: members)
"""


def test_explain__plan__says_what_waits_for_what() -> None:
    """Sources, fields, what runs at once, what waits, and why."""
    text = explain(
        VIEW, ("district", "birth_date", "relatives"), {"senior": Predicate("birth_date", "age_ge", 65)}
    )
    assert text == EXPECTED


def test_explain__unknown_attribute__is_refused() -> None:
    """A wrong name is told, as at the door."""
    with pytest.raises(RequestMismatch):
        explain(VIEW, ("shoe_size",))
