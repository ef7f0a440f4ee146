"""An agreement: what both members signed (DESIGN section 7).

Client × services × purposes × legal bases × fields × exact predicates × validity. Declared in one
YAML file per agreement (`policies/agreement.schema.json`); `policies.agreements` reads them.
Predicates are exact, constants included, so that a threshold cannot be found by asking. Signing,
exchanging and revoking are `gateway.agreements`; counting against an allowance is the exchange's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from schemas.decision import Predicate
from schemas.identifiers import ServiceId, SubsystemId

Absence = Literal["hidden", "disclosed"]

PERIODS: Final = {"hour": 3_600, "day": 86_400, "month": 30 * 86_400}
"""The periods that an allowance can name, in seconds; a month is thirty days."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `limit` exchanges in each period of `period_s` seconds. Periods are fixed (hours and days in
    UTC, thirty days from 1970), so that around a boundary twice as many may come close together."""

    limit: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Memo:
    """What lawyers read beside the terms; nothing is decided by it. `contacts` are offices, not people:
    by `client` and `provider`."""

    title: str | None = None
    legal_reference: str | None = None
    client_contact: str | None = None
    provider_contact: str | None = None


@dataclass(frozen=True, slots=True)
class AgreedService:
    """One service under an agreement. For a pass-through service `methods` and `paths` count,
    for a record service `fields` and `predicates`. `quota` bounds the exchanges of the client for each
    purpose (every allowance holds), `repeats` those about one subject."""

    service: ServiceId
    purposes: tuple[str, ...]
    legal_bases: tuple[str, ...]
    fields: tuple[str, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    default_purpose: str | None = None
    default_legal_basis: str | None = None
    quota: tuple[Allowance, ...] = ()
    repeats: Allowance | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement in one version. `valid_from` and `valid_until` are epoch seconds, the second
    exclusive. `absence` says whether the client may learn that a subject does not exist."""

    id: str
    version: int
    client: SubsystemId
    provider: SubsystemId
    status: Literal["active", "suspended", "revoked"]
    valid_from: int
    valid_until: int
    services: tuple[AgreedService, ...]
    absence: Absence = "hidden"
    memo: Memo = Memo()

    def terms_for(self, service: ServiceId) -> AgreedService | None:
        """The terms for one service, or None."""
        return next((terms for terms in self.services if terms.service == service), None)

    def as_facts(self, service: ServiceId) -> dict[str, Any]:
        """The agreement as policy sees it for one service: `decision` input member `agreement`."""
        terms = self.terms_for(service)
        facts: dict[str, Any] = {
            "id": self.id,
            "version": self.version,
            "client": str(self.client),
            "provider": str(self.provider),
            "status": self.status,
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "absence": self.absence,
        }
        if terms is not None:
            facts["service"] = str(terms.service)
            facts["purposes"] = list(terms.purposes)
            facts["legal_bases"] = list(terms.legal_bases)
            facts["fields"] = list(terms.fields)
            facts["predicates"] = [predicate.as_json() for predicate in terms.predicates]
            facts["methods"] = list(terms.methods)
            facts["paths"] = list(terms.paths)
        return facts
