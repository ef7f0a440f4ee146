"""Help with a refusal: which rule refused, what would allow the request, whom to ask.

Only for reasons that the asker may know, and only from what it knows already: its own request and the
agreement that it has signed. What is about the person gets none (`refusals`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from schemas.agreement import AgreedService, Agreement
from schemas.errors import Advice
from schemas.identifiers import ServiceId

MAX_NAMED: Final = 20
"""Codes or names that a sentence lists at most."""

OTHERWISE: Final = "see the page of this reason in the policy's documentation"
_SENTENCES: Final[Mapping[str, str]] = {
    "agreement.missing": "an agreement with the provider that names this service",
    "agreement.inactive": "the provider makes the agreement active again",
    "agreement.wrong_client": "the subsystem asks that the agreement names",
    "agreement.wrong_service": "an agreement with the provider that names this service",
    "agreement.not_yet_valid": "the agreement has begun",
    "agreement.expired": "a newer version of the agreement",
    "legal_basis.not_possible": "another legal basis, or a record service of the same provider",
    "consent.required": "the person's consent, sent as Isthmus-Consent",
    "usage.exhausted": "the next period begins, or both members agree on more",
    "policy.unavailable": "the provider's operator puts the policy right; try again later",
    "policy.incomplete": "the provider's operator gives the policy its data; try again later",
    "purpose.not_listed": "a purpose of the country's list, and the true one",
    "purpose.denied_by_provider": "the owner takes the purpose out of its own rules",
    "legal_basis.not_listed": "a legal basis of the country's list, and the true one",
    "legal_basis.not_for_purpose": "another legal basis that the agreement names, if it is the true one",
    "predicate.denied_by_provider": "the request without this question",
    "special_category.legal_basis": "a legal basis that the country names for them, if true; "
    "or the request without these fields",
    "special_category.purpose": "a purpose that the country names for them, if true; "
    "or the request without these fields",
    "special_category.role": "an officer with a role for these fields asks (user.role)",
    "user.role_not_permitted": "an officer with a role that the owner names asks (user.role)",
    "user.assurance_too_low": "the officer signs in more strongly, and the request says so (user.assurance)",
    "user.area_missing": "the request says the officer's area (user.area)",
    "represents.not_permitted": "the request without this party, or country and owner list it",
    "emergency.not_declared": "two officers of the provider declare the emergency, for a limited time",
    "emergency.wrong_basis": "the legal basis that the country names for emergencies",
}
_FROM_TERMS: Final[Mapping[str, Callable[[AgreedService], Iterable[str]]]] = {
    "purpose.not_agreed": lambda terms: terms.purposes,
    "legal_basis.not_agreed": lambda terms: terms.legal_bases,
    "service.method_not_agreed": lambda terms: terms.methods,
    "service.path_not_agreed": lambda terms: terms.paths,
    "fields.none_granted": lambda terms: terms.fields,
    "predicate.not_agreed": lambda terms: (
        f"{asked.field} {asked.op} {asked.value}" for asked in terms.predicates
    ),
}


def advise(
    reasons: tuple[str, ...], agreement: Agreement | None, service: ServiceId, contact: str | None
) -> Advice:
    """The help for reasons that may be shown, in their order."""
    terms = agreement.terms_for(service) if agreement else None
    ask = contact or (agreement.memo.provider_contact if agreement else None)
    rules = dict.fromkeys(code.partition(".")[0] for code in reasons)
    allowed_if = tuple(_allowed_if(code, terms) for code in reasons)
    return Advice(tuple(f"isthmus.{rule}" for rule in rules), allowed_if, ask)


def _allowed_if(code: str, terms: AgreedService | None) -> str:
    if terms is not None and code in _FROM_TERMS:
        named = [word[:100] for word in _FROM_TERMS[code](terms)][:MAX_NAMED]
        return "the agreement names: " + (", ".join(named) if named else "nothing of this kind")
    return _SENTENCES.get(code, OTHERWISE)
