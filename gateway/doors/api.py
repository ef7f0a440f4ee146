"""The client port's JSON doors: views, catalogue, receipts (FastAPI), beside the X-Road door.

Everything answers in the same problems (RFC 9457). OpenAPI is at `/v1/openapi.json`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from audit.errors import AuditError, NotLogged
from audit.reading import LogReader
from gateway.doors.clients import Clients
from gateway.doors.failures import answer_with_problems
from gateway.doors.metaservices import Metaservices
from gateway.exchange.asking import AskingSide
from gateway.exchange.request import Officer
from gateway.exchange.services import ServiceAsker
from gateway.trust.meters import Meters
from registry_virtual.assemble import assemble
from registry_virtual.plan import ViewRequest
from registry_virtual.view import View
from schemas.errors import AuditUnavailable, UnknownService
from schemas.exchange_id import check_exchange_id, new_exchange_id
from schemas.identifiers import SubsystemId
from schemas.record import MAX_FIELDS, MAX_PREDICATES, parse_fields, parse_predicates, parse_subject
from schemas.strict_json import dump


@dataclass(frozen=True, slots=True)
class ClientPort:
    """What the JSON doors need."""

    side: AskingSide
    clients: Clients
    metaservices: Metaservices
    views: Callable[[], Mapping[str, View]]
    log: LogReader
    meters: Meters
    max_body: int


class ViewQuestion(BaseModel):
    """The body of `POST /v1/views/{view}`."""

    model_config = ConfigDict(extra="forbid")

    subject: dict[str, str]
    purpose: str | None = Field(default=None, max_length=128)
    legal_basis: str | None = Field(default=None, max_length=128)
    consent: str | None = Field(default=None, max_length=4096)
    fields: list[str] | None = Field(default=None, max_length=MAX_FIELDS)
    predicates: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=MAX_PREDICATES)


class Catalogued(BaseModel):
    """One service that the client may use."""

    id: str
    title: str
    form: str
    canonical: str | None = None
    fields: list[str] = []
    purposes: list[str] = []
    legal_bases: list[str] = []
    agreement: str | None = None


def _identify(request: Request, x_road_client: Annotated[str | None, Header()] = None) -> SubsystemId:
    """The client subsystem; `X-Road-Client` chooses where its certificate stands for several."""
    clients: Clients = request.app.state.clients
    named = SubsystemId.parse(x_road_client) if x_road_client is not None else None
    return clients.identify(request.scope, named)


Client = Annotated[SubsystemId, Depends(_identify)]
Label = Annotated[str | None, Header(min_length=1, max_length=255)]


def _officer(
    x_road_userid: Label = None,
    isthmus_user_role: Label = None,
    isthmus_user_area: Label = None,
    isthmus_user_assurance: Label = None,
) -> Officer:
    """The officer at the client's side, as the client asserts."""
    return Officer(x_road_userid, isthmus_user_role, isthmus_user_area, isthmus_user_assurance)


AskingOfficer = Annotated[Officer, Depends(_officer)]


def client_api(port: ClientPort, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The FastAPI application of the client port; the `routers` are further doors of it."""
    api = FastAPI(
        title="Isthmus client port",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    answer_with_problems(api, str(port.side.gateway))

    api.state.clients = port.clients
    for router in routers:
        api.include_router(router)

    @api.get("/v1/views")
    async def list_views(client: Client) -> dict[str, Any]:
        """The views of this gateway, each with its attributes and purposes."""
        del client
        return {"views": [view.as_json() for view in port.views().values()]}

    @api.get("/v1/views/{name}")
    async def show_view(name: str, client: Client) -> dict[str, Any]:
        """One view."""
        del client
        return _find_view(port, name).as_json()

    @api.post("/v1/views/{name}")
    async def ask_view(
        name: str,
        question: ViewQuestion,
        client: Client,
        officer: AskingOfficer,
    ) -> Response:
        """Assemble one record about one subject, each attribute with its status and receipt."""
        view = _find_view(port, name)
        asked = ViewRequest(
            parse_subject(question.subject),
            parse_fields(question.fields) if question.fields is not None else None,
            parse_predicates(question.predicates),
        )
        cid = new_exchange_id()
        purpose = view.purpose_for(question.purpose)
        asker = ServiceAsker(
            port.side, client, purpose, question.legal_basis, question.consent, officer, cid,
            port.max_body,
        )  # fmt: skip
        started = time.perf_counter()
        record = await assemble(view, asked, asker)
        port.meters.view(name, degraded=record.degraded, seconds=time.perf_counter() - started)
        headers = {"Isthmus-Receipt": record.receipts[0] if record.receipts else cid}
        if asker.retention_days:
            headers["Isthmus-Retention-Days"] = str(min(asker.retention_days))
        return Response(dump(record.to_json(id=cid, cid=cid)), media_type="application/json", headers=headers)

    @api.get("/v1/catalogue")
    async def catalogue(client: Client) -> dict[str, list[Catalogued]]:
        """The services that an agreement lets this client use, and on which terms."""
        return {
            "services": [_catalogued(port, client, service) for service in port.metaservices.usable(client)]
        }

    @api.get("/v1/receipts/{exchange}", response_class=PlainTextResponse)
    async def receipt(exchange: str, client: Client) -> PlainTextResponse:
        """The receipt of one of the client's own exchanges, as a C2SP tlog-proof."""
        identifier = check_exchange_id(exchange)
        try:
            entries = await port.log.exchange(identifier)
            own = any(e.entry.client == str(client) and e.entry.side == "asking" for e in entries)
            proof = await port.log.receipt(identifier, "asking") if own else None
        except NotLogged:
            proof = None
        except AuditError:
            raise AuditUnavailable from None
        if proof is None:
            raise UnknownService("this client has no such exchange", reasons=("receipt.unknown",))
        return PlainTextResponse(proof)

    return api


def _find_view(port: ClientPort, name: str) -> View:
    view = port.views().get(name)
    if view is None:
        raise UnknownService("this gateway has no such view", reasons=("view.unknown",))
    return view


def _catalogued(port: ClientPort, client: SubsystemId, service: Any) -> Catalogued:
    agreement = port.side.agreements.find(client, service.id)
    terms = agreement.terms_for(service.id) if agreement else None
    return Catalogued(
        id=str(service.id),
        title=service.title,
        form=service.form_name,
        canonical=getattr(service.form, "canonical", None),
        fields=list(terms.fields) if terms else [],
        purposes=list(terms.purposes) if terms else [],
        legal_bases=list(terms.legal_bases) if terms else [],
        agreement=agreement.id if agreement else None,
    )
