"""A Security Server and the member behind it, for the conformance kit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.conformance.bending import bent_at
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import HttpStandIn, http_pointed_at
from adapters.kinds.rest.form import RestAsk
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.replay import as_xml
from adapters.kinds.soap.stand_in import bent_xml, body_record, error_replies
from adapters.kinds.xroad.form import XRoadConnection, XRoadSoapAsk, checked
from adapters.kinds.xroad.passing import rest_headers, soap_answer
from adapters.kinds.xroad.reader import code_of
from adapters.kinds.xroad.soap_headers import IDENTIFIERS, XROAD

if TYPE_CHECKING:
    from adapters.source import RecordService, Source


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return XRoadStandIn(source, folder)


class XRoadStandIn(HttpStandIn):
    """Answers through X-Road, in the protocol of the source."""

    cannot: Mapping[Fault, str] = {
        fault: why
        for fault, why in HttpStandIn.cannot.items()
        if fault not in (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE)
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = checked(source.connection)
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        own = self._connection
        await super().play(as_xml(case, SoapConnection(own.http)) if own.protocol == "soap" else case)

    def filled(self, question: HttpQuestion, text: str) -> str:
        """As `HttpStandIn.filled`."""
        return soap_answer(question.body, text) if self._connection.protocol == "soap" else text

    def sign_in(self, question: HttpQuestion) -> HttpReply | None:
        """As `HttpStandIn.sign_in`: `listMethods` is no question for records."""
        codes = [
            code_of(service.ask) for service in self._source.services.values() if hasattr(service, "ask")
        ]
        if self._connection.protocol == "rest" and question.target.endswith("/listMethods"):
            listed = {"service": [{"service_code": code} for code in codes]}
            return self._tied(
                question, HttpReply(200, {"Content-Type": "application/json"}, json.dumps(listed).encode())
            )
        if b":listMethods" not in question.body:
            return None
        names = "".join(f"<i:serviceCode>{code}</i:serviceCode>" for code in codes)
        text = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<x:listMethodsResponse xmlns:x="{XROAD}" xmlns:i="{IDENTIFIERS}"><x:service>{names}</x:service>'
            "</x:listMethodsResponse></s:Body></s:Envelope>"
        )
        return HttpReply(200, {"Content-Type": "text/xml"}, soap_answer(question.body, text).encode())

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`."""
        if self._connection.protocol == "soap":
            return error_replies("1.1")
        failed = {"X-Road-Error": "Server.ServerProxy.ServiceFailed", "Content-Type": "application/json"}
        own = HttpReply(200, failed, json.dumps({"type": CANARY, "message": CANARY}).encode())
        return [own, *(self._tied(question, reply) for reply in super().errors(question))]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`."""
        ask = service.ask
        if isinstance(ask, RestAsk):
            return bent_at(fault, document, ask.records, service.rules)
        inner = ask.soap if isinstance(ask, XRoadSoapAsk) else ask
        return bent_xml(fault, replace(service, ask=inner), document)

    def understood(self, question: HttpQuestion) -> Asked:
        """As `HttpStandIn.understood`; of SOAP what stands in the Body."""
        if self._connection.protocol == "rest":
            return super().understood(question)
        return {"method": question.method, "path": question.target, "body": body_record(question.body)}

    def _recorded(self, question: HttpQuestion) -> HttpReply:
        reply = super()._recorded(question)
        return self._tied(question, reply) if self._connection.protocol == "rest" else reply

    def _tied(self, question: HttpQuestion, reply: HttpReply) -> HttpReply:
        return replace(reply, headers={**rest_headers(question.target, question.headers), **reply.headers})

    @property
    def _connection(self) -> XRoadConnection:
        return checked(self._source.connection)
