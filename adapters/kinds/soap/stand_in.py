"""A SOAP service for the conformance kit. Signatures are left out: they are tested with WSS4J."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from adapters.conformance.bending import RENAMED, strict_code_places
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import HttpStandIn, http_pointed_at
from adapters.kinds.soap.form import SoapAsk, SoapConnection
from adapters.kinds.soap.names import ENVELOPE, Version
from adapters.kinds.soap.replay import as_xml, without_keys
from adapters.xml import Element, UnfitXml, find_all, parse_xml, record_of, serialise
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

MAX_BYTES: Final = 4 * 1024 * 1024


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return SoapStandIn(source, folder)


class SoapStandIn(HttpStandIn):
    """Answers SOAP messages; what the file calls records can be bent."""

    cannot: Mapping[Fault, str] = {
        fault: why
        for fault, why in HttpStandIn.cannot.items()
        if fault not in (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE)
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = soap_connection(source)
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(without_keys(connection), http=http))

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        await super().play(as_xml(case, soap_connection(self._source)))

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`."""
        del question
        return error_replies(soap_connection(self._source).version)

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`."""
        return bent_xml(fault, service, document)

    def understood(self, question: HttpQuestion) -> Asked:
        """As `HttpStandIn.understood`: what stands in the Body, since headers hold nonces and moments."""
        return {"method": question.method, "path": question.target, "body": body_record(question.body)}


def soap_connection(source: Source) -> SoapConnection:
    """The source's SOAP connection. Raises ConfigurationError when it has none."""
    if not isinstance(source.connection, SoapConnection):
        raise ConfigurationError(f"source {source.id} has no SOAP connection")
    return source.connection


def error_replies(version: Version) -> list[HttpReply]:
    """Faults with HTTP 200 and 500, and answers that are no answers."""
    uri = ENVELOPE[version]
    codes = ("Client", "Server") if version == "1.1" else ("Sender", "Receiver")
    replies = []
    for code, status in ((codes[0], 200), (codes[1], 500)):
        inside = (
            f"<faultcode>s:{code}</faultcode><faultstring>{CANARY}</faultstring>"
            if version == "1.1"
            else f"<s:Code><s:Value>s:{code}</s:Value></s:Code><s:Reason><s:Text>{CANARY}</s:Text></s:Reason>"
        )
        fault = f'<s:Envelope xmlns:s="{uri}"><s:Body><s:Fault>{inside}</s:Fault></s:Body></s:Envelope>'
        replies.append(HttpReply(status, {"Content-Type": "text/xml"}, fault.encode()))
    other = f'<s:Envelope xmlns:s="{uri}"><s:Body><other>{CANARY}</other></s:Body></s:Envelope>'
    return [*replies, HttpReply(200, {"Content-Type": "text/xml"}, other.encode())]


def body_record(data: bytes) -> Any:
    """The Body of a request as a record, or its text when it is no XML."""
    try:
        root = parse_xml(data, max_bytes=MAX_BYTES)
    except UnfitXml:
        return data.decode("utf-8", "replace")
    return record_of(root[-1]) if len(root) else record_of(root)


def bent_xml(fault: Fault, service: RecordService, document: Any) -> Any:
    """A recorded envelope with its records bent; as it was when there are none."""
    ask = service.ask
    if not isinstance(ask, SoapAsk) or not isinstance(document, str):
        return document
    root = parse_xml(document.strip().encode(), max_bytes=MAX_BYTES)
    answer = root.find(f".//{ask.answer}") if ask.answer.startswith("{") else None
    if answer is None:
        return document
    parent = answer.getparent()
    own = deepcopy(answer)
    found = find_all(own, ask.records, ask.namespaces)
    for record in found:
        _bend(fault, service, record)
    if parent is not None:
        parent.replace(answer, own)
    return serialise(root).decode()


def _bend(fault: Fault, service: RecordService, record: Element) -> None:
    parent = record.getparent()
    match fault:
        case Fault.SECOND_CANDIDATE if parent is not None:
            parent.insert(parent.index(record) + 1, deepcopy(record))
        case Fault.REMOVED_FIELD:
            for child in record:
                if etree.QName(child).localname in service.rules.all_columns:
                    child.tag = RENAMED
        case Fault.UNKNOWN_CODE:
            for place in strict_code_places(service.rules):
                found = _at(record, place)
                if found is not None:
                    found.text = CANARY
                    return


def _at(record: Element, place: tuple[str, ...]) -> Element | None:
    """The element at a place of a record; list positions are skipped, the first is taken."""
    found: Element | None = record
    for step in place:
        if step.isdecimal() or found is None:
            continue
        found = next((child for child in found if etree.QName(child).localname == step), None)
    return found
