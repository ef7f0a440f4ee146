"""What a refusal tells the asker, and what it keeps (DESIGN section 5, `absence`).

The owner's log has every reason. The asker is told what it can do something about. What would say
something about the person (absent, restricted, not consented) is one refusal, `subject.unavailable`,
alike in code and body, unless the agreement discloses absence.
"""

from __future__ import annotations

from typing import Final

from policies.reasons import client_visible
from schemas.errors import ExchangeError, Refused

SUBJECT_UNAVAILABLE: Final = "subject.unavailable"
SUBJECT_ABSENT: Final = "subject.absent"
"""In the owner's log only: the source knows nobody by this identifier."""
SUBJECT_AMBIGUOUS: Final = "subject.ambiguous"

_SENTENCES: Final = {
    "agreement.missing": "there is no agreement between you and the provider for this service",
    "agreement.inactive": "the agreement is suspended or revoked",
    "agreement.not_yet_valid": "the agreement is not yet in force",
    "agreement.expired": "the agreement has expired",
    "purpose.not_agreed": "the agreement does not name this purpose",
    "legal_basis.not_agreed": "the agreement does not name this legal basis",
    "legal_basis.not_possible": "this legal basis is not possible for this form of service",
    "consent.required": "this legal basis needs a consent that the provider can verify",
    "service.method_not_agreed": "the agreement does not cover this method",
    "service.path_not_agreed": "the agreement does not cover this path",
    "fields.none_granted": "the agreement covers none of the fields asked for",
    "predicate.not_agreed": "the agreement does not name exactly this predicate",
    "usage.exhausted": "the agreed number of requests is used up",
    "policy.unavailable": "the provider's policy gave no decision that can be trusted",
}


def for_the_asker(error: ExchangeError) -> ExchangeError:
    """The same error, without what the asker may not know."""
    if not isinstance(error, Refused):
        return error
    visible = client_visible(error.reasons)
    if SUBJECT_UNAVAILABLE in visible or len(visible) < len(error.reasons):
        return Refused(
            "the provider has no data about this subject for you; it does not say why",
            reasons=(SUBJECT_UNAVAILABLE,),
        )
    return Refused("; ".join(_SENTENCES.get(code, code) for code in visible), reasons=visible)
