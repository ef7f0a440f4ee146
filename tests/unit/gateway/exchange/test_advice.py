"""A refusal helps: every reason that the asker may know says what would allow the request."""

from __future__ import annotations

import pytest

from gateway.exchange.advice import OTHERWISE, advise
from policies.reasons import REASONS
from schemas.agreement import AgreedService, Agreement
from schemas.identifiers import ServiceId, SubsystemId

SERVICE = ServiceId.parse("LM/GOV/TAX/income/income-band")
TERMS = AgreedService(SERVICE, ("social-assistance",), ("public_task",))
AGREEMENT = Agreement(
    "a", 1, SubsystemId.parse("LM/GOV/MSW/cash-transfer"), SERVICE.provider, "active", 0, 2**40, (TERMS,)
)
ABOUT_THE_PERSON = "subject.unavailable"


@pytest.mark.parametrize(
    "code", [code for code, seen in REASONS.items() if seen == "client_visible" and code != ABOUT_THE_PERSON]
)
def test_advise__visible_reason__has_its_own_sentence(code):
    """No visible reason sends the asker to read elsewhere."""
    assert advise((code,), AGREEMENT, SERVICE, None).allowed_if != (OTHERWISE,)
