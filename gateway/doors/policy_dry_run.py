"""The dry run on the admin port: how a question would be decided, and why. Nothing is fetched or sent.

`POST /v1/admin/policy/dry-run`, for agreement officers and auditors of the member whose service is asked.
Facts that only an exchange knows are given in the question. Each dry run is an `admin` entry of the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from audit.log import AuditLog
from gateway.doors.people import SignedIn
from gateway.people.entries import act
from gateway.people.person import Role
from schemas.errors import NotPermitted
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import parse_predicate

_STRICT = ConfigDict(extra="forbid")


class Officer(BaseModel):
    """Who would sit at the asking side's screen."""

    model_config = _STRICT

    role: str | None = Field(default=None, max_length=64)
    area: str | None = Field(default=None, max_length=128)
    assurance: str | None = Field(default=None, max_length=64)


class DryRun(BaseModel):
    """A question. `purpose` and `legal_basis` default to the agreement's; `restricted` and `area` are what
    the source would say; `consent`, `usage` and `emergency` are facts as in the decision input."""

    model_config = _STRICT

    client: str = Field(max_length=1024)
    service: str = Field(max_length=1024)
    purpose: str | None = Field(default=None, max_length=256)
    legal_basis: str | None = Field(default=None, max_length=256)
    fields: list[str] = Field(default_factory=list, max_length=64)
    predicates: list[dict[str, Any]] = Field(default_factory=list, max_length=32)
    subject_type: str | None = Field(default="national_id", max_length=64)
    relation: str = Field(default="self", max_length=64)
    user: Officer | None = None
    represents: str | None = Field(default=None, max_length=1024)
    consent: dict[str, Any] | None = None
    usage: dict[str, bool] | None = None
    emergency: dict[str, Any] | None = None
    restricted: bool | None = None
    area: str | None = Field(default=None, max_length=128)
    method: str = Field(default="POST", max_length=16)
    path: str = Field(default="/", max_length=2048)
    at: int | None = Field(default=None, ge=0, le=2**53)


Explain = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""From the members of `gateway.app.insight.question.Question` to an explanation as JSON."""


def dry_run_routes(log: AuditLog, explain: Explain) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1/admin/policy", tags=["policy"])

    @routes.post("/dry-run")
    async def dry_run(asked: DryRun, person: SignedIn) -> dict[str, Any]:
        """Decide a question as an exchange would, and say which rules spoke."""
        service = ServiceId.parse(asked.service)
        roles = (Role.agreement_officer, Role.auditor)
        if not any(person.may(role, service.member) for role in roles):
            raise NotPermitted(
                f"this needs the role agreement_officer or auditor for {service.member}",
                reasons=("role.missing",),
            )
        question = {
            **asked.model_dump(exclude={"legal_basis", "user"}),
            "client": SubsystemId.parse(asked.client),
            "service": service,
            "basis": asked.legal_basis,
            "fields": tuple(asked.fields),
            "predicates": tuple(parse_predicate(one) for one in asked.predicates),
            "user": None if asked.user is None else {"pseudonym": "-", **asked.user.model_dump()},
        }
        particulars = {"client": asked.client, "service": asked.service, "purpose": asked.purpose or ""}
        await act(log, "policy.dry_run", person.id, particulars, [])
        return await explain(question)

    return routes
