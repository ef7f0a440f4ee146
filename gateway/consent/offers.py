"""What a person may be asked to consent to: the parts of agreements that rest on consent.

A person never writes member or service codes: an offer names them, and a consent can only be given
within one. Follows DESIGN section 7 (agreements, legal bases). Left out: who made the offer known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.agreement import AgreedService, Agreement
from schemas.identifiers import ServiceId, SubsystemId

CONSENT: Final = "consent"
"""The legal basis whose ground is what the person allowed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One client, service and purpose for which consent may be given, with the fields it may cover.
    `valid_from` and `valid_until` are the agreement's, in epoch seconds."""

    id: str
    agreement: str
    version: int
    client: SubsystemId
    service: ServiceId
    purpose: str
    fields: tuple[str, ...]
    valid_from: int
    valid_until: int


def offers(agreements: Iterable[Agreement], now: int) -> tuple[Offer, ...]:
    """All offers of the agreements in force at `now`, in order of their ids."""
    found = [
        offer
        for agreement in agreements
        if agreement.status == "active" and agreement.valid_from <= now < agreement.valid_until
        for offer in _of(agreement)
    ]
    return tuple(sorted(found, key=lambda offer: offer.id))


def _of(agreement: Agreement) -> Iterable[Offer]:
    for terms in agreement.services:
        if CONSENT in terms.legal_bases and terms.fields:
            for purpose in terms.purposes:
                yield Offer(
                    _identifier(agreement, terms, purpose), agreement.id, agreement.version,
                    agreement.client, terms.service, purpose, terms.fields,
                    agreement.valid_from, agreement.valid_until,
                )  # fmt: skip


def _identifier(agreement: Agreement, terms: AgreedService, purpose: str) -> str:
    """One path segment: the service's code is told from the provider, which the agreement names."""
    code = str(terms.service).removeprefix(f"{agreement.provider}/").replace("/", "~")
    return f"{agreement.id}~{code}~{purpose}"
