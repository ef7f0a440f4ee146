"""GovStack's Consent building block on the client port: verification, and the data agreements.

    GET /service/verification/data-agreements/            those of the client, for both sides
    GET /service/verification/consent-records/            consents to which the client is a party
    GET /service/verification/consent-record/{id}/
    GET /config/data-agreements/
    GET /config/data-agreement/{id}/

Paths, members and types are those of the API 1.1.0-rc1, as `govstack_forms` maps them. Only the client
systems of this gateway are answered, each about its own: consents where it asks or provides. Left out:
everything that writes. A data agreement is made by two members who sign it, and a consent by the person
it is about; those paths answer that the method is not allowed. `/audit/` and `/service/individual/` are
not served.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from gateway.consent.desk import ConsentDesk
from gateway.consent.offers import Offer
from gateway.consent.parties import Parties
from gateway.doors.api import Client
from gateway.doors.consent_forms import ConsentRoute
from gateway.doors.consents import Clock, now_s
from gateway.doors.govstack_forms import GovStackForms
from schemas.errors import MethodNotAllowed, UnknownService
from schemas.identifiers import SubsystemId

MAX_PAGE: Final = 200
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


def govstack_consent_routes(desk: ConsentDesk, parties: Parties, clock: Clock = now_s) -> APIRouter:
    """The routes, for `client_api`."""
    routes = APIRouter(tags=["GovStack Consent"], route_class=ConsentRoute)
    forms = GovStackForms(desk, parties)

    def own(client: SubsystemId, now: int) -> list[Offer]:
        return [one for one in desk.offers(now) if client in {one.client, one.service.provider}]

    @routes.get("/service/verification/data-agreements/")
    async def verification_agreements(
        client: Client, offset: Offset = 0, limit: Limit = MAX_PAGE
    ) -> dict[str, list[Any]]:
        """The client's data agreements."""
        found = own(client, clock())[offset : offset + limit]
        return {"dataAgreements": [forms.agreement(one, client) for one in found]}

    @routes.get("/service/verification/consent-records/")
    async def verification_records(
        client: Client, offset: Offset = 0, limit: Limit = MAX_PAGE
    ) -> dict[str, list[Any]]:
        """The newest version of the consents to which the client is a party, newest first."""
        now = clock()
        found = await parties.consents_of(client, offset, limit)
        return {"consentRecords": [await forms.record(one, client, now) for one in found]}

    @routes.get("/service/verification/consent-record/{consent_record_id}/")
    async def verification_record(consent_record_id: str, client: Client) -> dict[str, Any]:
        """One consent to which the client is a party, with its revision."""
        now, found = clock(), await parties.consent(client, consent_record_id)
        record = await forms.record(found, client, now)
        return {"consentRecord": record, "revision": forms.record_revision(record, found)}

    @routes.get("/config/data-agreements/")
    async def config_agreements(
        client: Client, offset: Offset = 0, limit: Limit = MAX_PAGE
    ) -> dict[str, list[Any]]:
        """The client's data agreements; the standard calls the list by the singular here."""
        found = own(client, clock())[offset : offset + limit]
        return {"dataAgreement": [forms.agreement(one, client) for one in found]}

    @routes.get("/config/data-agreement/{data_agreement_id}/")
    async def config_agreement(data_agreement_id: str, client: Client) -> dict[str, Any]:
        """One of the client's data agreements, with its revision."""
        found = next((one for one in own(client, clock()) if one.id == data_agreement_id), None)
        if found is None:
            raise UnknownService("this client has no such data agreement", reasons=("offer.unknown",))
        return {"dataAgreement": forms.agreement(found, client), "revision": forms.agreement_revision(found)}

    routes.post("/config/data-agreement/", include_in_schema=False)(_not_here)
    return routes


async def _not_here(client: Client) -> None:
    """A data agreement is signed by two members (`isthmus agreement propose`), not created by a client."""
    del client
    raise MethodNotAllowed
