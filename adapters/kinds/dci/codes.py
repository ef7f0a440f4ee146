"""What DCI's status and error words mean, each documented code once (DCI API 1.0.0, sections 1.2 and 1.3).

Three families: header reasons (`rjct.` of the whole message), item reasons (`rjct.` of one search), and
transport errors (`err.` of an ACK). Behind them the words that deployed registries add. Only a code of
this table is ever quoted; another one is the registry's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, Unanswered, Unavailable

Meaning = Literal["denied", "unavailable", "timeout", "ambiguous", "misbehaving"]
Status = Literal["rcvd", "pdng", "succ", "rjct"]

HEADER_REASONS: Final[Mapping[str, Meaning]] = {
    "rjct.version.invalid": "misbehaving",
    "rjct.message_id.duplicate": "misbehaving",
    "rjct.message_ts.invalid": "misbehaving",
    "rjct.action.invalid": "misbehaving",
    "rjct.action.not_supported": "misbehaving",
    "rjct.total_count.invalid": "misbehaving",
    "rjct.total_count.limit_exceeded": "misbehaving",
    "rjct.errors.too_many": "misbehaving",
}
ITEM_REASONS: Final[Mapping[str, Meaning]] = {
    "rjct.reference_id.invalid": "misbehaving",
    "rjct.reference_id.duplicate": "misbehaving",
    "rjct.timestamp.invalid": "misbehaving",
    "rjct.search_criteria.invalid": "misbehaving",
    "rjct.filter.invalid": "misbehaving",
    "rjct.sort.invalid": "misbehaving",
    "rjct.pagination.invalid": "misbehaving",
    "rjct.search.too_many_records_found": "ambiguous",
}
ERRORS: Final[Mapping[str, Meaning]] = {
    "err.request.bad": "misbehaving",
    "err.request.unauthorized": "denied",
    "err.request.forbidden": "denied",
    "err.request.not_found": "misbehaving",
    "err.request.timeout": "timeout",
    "err.version.not_supported": "misbehaving",
    "err.request.too_many_requests": "unavailable",
    "err.sender_id.invalid": "denied",
    "err.sender_uri.invalid": "misbehaving",
    "err.receiver_id.invalid": "denied",
    "err.signature.missing": "denied",
    "err.signature.invalid": "denied",
    "err.encryption.invalid": "denied",
    "err.service.unavailable": "unavailable",
}
DEPLOYED: Final[Mapping[str, Meaning]] = {
    "rjct.jwt.invalid": "denied",  # G2P Connect libraries of OpenG2P
    "err.auth.missing_header": "denied",  # OpenSPP, this and the next three
    "err.auth.invalid_format": "denied",
    "err.sender.unknown": "denied",
    "err.signature.expired": "denied",
}
MEANINGS: Final[Mapping[str, Meaning]] = {**HEADER_REASONS, **ITEM_REASONS, **ERRORS, **DEPLOYED}
"""Every known code and what it means."""

_STATUSES: Final[Mapping[str, Status]] = {
    "rcvd": "rcvd",
    "pdng": "pdng",
    "succ": "succ",
    "rjct": "rjct",
    "success": "succ",  # openIMIS
}
_AT_LEAST: Final = 2


def status_of(text: Any) -> Status | None:
    """One of the four statuses; None for anything else."""
    return _STATUSES.get(text) if isinstance(text, str) else None


def refusal(code: Any, received_at: int, retry_after_s: float | None = None) -> Ambiguous | Unanswered:
    """What a refusal with this code means; a refusal without a known code is the registry's fault."""
    match MEANINGS.get(code) if isinstance(code, str) else None:
        case "ambiguous":
            return Ambiguous(_AT_LEAST, received_at)
        case "denied":
            return DeniedBySource(f"the registry refused us: {code}")
        case "unavailable":
            return Unavailable(f"the registry cannot answer: {code}", retry_after_s=retry_after_s)
        case "timeout":
            return Unavailable(f"the registry cannot answer: {code}", timeout=True)
        case "misbehaving":
            return Misbehaving(f"the registry rejected the search: {code}")
        case _:
            return Misbehaving("the registry rejected the search")
