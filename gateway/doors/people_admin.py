"""People on the admin port: role grants, API tokens, and proposals that wait for a second person.

`/v1/admin/people`, `/v1/admin/tokens`, `/v1/admin/proposals`. Operators grant and revoke for their own
members; everybody has tokens of their own; a proposal is seen and decided by who holds its act's role.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.doors.people import SignedIn, require
from gateway.people.four_eyes import Proposal
from gateway.people.people import People
from gateway.people.person import Person, Role
from gateway.people.pseudonym import person_of
from gateway.people.tokens import MAX_DAYS
from schemas.errors import NotPermitted
from schemas.identifiers import MemberId

_STRICT = ConfigDict(extra="forbid")

Operator = Annotated[Person, Depends(require(Role.operator))]


class RoleOf(BaseModel):
    """A role of a person for a member. `person`: `ISSUER#SUBJECT`, or the id that `/v1/admin/me` shows."""

    model_config = _STRICT

    person: str = Field(max_length=1100)
    role: Role
    member: str = Field(max_length=1024)


class NewToken(BaseModel):
    """A token to be made: its roles by member, which its maker holds."""

    model_config = _STRICT

    label: str = Field(max_length=64)
    roles: dict[str, list[Role]] = Field(max_length=64)
    days: int = Field(default=30, ge=1, le=MAX_DAYS)


class Granted(BaseModel):
    """`granted` now, or `proposed` until another operator approves."""

    state: str
    proposal: str | None = None


def people_routes(people: People) -> APIRouter:
    """Roles: list, grant, revoke."""
    routes = APIRouter(prefix="/v1/admin/people", tags=["people"])

    @routes.get("")
    async def list_grants(member: Annotated[str, Query(max_length=1024)], person: SignedIn) -> dict[str, Any]:
        """Who holds which role for a member: for its operators and auditors."""
        identifier = MemberId.parse(member)
        if not person.may(Role.auditor, identifier):
            person.must(Role.operator, identifier)
        grants = await people.grants.list(identifier)
        return {
            "grants": [
                {
                    "person": one.person,
                    "role": one.role,
                    "member": str(one.member),
                    "granted_at": one.granted_at,
                }
                for one in grants
            ]
        }

    @routes.post("/grant")
    async def grant(wanted: RoleOf, person: Operator) -> Granted:
        """Grant a role; one that gives a second pair of eyes becomes a proposal."""
        member = MemberId.parse(wanted.member)
        proposal = await people.grants.ask(person_of(people.key, wanted.person), wanted.role, member, person)
        return Granted(state="granted" if proposal is None else "proposed", proposal=proposal)

    @routes.post("/revoke", status_code=204)
    async def revoke(wanted: RoleOf, person: Operator) -> Response:
        """Take a role back, at once."""
        member = MemberId.parse(wanted.member)
        person.must(Role.operator, member)
        await people.grants.revoke(person_of(people.key, wanted.person), wanted.role, member, person.id)
        return Response(status_code=204)

    return routes


def token_routes(people: People) -> APIRouter:
    """One's own API tokens: create, list, revoke."""
    routes = APIRouter(prefix="/v1/admin/tokens", tags=["tokens"])

    @routes.post("", status_code=201)
    async def create(wanted: NewToken, person: SignedIn, response: Response) -> dict[str, str]:
        """Make a token. Its text is shown this once."""
        if person.by_token:
            raise NotPermitted("a token makes no tokens: sign in", reasons=("token.by_token",))
        roles = {MemberId.parse(member): frozenset(held) for member, held in wanted.roles.items()}
        identifier, text = await people.tokens.create(person.id, wanted.label, roles, wanted.days, person.id)
        response.headers["cache-control"] = "no-store"
        return {"id": identifier, "token": text}

    @routes.get("")
    async def list_tokens(person: SignedIn) -> dict[str, Any]:
        """One's own tokens, without their texts."""
        return {
            "tokens": [
                {
                    "id": token.id,
                    "label": token.label,
                    "roles": {str(member): sorted(roles) for member, roles in token.roles.items()},
                    "created_at": token.created_at,
                    "expires": token.expires,
                }
                for token in await people.tokens.list(person.id)
            ]
        }

    @routes.delete("/{identifier}", status_code=204)
    async def revoke(identifier: str, person: SignedIn) -> Response:
        """End one of one's own tokens, now."""
        await people.tokens.revoke(identifier, person.id, owner=person.id)
        return Response(status_code=204)

    return routes


def proposal_routes(people: People) -> APIRouter:
    """Four eyes: what waits, and what becomes of it."""
    routes = APIRouter(prefix="/v1/admin/proposals", tags=["proposals"])

    @routes.get("")
    async def list_proposals(
        member: Annotated[str, Query(max_length=1024)], person: SignedIn
    ) -> dict[str, Any]:
        """The newest proposals of a member, of the acts whose role the person holds."""
        found = await people.four_eyes.list(MemberId.parse(member))
        return {"proposals": [_document(one) for one in found if people.acts.visible(one, person)]}

    @routes.post("/{identifier}/approve")
    async def approve(identifier: str, person: SignedIn) -> dict[str, Any]:
        """Approve what somebody else proposed; it is carried out in the same moment."""
        return _document(await people.acts.approve(identifier, person))

    @routes.post("/{identifier}/reject")
    async def reject(identifier: str, person: SignedIn) -> dict[str, Any]:
        """Reject a proposal, or withdraw one's own."""
        return _document(await people.acts.reject(identifier, person))

    return routes


def _document(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "act": proposal.act,
        "member": str(proposal.member),
        "document": dict(proposal.document),
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "expires": proposal.expires,
        "state": proposal.state,
        "decided_by": proposal.decided_by,
    }
