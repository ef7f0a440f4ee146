"""Facts: what policy is told about one exchange (DESIGN section 7, the input contract).

Everything here is verified (statement, federation, agreement) or says that it is not known (None).
`restricted` and `area` are None before the fetch; the exchange is decided again with their values
before anything is projected.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

from gateway.exchange.ports import HostedService
from schemas.agreement import Agreement
from schemas.decision import DecisionInput
from schemas.encoding import b64url
from schemas.identifiers import ServiceId, SubsystemId
from schemas.outcome import Match
from schemas.record import RecordRequest, Subject
from schemas.statement import RequestStatement
from schemas.strict_json import canonical
from schemas.wire import RequestHead

SAFE_METHODS = frozenset({"GET", "HEAD"})


def is_unsafe(service: HostedService, head: RequestHead) -> bool:
    """Whether acting twice could differ from acting once. Record services only read."""
    return service.description.form_name == "pass_through" and head.method not in SAFE_METHODS


def gather(
    statement: RequestStatement,
    head: RequestHead,
    service: HostedService,
    agreement: Agreement | None,
    subject: Subject | None,
    question: RecordRequest | None,
    consent: dict[str, Any] | None,
    now: int,
) -> DecisionInput:
    """Build the decision input, before the fetch."""
    client = SubsystemId.parse(statement.iss)
    wanted = ServiceId.parse(statement.aud)
    document: dict[str, Any] = {
        "exchange": {
            "id": statement.id,
            "cid": statement.cid,
            "unsafe": is_unsafe(service, head),
            "retry": statement.retry_of is not None,
        },
        "client": {
            "id": statement.iss,
            "instance": client.instance,
            "class": client.member_class,
            "member": client.member_code,
            "subsystem": client.subsystem,
        },
        "represents": statement.represents,
        "user": dict(statement.user) if statement.user else None,
        "service": {
            "id": statement.aud,
            "form": service.description.form_name,
            "method": head.method,
            "path": head.path,
        },
        "purpose": statement.purpose,
        "legal_basis": statement.basis,
        "agreement": agreement.as_facts(wanted) if agreement else None,
        "consent": consent,
        "subject": {
            "type": subject.type if subject else None,
            "relation": subject.relation if subject else "self",
            "restricted": None,
            "area": None,
        },
        "fields": list(question.fields) if question else [],
        "predicates": [asked.as_json() for asked in question.predicates.values()] if question else [],
        "usage": {"quota_left": True, "repeats_left": True},
        "emergency": None,
    }
    return DecisionInput(now, document)


def after_fetch(facts: DecisionInput, match: Match) -> DecisionInput:
    """The same facts with what only the source knows."""
    subject = {**facts.document["subject"], "restricted": match.restricted, "area": match.area}
    return replace(facts, document={**facts.document, "subject": subject})


def decision_id(facts: DecisionInput, policy_version: str) -> str:
    """Names a decision by what it was made from: digest of policy version and facts."""
    digest = sha256(policy_version.encode() + b"\0" + canonical(facts.as_json())).digest()
    return b64url(digest[:18])
