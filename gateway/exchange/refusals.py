"""What a refusal tells the asker, and what it keeps (DESIGN section 5, `absence`).

The owner's log has every reason. The asker is told what it can do something about. What would say
something about the person (absent, restricted, not consented) is one refusal, `subject.unavailable`,
alike in code and body, unless the agreement discloses absence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.exchange.facts import as_claimed
from gateway.exchange.under_way import Exchange
from policies.engine import PolicyEngine
from policies.reasons import client_visible
from schemas.errors import Advice, ExchangeError, Refused

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


def tells_of_a_person(reasons: Iterable[str]) -> bool:
    """Whether a refusal for these reasons is the one that tells nothing: `subject.unavailable`."""
    found = set(reasons)
    return SUBJECT_UNAVAILABLE in found or len(client_visible(found)) < len(found)


def is_hidden(error: ExchangeError) -> bool:
    """Whether the asker may not know why."""
    return isinstance(error, Refused) and tells_of_a_person(error.reasons)


def for_the_asker(
    error: ExchangeError, advise: Callable[[tuple[str, ...]], Advice] | None = None
) -> ExchangeError:
    """The same error, without what the asker may not know, and with advice on what it may."""
    if not isinstance(error, Refused):
        return error
    if is_hidden(error):
        return Refused(
            "the provider has no data about this subject for you; it does not say why",
            reasons=(SUBJECT_UNAVAILABLE,),
        )
    visible = client_visible(error.reasons)
    detail = "; ".join(_SENTENCES.get(code, code) for code in visible)
    return Refused(detail, reasons=visible, advice=advise(visible) if advise and visible else None)


async def knowable(error: ExchangeError, exchange: Exchange, policy: PolicyEngine) -> ExchangeError:
    """The refusal as far as it follows from what the asker knows.

    A consent that does not cover would hide a wrong purpose, and thereby say that it does not cover.
    So policy is asked again as if the person had consented to all that the asker claims: what it
    refuses even then is told, to everybody alike. After a fetch nothing is.
    """
    decided = exchange.decided
    if exchange.fetched or decided is None or decided.asked.document["consent"] is None:
        return error
    try:
        decision = await policy.decide(as_claimed(decided.asked))
    except ExchangeError:
        return error
    refused = Refused(reasons=decision.reasons)
    return error if decision.allow or is_hidden(refused) else refused
