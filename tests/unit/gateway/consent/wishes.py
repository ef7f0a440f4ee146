"""What people of Lumeria allow in these tests."""

from __future__ import annotations

from typing import Any

from gateway.consent.record import Frequency, Notice, Scope, Wish
from schemas.identifiers import MemberId, SubsystemId
from schemas.record import Subject

NOW = 1_790_000_000
DAY = 24 * 3600
ISSUER = MemberId.parse("LM/GOV/MSW")
CLIENT, PROVIDER = SubsystemId.parse("LM/NGO/RELIEF/response"), SubsystemId.parse("LM/GOV/NIA/identity")
PERSON, GUARDIAN = Subject("national_id", "7310000001"), Subject("national_id", "7310000009")
PURPOSE = "social-assistance.eligibility"
SERVICE = PROVIDER.service("person")
NOTICE = Notice("eligibility", 1, "en")


def a_wish(**members: Any) -> Wish:
    """Someone allows the NGO to read a name and a birth date for thirty days; members overwrite."""
    scope = {
        "client": CLIENT, "provider": PROVIDER, "service": None, "purpose": PURPOSE,
        "fields": ("full_name", "birth_date"), "frequency": Frequency(),
    }  # fmt: skip
    wish = {
        "issuer": ISSUER, "subject": PERSON, "representative": None, "valid_from": NOW,
        "valid_until": NOW + 30 * DAY, "notice": NOTICE,
    }  # fmt: skip
    scope |= {name: members.pop(name) for name in list(members) if name in scope}
    return Wish(scope=Scope(**scope), **{**wish, **members})
