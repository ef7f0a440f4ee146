"""Who sees which fields for which purpose: each agreement's terms, decided by the engine.

Nothing is read off an agreement but what to ask: every field of the service is asked for every purpose and
legal basis of the terms, and what leaves is what policy lets leave, masks and duties included. Where the
basis is consent, a consent to everything asked is assumed. A cell that depends on the officer, on the
person's area or on a quota is decided as for nobody in particular, so rules about roles refuse there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.app.insight.question import Asking, Question
from gateway.exchange.ports import HostedService
from policies.engine import PolicyEngine
from schemas.agreement import AgreedService, Agreement
from schemas.catalogue import PassThroughForm, RecordForm
from schemas.decision import Decision
from schemas.identifiers import ServiceId


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix. `fields` are all of the service, `leaves` those that leave, `masked` how some
    of them do. A pass-through service has no fields: its answer leaves `whole`."""

    agreement: str
    client: str
    service: str
    purpose: str
    basis: str
    fields: tuple[str, ...]
    leaves: tuple[str, ...] = ()
    masked: Mapping[str, str] = field(default_factory=dict)
    predicates: tuple[str, ...] = ()
    whole: bool = False
    duties: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every member but the service's other fields."""
        return {
            "agreement": self.agreement,
            "client": self.client,
            "service": self.service,
            "purpose": self.purpose,
            "basis": self.basis,
            "leaves": list(self.leaves),
            "masked": dict(self.masked),
            "predicates": list(self.predicates),
            "whole": self.whole,
            "duties": dict(self.duties),
            "reasons": list(self.reasons),
        }


async def matrix(
    asking: Asking, agreements: Iterable[Agreement], engine: PolicyEngine, at: int | None = None
) -> list[Row]:
    """One row for each agreement, service, purpose and legal basis of the services answered here.

    Raises:
        PolicyUnavailable: the engine gave no decision.
    """
    now = int(time.time()) if at is None else at
    rows = []
    for agreement, terms in _terms(agreements):
        service = asking.services.get(str(terms.service))
        if service is None:
            continue
        for purpose in terms.purposes:
            for basis in terms.legal_bases:
                question = _question(agreement, terms, service, purpose, basis, now)
                decision = await engine.decide(asking.facts(question))
                rows.append(_row(agreement, question, service, decision))
    return sorted(rows, key=lambda row: (row.service, row.client, row.purpose, row.basis, row.agreement))


def _terms(agreements: Iterable[Agreement]) -> Iterator[tuple[Agreement, AgreedService]]:
    return ((agreement, terms) for agreement in agreements for terms in agreement.services)


def _question(
    agreement: Agreement, terms: AgreedService, service: HostedService, purpose: str, basis: str, now: int
) -> Question:
    form = service.description.form
    fields = form.fields if isinstance(form, RecordForm) else ()
    consent = _consent(agreement, purpose, fields) if basis == "consent" else None
    return Question(
        client=agreement.client,
        service=terms.service,
        purpose=purpose,
        basis=basis,
        fields=fields,
        predicates=terms.predicates,
        subject_type=form.subject_types[0] if isinstance(form, RecordForm) and form.subject_types else None,
        consent=consent,
        method=terms.methods[0] if terms.methods else "POST",
        path=terms.paths[0] if terms.paths else "/",
        at=now,
    )


def _consent(agreement: Agreement, purpose: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """The facts of a consent to everything asked."""
    return {
        "verified": True,
        "client": str(agreement.client),
        "provider": str(agreement.provider),
        "purpose": purpose,
        "fields": list(fields),
        "valid_from": agreement.valid_from,
        "valid_until": agreement.valid_until,
    }


def _row(agreement: Agreement, question: Question, service: HostedService, decision: Decision) -> Row:
    duties = {name: value for name, value in decision.obligations.items() if name != "mask"}
    return Row(
        agreement=agreement.id,
        client=str(question.client),
        service=str(question.service),
        purpose=question.purpose or "",
        basis=question.basis or "",
        fields=question.fields,
        leaves=decision.fields,
        masked={name: _mask_words(mask) for name, mask in sorted(_masks(decision).items())},
        predicates=tuple(f"{one.field} {one.op} {one.value}" for one in decision.predicates),
        whole=decision.allow and isinstance(service.description.form, PassThroughForm),
        duties=duties,
        reasons=decision.reasons,
    )


def _masks(decision: Decision) -> dict[str, Mapping[str, Any]]:
    """The masks of fields that leave, whole or in part (`members.birth_date`)."""
    masks = decision.obligations.get("mask", {})
    return {name: mask for name, mask in masks.items() if name.partition(".")[0] in decision.fields}


def _mask_words(mask: Mapping[str, Any]) -> str:
    """A mask in words: how, then its parameters."""
    more = [f"{name} {value}" for name, value in sorted(mask.items()) if name != "how"]
    return " ".join([str(mask["how"]), *more])


def member_of(identifier: str) -> str:
    """The member of a service's identifier."""
    return str(ServiceId.parse(identifier).member)
