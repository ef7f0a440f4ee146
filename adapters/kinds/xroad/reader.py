"""Kind `xroad`: a member of an existing X-Road, asked through our organisation's Security Server.

A transport around `rest` and `soap`: the same requests, records, error rules and maps, with X-Road's
headers around them (`client` for REST, `soap_headers` for SOAP) and its own errors told apart from
the provider's (`errors`). Health asks `listMethods`: the Security Server and the provider's answer,
and the provider must still list every service of the file. Not here: the message transport between
Security Servers, attachments, metaservices as sources, providers without a subsystem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import unquote

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.client import HttpClient
from adapters.kinds import Kind, Raw
from adapters.kinds.rest.form import RestAsk
from adapters.kinds.rest.reader import Rest
from adapters.kinds.soap.envelope import Message
from adapters.kinds.soap.faults import meaning
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.reader import Soap
from adapters.kinds.xroad import soap_headers
from adapters.kinds.xroad.client import XRoadClient
from adapters.kinds.xroad.errors import error_meaning, is_xroad
from adapters.kinds.xroad.form import XRoadConnection, XRoadSoapAsk, checked
from adapters.pointer import find
from adapters.source import Limits, RecordService, Source
from adapters.xml import Element, parse_xml
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered
from schemas.record import Subject

_LIST = "listMethods"
_MISSING = Misbehaving("the provider no longer lists a service that the file names")


def new(source: Source) -> Kind:
    """The kind for a source."""
    return through_xroad(source)


def through_xroad(source: Source, transport: httpx.AsyncBaseTransport | None = None) -> Kind:
    """The kind for a source; `transport` replaces the network.

    Raises:
        ConfigurationError: it has no X-Road connection.
    """
    connection = checked(source.connection)
    codes = frozenset(
        code_of(service.ask) for service in source.services.values() if isinstance(service, RecordService)
    )
    if connection.protocol == "soap":
        return XRoadSoap(connection, source.limits, codes, transport)
    return XRoadRest(connection, source, codes, transport)


class XRoadRest(Rest):
    """Reads REST services through X-Road. Obligations: see `Kind`."""

    def __init__(
        self,
        connection: XRoadConnection,
        source: Source,
        codes: frozenset[str],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        super().__init__(replace(source, connection=connection.http), transport)
        labels = {"X-Road-UserId": connection.user_id, "X-Road-Issue": connection.issue}
        given = {name: label for name, label in labels.items() if label is not None}
        self._codes = codes
        self._client: HttpClient = XRoadClient(
            str(connection.client), str(connection.provider), given, connection.http, source.limits, transport
        )

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the provider lists the services of the file."""
        answer = await self._client.send("GET", f"/{_LIST}")
        if not isinstance(answer, HttpAnswer):
            return answer
        failure = failure_of(answer)
        if failure is not None:
            return failure
        document = parse_answer(answer, self._limits.max_bytes)
        listed = find(document, ("service",)) if isinstance(document, dict) else None
        if not isinstance(listed, list):
            return Misbehaving("the answer to listMethods is no list of services")
        known = {str(find(one, ("service_code",))) for one in listed}
        return None if self._codes <= known else _MISSING


class XRoadSoap(Soap):
    """Reads SOAP services through X-Road. Obligations: see `Kind`."""

    def __init__(
        self,
        connection: XRoadConnection,
        limits: Limits,
        codes: frozenset[str],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        super().__init__(SoapConnection(connection.http), limits, transport)
        self._xroad, self._codes = connection, codes

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the provider lists the services of the file."""
        blocks = soap_headers.request_headers(self._xroad, _LIST, None)
        content = self._content(parse_xml(_list_request(), max_bytes=1024), blocks)
        return await self.pinged(content, "", self._lists)

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the source sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, XRoadSoapAsk):
            raise ConfigurationError(f"service {service.name} is not asked by SOAP")
        blocks = soap_headers.request_headers(self._xroad, ask.code, ask.version)
        return await self.put(ask.soap, service.subject_values(subject), blocks, _tied_to(blocks))

    def fault_meaning(self, fault: Element, answer: HttpAnswer) -> Unanswered:
        """As `Soap.fault_meaning`: X-Road's own faults first."""
        code = fault.findtext("faultcode") or ""
        return error_meaning(code) if is_xroad(code) else meaning(fault, answer)

    def _lists(self, message: Message) -> Unanswered | None:
        listed = {
            (one.text or "").strip()
            for one in message.body.iter(f"{{{soap_headers.IDENTIFIERS}}}serviceCode")
        }
        return None if self._codes <= listed else _MISSING


def _tied_to(blocks: Iterable[Element]) -> Callable[[Message, bytes], Message | Misbehaving]:
    sent = list(blocks)
    return lambda message, data: soap_headers.tied(message, sent, data)


def _list_request() -> bytes:
    return f'<x:{_LIST} xmlns:x="{soap_headers.XROAD}"/>'.encode()


def code_of(ask: object) -> str:
    """The X-Road service code that a question goes to."""
    if isinstance(ask, XRoadSoapAsk):
        return ask.code
    return unquote(ask.path.split("/", 2)[1]) if isinstance(ask, RestAsk) else ""
