"""X-Road's metaservices, filtered by what the asker may use: an agreement must cover a service.

`GET /listClients`; `GET /r1/{provider}/listMethods`, `allowedMethods`, `getOpenAPI?serviceCode=`
(PR-MREST). They are read from the federation, where each member signs its own services; no
exchange is needed. JSON only; X-Road's XML form of `listClients` is given when `Accept` asks for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, quoteattr

from gateway.exchange.ports import CurrentFederation, FindAgreement
from gateway.trust.asgi import Scope, header
from schemas.agreement import Agreement
from schemas.catalogue import PassThroughForm, ServiceDescription
from schemas.errors import MalformedRequest, MethodNotAllowed, UnknownService
from schemas.identifiers import ServiceId, SubsystemId
from schemas.strict_json import dump

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Listing:
    """A metaservice's answer."""

    body: bytes
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Metaservices:
    """Answers from the federation and the agreements of this gateway."""

    names: ClassVar[frozenset[str]] = frozenset({"listMethods", "allowedMethods", "getOpenAPI"})

    federation: CurrentFederation
    agreements: FindAgreement

    def answer(self, name: str, provider: SubsystemId, client: SubsystemId, scope: Scope) -> Listing:
        """One metaservice of a provider.

        Raises:
            UnknownService: there is no description that the client may read.
        """
        if scope["method"] != "GET":
            raise MethodNotAllowed("metaservices are read by GET")
        services = self.usable(client, provider)
        if name == "getOpenAPI":
            return self._openapi(services, scope)
        described = [_describe(service, self.agreements.find(client, service.id)) for service in services]
        return Listing(dump({"service": described}))

    def list_clients(self, client: SubsystemId, scope: Scope) -> Listing:
        """The subsystems that the client may use something of, and its own."""
        usable = {service.id.provider for service in self.usable(client)} | {client}
        subsystems = sorted(usable, key=str)
        names = {member.id: member.name for member in self.federation.current().members()}
        if "xml" in (header(scope, b"accept") or ""):
            return Listing(_clients_xml(subsystems, names), "text/xml")
        members = [
            {
                "id": _identifier(subsystem, "SUBSYSTEM"),
                "name": names.get(subsystem.member, ""),
                "subsystem_name": subsystem.subsystem,
            }
            for subsystem in subsystems
        ]
        return Listing(dump({"member": members}))

    def usable(self, client: SubsystemId, provider: SubsystemId | None = None) -> list[ServiceDescription]:
        """The services that an agreement in force lets the client use."""
        now = time.time()
        return [
            service
            for service in self.federation.current().services()
            if (provider is None or service.id.provider == provider)
            and _in_force(self.agreements.find(client, service.id), now)
        ]

    @staticmethod
    def _openapi(services: list[ServiceDescription], scope: Scope) -> Listing:
        codes = parse_qs(scope["query_string"].decode("latin-1")).get("serviceCode", [])
        if len(codes) != 1:
            raise MalformedRequest("getOpenAPI takes exactly one serviceCode")
        for service in services:
            if service.id.service == codes[0] and service.openapi is not None:
                media_type = JSON if service.openapi.lstrip().startswith("{") else "text/yaml"
                return Listing(service.openapi.encode(), media_type)
        raise UnknownService("there is no OpenAPI description of such a service for this client")


def _identifier(identifier: SubsystemId | ServiceId, kind: str) -> dict[str, Any]:
    document = {
        "object_type": kind,
        "xroad_instance": identifier.instance,
        "member_class": identifier.member_class,
        "member_code": identifier.member_code,
        "subsystem_code": identifier.subsystem,
    }
    if isinstance(identifier, ServiceId):
        document["service_code"] = identifier.service
        if identifier.version is not None:
            document["service_version"] = identifier.version
    return document


def _in_force(agreement: Agreement | None, now: float) -> bool:
    return (
        agreement is not None
        and agreement.status == "active"
        and agreement.valid_from <= now < agreement.valid_until
    )


def _describe(service: ServiceDescription, agreement: Agreement | None) -> dict[str, Any]:
    form = service.form
    terms = agreement.terms_for(service.id) if agreement else None
    endpoints = (
        [
            {"method": method, "path": path}
            for method in form.methods
            for path in form.paths
            if terms is not None and method in terms.methods and path in terms.paths
        ]
        if isinstance(form, PassThroughForm)
        else [{"method": "POST", "path": "/"}]
    )
    return {
        **_identifier(service.id, "SERVICE"),
        "service_type": "OPENAPI" if service.openapi else "REST",
        "endpoint_list": endpoints,
    }


def _clients_xml(subsystems: list[SubsystemId], names: dict[Any, str]) -> bytes:
    rows = [
        f"<xrd:member><xrd:id id:objectType={quoteattr('SUBSYSTEM')}>"
        f"<id:xRoadInstance>{escape(subsystem.instance)}</id:xRoadInstance>"
        f"<id:memberClass>{escape(subsystem.member_class)}</id:memberClass>"
        f"<id:memberCode>{escape(subsystem.member_code)}</id:memberCode>"
        f"<id:subsystemCode>{escape(subsystem.subsystem)}</id:subsystemCode></xrd:id>"
        f"<xrd:name>{escape(names.get(subsystem.member, ''))}</xrd:name></xrd:member>"
        for subsystem in subsystems
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<xrd:clientList xmlns:xrd="http://x-road.eu/xsd/xroad.xsd" '
        'xmlns:id="http://x-road.eu/xsd/identifiers">' + "".join(rows) + "</xrd:clientList>"
    ).encode()
