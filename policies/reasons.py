"""The reason codes of refusals: stable words, never renamed, never personal.

`client_visible` codes may be told to the asker; `log_only` ones stay in the owner's log, because
they would say something about the person (DESIGN section 5, "Problems").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

Visibility = Literal["client_visible", "log_only"]

POLICY_UNAVAILABLE: Final = "policy.unavailable"
"""The engine answered, but not with a decision that could be trusted."""

REASONS: Final[Mapping[str, Visibility]] = MappingProxyType(
    {
        "policy.incomplete": "client_visible",
        "agreement.missing": "client_visible",
        "agreement.inactive": "client_visible",
        "agreement.wrong_client": "client_visible",
        "agreement.wrong_service": "client_visible",
        "agreement.not_yet_valid": "client_visible",
        "agreement.expired": "client_visible",
        "purpose.not_listed": "client_visible",
        "purpose.not_agreed": "client_visible",
        "purpose.denied_by_provider": "client_visible",
        "legal_basis.not_agreed": "client_visible",
        "legal_basis.not_possible": "client_visible",
        "legal_basis.not_listed": "client_visible",
        "legal_basis.not_for_purpose": "client_visible",
        "consent.required": "client_visible",
        "consent.not_covering": "log_only",
        "service.method_not_agreed": "client_visible",
        "service.path_not_agreed": "client_visible",
        "fields.none_granted": "client_visible",
        "predicate.not_agreed": "client_visible",
        "subject.unavailable": "client_visible",
        "usage.exhausted": "client_visible",
        "predicate.denied_by_provider": "client_visible",
        "special_category.legal_basis": "client_visible",
        "special_category.purpose": "client_visible",
        "special_category.role": "client_visible",
        "user.role_not_permitted": "client_visible",
        "user.assurance_too_low": "client_visible",
        "user.area_missing": "client_visible",
        "area.outside": "log_only",
        "represents.not_permitted": "client_visible",
        "emergency.not_declared": "client_visible",
        "emergency.wrong_basis": "client_visible",
        POLICY_UNAVAILABLE: "client_visible",
    }
)
"""Every code of the Rego files and of the fixed check; an unknown code is `log_only`."""


def client_visible(reasons: Iterable[str]) -> tuple[str, ...]:
    """The reasons that the asker may be told, sorted."""
    return tuple(sorted(code for code in reasons if REASONS.get(code) == "client_visible"))
