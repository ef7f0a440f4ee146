"""A question asked by hand: the facts that the gateway would gather for it, without anybody asking.

Facts are built by `gateway.exchange.facts.gather`, the very function of an exchange, from a statement that is
never signed or sent. So what is explained is what would be decided. What only an exchange knows (quota,
consent, what the source says of a person) is given by hand, or stays as it is before the fetch.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.exchange.facts import gather
from gateway.exchange.ports import FindAgreement, HostedService
from schemas.agreement import Agreement
from schemas.decision import DecisionInput, Predicate
from schemas.errors import UnknownService
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import RecordRequest, Subject
from schemas.statement import BodyDigest, HeadDigest, RequestStatement
from schemas.wire import RequestHead

_NOBODY: Final = "-"
"""In place of a subject's value, which policy never sees."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody would ask. `purpose` and `basis` default to the agreement's; `restricted` and `area` are
    what the source would say, None before the fetch. `user` has `role`, `area`, `assurance`."""

    client: SubsystemId
    service: ServiceId
    purpose: str | None = None
    basis: str | None = None
    fields: tuple[str, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    subject_type: str | None = "national_id"
    relation: str = "self"
    user: Mapping[str, str | None] | None = None
    represents: str | None = None
    consent: Mapping[str, Any] | None = None
    usage: Mapping[str, bool] | None = None
    emergency: Mapping[str, Any] | None = None
    restricted: bool | None = None
    area: str | None = None
    method: str = "POST"
    path: str = "/"
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Builds facts for the services hosted here, under the agreements held here."""

    services: Mapping[str, HostedService]
    agreements: FindAgreement

    def facts(self, question: Question) -> DecisionInput:
        """The decision input.

        Raises:
            UnknownService: the service is not answered by this gateway, so nothing is decided here.
        """
        service = self.services.get(str(question.service))
        if service is None:
            raise UnknownService(f"{question.service} is not answered by this gateway; ask its provider's")
        agreement = self.agreements.find(question.client, question.service)
        now = int(time.time()) if question.at is None else question.at
        statement = _statement(question, agreement, now)
        head = RequestHead(question.method, question.path, "", (), None)
        subject = None
        if question.subject_type is not None:
            subject = Subject(question.subject_type, _NOBODY, question.relation)
        record = None
        if service.description.form_name == "record":
            asked = {str(number): one for number, one in enumerate(question.predicates)}
            record = RecordRequest(subject or Subject("none", _NOBODY), question.fields, asked)
        consent = dict(question.consent) if question.consent is not None else None
        facts = gather(statement, head, service, agreement, subject, record, consent, now)
        return _by_hand(facts, question)


def _by_hand(facts: DecisionInput, question: Question) -> DecisionInput:
    """The facts with what only an exchange would know."""
    document = dict(facts.document)
    if question.restricted is not None or question.area is not None:
        said = {"restricted": question.restricted, "area": question.area}
        document["subject"] = {**document["subject"], **said}
    if question.usage is not None:
        document["usage"] = dict(question.usage)
    if question.emergency is not None:
        document["emergency"] = dict(question.emergency)
    return replace(facts, document=document)


def _statement(question: Question, agreement: Agreement | None, now: int) -> RequestStatement:
    terms = agreement.terms_for(question.service) if agreement else None
    purpose = question.purpose or (terms.default_purpose if terms else None) or ""
    basis = question.basis or (terms.default_legal_basis if terms else None) or ""
    return RequestStatement(
        id=_NOBODY,
        cid=_NOBODY,
        retry_of=None,
        iss=str(question.client),
        gw=_NOBODY,
        aud=str(question.service),
        to=_NOBODY,
        purpose=purpose,
        purpose_source="client" if question.purpose else "agreement",
        basis=basis,
        consent=None,
        user=dict(question.user) if question.user is not None else None,
        represents=question.represents,
        issue=None,
        head=HeadDigest(_NOBODY, _NOBODY),
        body=BodyDigest(_NOBODY, _NOBODY, 0, ""),
        iat=now,
        exp=now,
        snapshot=0,
    )
