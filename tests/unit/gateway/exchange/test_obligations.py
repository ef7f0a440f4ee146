"""Obligations: every one is carried out, or nothing leaves."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.exchange.masks import MaskKeys
from gateway.exchange.obligations import NOTHING, Duties, plan
from schemas.decision import KNOWN_OBLIGATIONS, Decision, DecisionInput
from schemas.errors import Refused

KEYS = MaskKeys(b"k" * 32)
RECORD = {"address": {"street": "Long Street", "city": "Port"}, "ids": ["1", "2", "3"], "born": "1980-05-17"}


def facts(form: str = "record", subject: str | None = "national_id") -> DecisionInput:
    return DecisionInput(
        1,
        {
            "service": {"id": "LM/GOV/NIA/identity/person", "form": form},
            "client": {"id": "LM/GOV/MSW/cash-transfer"},
            "purpose": "p",
            "subject": {"type": subject},
        },
    )


def duties(obligations: dict[str, Any], **of: Any) -> Duties:
    return plan(Decision(True, (), tuple(RECORD), (), obligations, "v"), facts(**of), KEYS)


def test_plan__no_obligation__nothing_to_do() -> None:
    """The common case costs nothing."""
    assert duties({}) is NOTHING
    assert {name: NOTHING.project(name, value) for name, value in RECORD.items()} == RECORD


def test_plan__every_known_obligation__is_carried_out() -> None:
    """The list of names and this module agree."""
    every = {
        "mask": {"born": {"how": "year_only"}}, "max_records": 2, "retention": {"days": 30},
        "notify_subject": True, "double_audit": True,
    }  # fmt: skip
    assert every.keys() == KNOWN_OBLIGATIONS
    found = duties(every)
    assert found.project("ids", RECORD["ids"]) == ["1", "2"]
    assert found.project("born", RECORD["born"]) == "1980"
    assert found.masked == {"born": "year_only"}
    assert found.headers == (("isthmus-retention-days", "30"), ("isthmus-double-audit", "emergency"))
    assert found.notify_subject
    assert found.double_audit


def test_project__part_of_a_field__the_rest_stays() -> None:
    """A path masks what it names, in lists too; a scalar where an object was expected is masked whole."""
    found = duties({"mask": {"address.street": {"how": "truncate", "keep": 1}}})
    assert found.project("address", RECORD["address"]) == {"street": "L", "city": "Port"}
    assert found.project("address", [{"street": "Ab"}, {"city": "P"}]) == [{"street": "A"}, {"city": "P"}]
    assert found.project("address", "Long Street 1") == "L"
    assert found.project("born", RECORD["born"]) == RECORD["born"]


@pytest.mark.parametrize(
    "obligations",
    [
        {"shred": True}, {"max_records": 0}, {"max_records": True}, {"max_records": "3"}, {"retention": 30},
        {"retention": {"days": 0}}, {"retention": {"days": 1, "x": 1}}, {"retention": {"days": 10**6}},
        {"notify_subject": "yes"}, {"double_audit": 1}, {"mask": []}, {"mask": {"born": "redact"}},
        {"mask": {"born": {"how": "shred"}}}, {"mask": {1: {"how": "redact"}}}, {"mask": None},
        {"retention": None, "max_records": None},
    ],
)  # fmt: skip
def test_plan__unknown_or_ill_formed__denies(obligations) -> None:
    """A duty that cannot be read is not a duty to be left out."""
    with pytest.raises(Refused) as caught:
        duties(obligations)
    assert caught.value.reasons == ("policy.unavailable",)


@pytest.mark.parametrize(
    "obligations", [{"mask": {"born": {"how": "redact"}}}, {"max_records": 1}, {"notify_subject": True}]
)
def test_plan__opaque_answer_about_nobody__denies(obligations) -> None:
    """A pass-through answer cannot be masked or cut, and nobody can be told where nobody is named."""
    with pytest.raises(Refused):
        duties(obligations, form="pass_through", subject=None)


def test_plan__opaque_answer__what_is_possible_is_done() -> None:
    """Notice, retention and audit do not look into the answer."""
    found = duties(
        {"notify_subject": True, "retention": {"days": 1}, "double_audit": True}, form="pass_through"
    )
    assert found.notify_subject
    assert found.headers
