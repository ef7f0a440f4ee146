"""The fixed check agrees with the policy files, and needs no engine."""

from __future__ import annotations

import pytest

from policies.fixed_check import failed_checks
from tests.unit.policies.questions import GONE, as_question, golden_cases, question

OWN_CODES = {
    "agreement.missing",
    "agreement.inactive",
    "agreement.wrong_client",
    "agreement.wrong_service",
    "agreement.not_yet_valid",
    "agreement.expired",
}
CASES = golden_cases()


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_failed_checks__golden_case__are_its_agreement_reasons(case):
    """It finds what the decision says about the agreement: no more, no less."""
    expected = set(case["decision"]["reasons"]) & OWN_CODES
    assert set(failed_checks(as_question(case["input"]))) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"agreement": []},
        {"agreement": {}},
        {"client": "LM/GOV/MSW/cash-transfer"},
        {"service": None},
        {"agreement__provider": GONE},
        {"agreement__provider": 1},
        {"agreement__valid_from": 1.5},
        {"agreement__valid_until": None},
    ],
    ids=str,
)
def test_failed_checks__wrong_types__fail(changes):
    """Wrong types fail a check, and never raise."""
    assert failed_checks(question(**changes))
