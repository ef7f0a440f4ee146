"""Consents on the admin port, for citizens: see, give, renew and take back; the slip.

`/v1/citizen/consents`, `/v1/citizen/representations`. Whom it is about is whom the signed-in person's
token names, or whom that person represents on record; no parameter says so. A notice is asked for first
(`…/notice`); the grant names it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from gateway.consent.choices import Actor, same
from gateway.consent.desk import ConsentDesk
from gateway.consent.notices.slip import SECURITY_POLICY, render
from gateway.consent.record import ConsentRecord
from gateway.consent.representation import Representation
from gateway.doors.consent_forms import (
    ChoiceForm,
    ConsentDocument,
    ConsentRoute,
    GrantForm,
    NoticeDocument,
    OfferDocument,
    RenewForm,
    consent_document,
    notice_document,
    offer_document,
    representation_document,
)
from gateway.doors.people import citizen
from schemas.errors import RequestMismatch
from schemas.identifiers import MemberId
from schemas.record import Subject

Clock = Callable[[], int]
Citizen = Annotated[Subject, Depends(citizen)]
Language = Annotated[str, Query(max_length=16)]


def now_s() -> int:
    """The clock, in epoch seconds."""
    return int(time.time())


def citizen_consent_routes(desk: ConsentDesk, clock: Clock = now_s) -> APIRouter:
    """One's own consents, and those that one gives for others."""
    routes = APIRouter(prefix="/v1/citizen/consents", tags=["consents"], route_class=ConsentRoute)

    @routes.get("")
    async def list_consents(person: Citizen) -> dict[str, list[ConsentDocument]]:
        """Every consent about oneself, or given by oneself for a person one represents."""
        now, found = clock(), []
        for issuer in sorted(desk.hosted, key=str):
            held = await desk.representations.by_representative(issuer, person)
            found += [
                consent_document(record, now, _representation_of(record, person, held))
                for record in await desk.listed(issuer, person, now)
            ]
        return {"consents": found}

    @routes.get("/offers")
    async def list_offers(person: Citizen) -> dict[str, list[OfferDocument]]:
        """What may be consented to."""
        del person
        return {"offers": [offer_document(offer) for offer in desk.offers(clock())]}

    @routes.post("/notice")
    async def show_notice(wanted: ChoiceForm, person: Citizen) -> NoticeDocument:
        """The notice for a choice: to be shown before it is granted. Changes nothing."""
        now = clock()
        choice = wanted.choice(issuer_of(desk, wanted.issuer), now)
        return notice_document(await desk.ask(choice, Actor(person), now))

    @routes.post("", status_code=201)
    async def grant(wanted: GrantForm, person: Citizen) -> ConsentDocument:
        """Give consent, after the notice."""
        now = clock()
        choice = wanted.choice(issuer_of(desk, wanted.issuer), now)
        record = await desk.grant(choice, wanted.notice, Actor(person), now)
        return consent_document(record, now, wanted.representation)

    @routes.post("/{consent}/withdraw")
    async def withdraw(consent: str, person: Citizen) -> ConsentDocument:
        """Take a consent back, in force at the next exchange."""
        now = clock()
        record = await desk.withdraw(await desk.keeper(consent), consent, Actor(person), now)
        return consent_document(record, now)

    @routes.post("/{consent}/renew")
    async def renew(consent: str, wanted: RenewForm, person: Citizen) -> ConsentDocument | NoticeDocument:
        """Let a consent go on; without `notice` in the body, answer the notice to show first."""
        return await renew_or_ask(desk, await desk.keeper(consent), consent, wanted, Actor(person), clock())

    @routes.post("/{consent}/token")
    async def token(consent: str, person: Citizen, response: Response) -> dict[str, str]:
        """The consent's token, to be given to the system that asks. It names no person."""
        response.headers["cache-control"] = "no-store"
        text = await desk.token(await desk.keeper(consent), consent, Actor(person), clock())
        return {"token": text}

    @routes.get("/{consent}/slip", response_class=HTMLResponse)
    async def slip(consent: str, person: Citizen, language: Language) -> HTMLResponse:
        """The consent on one printable page."""
        return await slip_page(desk, await desk.keeper(consent), consent, Actor(person), language, clock())

    return routes


def citizen_representation_routes(desk: ConsentDesk, clock: Clock = now_s) -> APIRouter:
    """Whom one represents, and who represents one."""
    routes = APIRouter(
        prefix="/v1/citizen/representations", tags=["representations"], route_class=ConsentRoute
    )

    @routes.get("")
    async def list_representations(person: Citizen) -> dict[str, list[Any]]:
        """`held`: for whom one may consent; `about_me`: in which capacity others may, and until when."""
        now = clock()
        held, about, found = [], [], desk.representations
        for issuer in sorted(desk.hosted, key=str):
            # Afterwards, who it was that one represented is no longer one's own to see.
            held += [
                representation_document(one, of=one.subject, now=now)
                for one in await found.by_representative(issuer, person)
                if one.holds_at(now)
            ]
            about += [
                representation_document(one, of=None, now=now)
                for one in await found.by_subject(issuer, person)
            ]
        return {"held": held, "about_me": about}

    return routes


def issuer_of(desk: ConsentDesk, named: str | None) -> MemberId:
    """The issuer that is meant. Raises RequestMismatch when there are several and none is named."""
    if named is not None:
        return MemberId.parse(named)
    issuers = desk.issuers()
    if len(issuers) != 1:
        raise RequestMismatch(
            "several members issue consents here: name the issuer", reasons=("issuer.unnamed",)
        )
    return issuers[0]


async def renew_or_ask(
    desk: ConsentDesk, issuer: MemberId, consent: str, wanted: RenewForm, actor: Actor, now: int
) -> ConsentDocument | NoticeDocument:
    """Renew, or show the notice for it when none is named."""
    until, language = wanted.valid_until, wanted.language
    if wanted.notice is None:
        return notice_document(await desk.renewal(issuer, consent, until, language, actor, now))
    return consent_document(
        await desk.renew(issuer, consent, until, language, wanted.notice, actor, now), now
    )


async def slip_page(
    desk: ConsentDesk, issuer: MemberId, consent: str, actor: Actor, language: str, now: int
) -> HTMLResponse:
    """The slip of a consent that the actor may see, as a page that a browser only shows."""
    record = await desk.find(issuer, consent, actor, now)
    headers = {
        "content-security-policy": SECURITY_POLICY,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(render(await desk.slip(record, language), now), headers=headers)


def _representation_of(
    record: ConsentRecord, person: Subject, held: tuple[Representation, ...]
) -> str | None:
    if same(record.wish.subject, person):
        return None
    return next((one.id for one in held if same(one.subject, record.wish.subject)), None)
