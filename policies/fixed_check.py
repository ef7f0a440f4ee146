"""The fixed check: what holds whatever the policy files say (DESIGN section 7).

Plain Python, before Rego, in every mode: the agreement is there, active, for this client and this
service, and valid now. A mistake in a policy file then opens less. It is no substitute for Rego,
which asks all of this again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.decision import DecisionInput


def failed_checks(question: DecisionInput) -> tuple[str, ...]:
    """The reason codes of the checks that failed; empty if all passed. Never raises."""
    document = question.document
    agreement = document.get("agreement")
    if not isinstance(agreement, Mapping):
        return ("agreement.missing",)
    checks = {
        "agreement.inactive": agreement.get("status") == "active",
        "agreement.wrong_client": _names_client(agreement, document.get("client")),
        "agreement.wrong_service": _names_service(agreement, document.get("service")),
        "agreement.not_yet_valid": _not_after(agreement.get("valid_from"), question.time),
        "agreement.expired": _not_after(question.time + 1, agreement.get("valid_until")),
    }
    return tuple(code for code, passed in checks.items() if not passed)


def _names_client(agreement: Mapping[str, Any], client: Any) -> bool:
    identifier = client.get("id") if isinstance(client, Mapping) else None
    return isinstance(identifier, str) and agreement.get("client") == identifier


def _names_service(agreement: Mapping[str, Any], service: Any) -> bool:
    identifier = service.get("id") if isinstance(service, Mapping) else None
    provider = agreement.get("provider")
    return (
        isinstance(identifier, str)
        and isinstance(provider, str)
        and agreement.get("service") == identifier
        and identifier.startswith(provider + "/")
    )


def _not_after(earlier: Any, later: Any) -> bool:
    """Whole seconds on both sides, in this order; a bool is no time."""
    return type(earlier) is int and type(later) is int and earlier <= later
