"""Consents on the admin port, for consent clerks: the person is at the desk, the clerk writes it down.

`/v1/admin/consents`, `/v1/admin/representations`. A clerk acts for the members whose clerk they are; their
pseudonym stands in the record. Identifiers travel in bodies, never in addresses, and looking somebody
up is an entry of the log.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.consent.choices import Actor
from gateway.consent.desk import ConsentDesk
from gateway.consent.record import Capacity, Representative
from gateway.doors.consent_forms import (
    ChoiceForm,
    ConsentDocument,
    ConsentRoute,
    GrantForm,
    NoticeDocument,
    OfferDocument,
    PersonForm,
    RenewForm,
    consent_document,
    notice_document,
    offer_document,
    representation_document,
)
from gateway.doors.consents import Clock, issuer_of, now_s, renew_or_ask, slip_page
from gateway.doors.people import require
from gateway.people.person import Person, Role
from schemas.identifiers import MemberId

_STRICT = ConfigDict(extra="forbid")

Clerk = Annotated[Person, Depends(require(Role.consent_clerk))]


class AtDesk(BaseModel):
    """Who is at the desk."""

    model_config = _STRICT

    person: PersonForm


class AtIssuersDesk(AtDesk):
    """Who is at the desk, and at whose: `issuer` may be left out where there is one."""

    issuer: str | None = Field(default=None, max_length=255)


class DeskChoice(ChoiceForm):
    """A choice of the person at the desk."""

    person: PersonForm


class DeskGrant(GrantForm):
    """A grant of the person at the desk, to whom the notice was read out."""

    person: PersonForm


class DeskRenew(RenewForm):
    """A renewal for the person at the desk."""

    person: PersonForm


class DeskSlip(AtDesk):
    """The slip for the person at the desk."""

    language: str = Field(max_length=16)


class NewRepresentation(AtIssuersDesk):
    """`person` may consent for `represented` until `until`; the clerk has seen the proof."""

    represented: PersonForm
    capacity: Capacity
    until: int = Field(ge=0, le=2**40)


class AtIssuer(BaseModel):
    """Whose record it is."""

    model_config = _STRICT

    issuer: str | None = Field(default=None, max_length=255)


def clerk_consent_routes(desk: ConsentDesk, clock: Clock = now_s) -> APIRouter:
    """Consents that a clerk records, shows, renews and withdraws for the person at the desk."""
    routes = APIRouter(prefix="/v1/admin/consents", tags=["consents"], route_class=ConsentRoute)

    @routes.get("/offers")
    async def list_offers(clerk: Clerk) -> dict[str, list[OfferDocument]]:
        """What may be consented to."""
        del clerk
        return {"offers": [offer_document(offer) for offer in desk.offers(clock())]}

    @routes.post("/notice")
    async def show_notice(wanted: DeskChoice, clerk: Clerk) -> NoticeDocument:
        """The notice to be read out. Changes nothing."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        return notice_document(await desk.ask(wanted.choice(issuer, now), _actor(wanted.person, clerk), now))

    @routes.post("", status_code=201)
    async def grant(wanted: DeskGrant, clerk: Clerk) -> ConsentDocument:
        """Record the consent of the person at the desk."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        actor = _actor(wanted.person, clerk)
        record = await desk.grant(wanted.choice(issuer, now), wanted.notice, actor, now)
        return consent_document(record, now)

    @routes.post("/list")
    async def list_consents(wanted: AtIssuersDesk, clerk: Clerk) -> dict[str, list[ConsentDocument]]:
        """The consents of the person at the desk."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        actor = _actor(wanted.person, clerk)
        await desk.log_look_up(issuer, actor, now)
        return {
            "consents": [
                consent_document(record, now) for record in await desk.listed(issuer, actor.person, now)
            ]
        }

    @routes.post("/{consent}/withdraw")
    async def withdraw(consent: str, wanted: AtDesk, clerk: Clerk) -> ConsentDocument:
        """Take a consent back for the person at the desk."""
        now, issuer = clock(), await _keeper(desk, consent, clerk)
        return consent_document(await desk.withdraw(issuer, consent, _actor(wanted.person, clerk), now), now)

    @routes.post("/{consent}/renew")
    async def renew(consent: str, wanted: DeskRenew, clerk: Clerk) -> ConsentDocument | NoticeDocument:
        """Let a consent go on; without `notice` in the body, answer the notice to read out first."""
        issuer = await _keeper(desk, consent, clerk)
        return await renew_or_ask(desk, issuer, consent, wanted, _actor(wanted.person, clerk), clock())

    @routes.post("/{consent}/slip", response_class=HTMLResponse)
    async def slip(consent: str, wanted: DeskSlip, clerk: Clerk) -> HTMLResponse:
        """The slip to be printed for the person at the desk."""
        now, issuer = clock(), await _keeper(desk, consent, clerk)
        actor = _actor(wanted.person, clerk)
        await desk.log_look_up(issuer, actor, now)
        return await slip_page(desk, issuer, consent, actor, wanted.language, now)

    @routes.post("/{consent}/token")
    async def token(consent: str, wanted: AtDesk, clerk: Clerk, response: Response) -> dict[str, str]:
        """The consent's token, to be given to the system that asks."""
        now, issuer = clock(), await _keeper(desk, consent, clerk)
        response.headers["cache-control"] = "no-store"
        return {"token": await desk.token(issuer, consent, _actor(wanted.person, clerk), now)}

    return routes


def representation_routes(desk: ConsentDesk, clock: Clock = now_s) -> APIRouter:
    """Guardians and legal representatives: recorded and ended by a clerk."""
    routes = APIRouter(prefix="/v1/admin/representations", tags=["representations"], route_class=ConsentRoute)

    @routes.post("", status_code=201)
    async def record(wanted: NewRepresentation, clerk: Clerk) -> Any:
        """Record that one person may consent for another, and until when."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        other = Representative(wanted.person.subject(), wanted.capacity, wanted.until)
        made = await desk.representations.record(
            issuer, wanted.represented.subject(), other, officer=clerk.id, now=now
        )
        return representation_document(made, of=made.subject, now=now)

    @routes.post("/list")
    async def list_representations(wanted: AtIssuersDesk, clerk: Clerk) -> dict[str, list[Any]]:
        """Whom the person at the desk represents, and who represents them."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        actor = _actor(wanted.person, clerk)
        await desk.log_look_up(issuer, actor, now)
        held = await desk.representations.by_representative(issuer, actor.person)
        about = await desk.representations.by_subject(issuer, actor.person)
        return {
            "held": [representation_document(one, of=one.subject, now=now) for one in held],
            "about": [representation_document(one, of=one.representative.subject, now=now) for one in about],
        }

    @routes.post("/{representation}/end")
    async def end(representation: str, wanted: AtIssuer, clerk: Clerk) -> Any:
        """End a representation before its time, and withdraw what was allowed under it."""
        now, issuer = clock(), _issuer(desk, wanted.issuer, clerk)
        ended, withdrawn = await desk.end_representation(issuer, representation, clerk.id, now)
        return {**representation_document(ended, of=ended.subject, now=now), "withdrawn": withdrawn}

    return routes


def _issuer(desk: ConsentDesk, named: str | None, clerk: Person) -> MemberId:
    """The issuer that is meant, whose clerk this is. Raises NotPermitted for anybody else's."""
    issuer = issuer_of(desk, named)
    clerk.must(Role.consent_clerk, issuer)
    return issuer


async def _keeper(desk: ConsentDesk, consent: str, clerk: Person) -> MemberId:
    """The issuer of a consent, whose clerk this is. Raises NotPermitted for anybody else's."""
    issuer = await desk.keeper(consent)
    clerk.must(Role.consent_clerk, issuer)
    return issuer


def _actor(person: PersonForm, clerk: Person) -> Actor:
    return Actor(person.subject(), clerk.id)
