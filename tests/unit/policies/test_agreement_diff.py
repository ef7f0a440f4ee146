"""What differs between two versions is said in words, and never hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies.agreement_diff import differences
from policies.agreement_file import build_agreement, read_agreement
from schemas.agreement import Allowance, Memo
from schemas.errors import ConfigurationError

TERMS = {
    "service": "LM/GOV/TAX/income/band", "purposes": ["eligibility", "review"], "legal_bases": ["public_task"],
    "fields": ["income_band", "employer"], "predicates": [{"field": "income", "op": "lt", "value": 500}],
    "quota": [{"at_most": 1000, "per": "day"}], "repeats": {"at_most": 3, "per": "day"},
}  # fmt: skip
DOCUMENT = {
    "id": "msw-tax", "version": 1, "client": "LM/GOV/MSW/cash-transfer", "provider": "LM/GOV/TAX/income",
    "status": "active", "valid_from": "2026-01-01", "valid_until": "2027-01-01", "services": [TERMS],
}  # fmt: skip


def agreement(terms=None, **members):
    """The agreement, changed."""
    return build_agreement({**DOCUMENT, "services": [{**TERMS, **(terms or {})}], **members}, "test")


CHANGES = {
    "field more": ({"fields": ["income_band", "employer", "tax_year"]}, {}, "widened", "the field tax_year was added"),
    "field less": ({"fields": ["income_band"]}, {}, "narrowed", "the field employer was taken out"),
    "purpose more": ({"purposes": ["eligibility", "review", "x"]}, {}, "widened", "the purpose x"),
    "basis less": ({"legal_bases": ["consent"]}, {}, "narrowed", "the legal basis public_task"),
    "question moved": (
        {"predicates": [{"field": "income", "op": "lt", "value": 501}]}, {}, "widened", "income lt 501",
    ),
    "quota up": ({"quota": [{"at_most": 1001, "per": "day"}]}, {}, "widened", "1001 per day, before 1000"),
    "quota down": ({"quota": [{"at_most": 999, "per": "day"}]}, {}, "narrowed", "999 per day"),
    "quota more periods": (
        {"quota": [{"at_most": 1000, "per": "day"}, {"at_most": 100, "per": "hour"}]}, {}, "narrowed", "100 per hour",
    ),
    "repeats by rate": ({"repeats": {"at_most": 1, "per": "hour"}}, {}, "widened", "1 per hour, before 3 per day"),
    "default purpose": ({"default_purpose": "review"}, {}, "changed", "default purpose was none and is review"),
    "absence": ({}, {"absence": "disclosed"}, "widened", "may now learn"),
    "longer": ({}, {"valid_until": "2028-01-01"}, "widened", "ends on 2028-01-01"),
    "later": ({}, {"valid_from": "2026-02-01"}, "narrowed", "begins on 2026-02-01"),
    "title": ({}, {"title": "Income"}, "changed", "title"),
    "suspended": ({}, {"status": "suspended"}, "changed", "the status was active"),
}  # fmt: skip


@pytest.mark.parametrize(("terms", "members", "effect", "text"), CHANGES.values(), ids=CHANGES.keys())
def test_differences__one_change__is_named_with_its_effect(terms, members, effect, text):
    """Whatever lets the client learn or ask more is widened."""
    found = differences(agreement(), agreement(terms, **members))
    assert any(one.effect == effect and text in one.text for one in found), found


def test_differences__service_added_and_removed__said_of_the_service():
    """A whole service is one line."""
    other = {**TERMS, "service": "LM/GOV/TAX/income/cards"}
    both = agreement(services=[TERMS, other])
    added, removed = differences(agreement(), both), differences(both, agreement())
    assert [(one.effect, one.about) for one in added] == [("added", "LM/GOV/TAX/income/cards")]
    assert [(one.effect, one.about) for one in removed] == [("removed", "LM/GOV/TAX/income/cards")]


def test_differences__same__nothing():
    """The order of a list changes nothing."""
    assert differences(agreement(), agreement({"purposes": ["review", "eligibility"]}, version=2)) == []


def test_read__quotas_and_memo__as_the_exchange_and_lawyers_read_them(tmp_path: Path):
    """Periods become seconds; a month is thirty days."""
    path = tmp_path / "a.yaml"
    terms = {**TERMS, "quota": [{"at_most": 5, "per": "hour"}, {"at_most": 50, "per": "month"}]}
    members = {"title": "Income", "legal_reference": "Act 7", "contacts": {"client": "Office"}}
    path.write_text(json.dumps({**DOCUMENT, "services": [terms], **members}))
    read = read_agreement(path)
    assert read.services[0].quota == (Allowance(5, 3_600), Allowance(50, 2_592_000))
    assert read.services[0].repeats == Allowance(3, 86_400)
    assert read.memo == Memo("Income", "Act 7", "Office", None)


@pytest.mark.parametrize(
    ("terms", "cure"),
    [
        ({"quota": [{"at_most": 0, "per": "day"}]}, "from 1 on"),
        ({"quota": [{"at_most": 1, "per": "week"}]}, "hour, day or month"),
        ({"quota": [{"at_most": 1, "per": "day"}, {"at_most": 2, "per": "day"}]}, "keep one"),
        ({"quota": {"at_most": 1, "per": "day"}}, "List how many"),
        ({"repeats": {"at_most": 1}}, "at_most: 100"),
    ],
)
def test_read__wrong_quota__named_with_its_cure(tmp_path: Path, terms, cure):
    """A bound that cannot be counted is not one."""
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps({**DOCUMENT, "services": [{**TERMS, **terms}]}))
    with pytest.raises(ConfigurationError, match=cure):
        read_agreement(path)


@pytest.mark.parametrize("document", [{}, {"provider": 5}, {**DOCUMENT, "services": [{}]}])
def test_build__no_agreement__an_error_of_ours(document):
    """What stands in a database is not trusted to have a form."""
    with pytest.raises(ConfigurationError):
        build_agreement(document, "test")
