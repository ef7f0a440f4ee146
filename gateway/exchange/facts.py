"""Facts: what policy is told about one exchange (DESIGN section 7, the input contract).

Everything here is verified (statement, federation, agreement) or says that it is not known (None).
`restricted` and `area` are None before the fetch; the exchange is decided again with their values
before anything is projected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

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

UNLIMITED: Final = MappingProxyType({"quota_left": True, "repeats_left": True})
"""The fact `usage` where nothing is counted."""


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
    *,
    usage: Mapping[str, bool] = UNLIMITED,
    emergency: Mapping[str, Any] | None = None,
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
        "usage": dict(usage),
        "emergency": emergency,
    }
    return DecisionInput(now, document)


def after_fetch(facts: DecisionInput, match: Match) -> DecisionInput:
    """The same facts with what only the source knows."""
    subject = {**facts.document["subject"], "restricted": bool(match.restricted), "area": match.area}
    return replace(facts, document={**facts.document, "subject": subject})


def as_claimed(facts: DecisionInput) -> DecisionInput:
    """The same facts with the consent that the asker claims to have: verified, for all that is asked.

    What policy says to this may be told to the asker, whatever the person decided: it is made of nothing
    that the asker does not know.
    """
    document = facts.document
    agreement = document["agreement"]
    claimed = {
        "verified": True,
        "client": document["client"]["id"],
        "provider": agreement["provider"] if agreement else None,
        "service": document["service"]["id"],
        "purpose": document["purpose"],
        "fields": [*document["fields"], *(asked["field"] for asked in document["predicates"])],
        "valid_from": facts.time,
        "valid_until": facts.time + 1,
    }
    return replace(facts, document={**document, "consent": claimed})


def decision_id(facts: DecisionInput, policy_version: str) -> str:
    """Names a decision by what it was made from: digest of policy version and facts.

    Of the facts as the asker knows them, only: it could try out which value of another gives this name.
    So the consent counts as presented or not, and what the provider counted or declared not at all.
    """
    known = {**facts.as_json(), "usage": None, "emergency": None}
    known["consent"] = None if known.get("consent") is None else {}
    digest = sha256(policy_version.encode() + b"\0" + canonical(known)).digest()
    return b64url(digest[:18])
