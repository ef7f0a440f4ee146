"""A server of features for the conformance kit: OGC API Features, or WFS 2.0 in GML or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from adapters.conformance.bending import bent as bent_records
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import JSON, HttpStandIn, http_pointed_at
from adapters.kinds.ogc.form import OgcAsk, OgcConnection
from adapters.kinds.ogc.wfs import OWS, WFS
from adapters.source import RecordService
from adapters.template import ESCAPERS
from adapters.xml import Element, UnfitXml, parse_xml, record_of, serialise

if TYPE_CHECKING:
    from adapters.source import Source

XML: Final = {"Content-Type": "application/xml"}
_MAX_BYTES: Final = 1 << 20
_BENT: Final = (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE)
_CONFORMS: Final = {
    "conformsTo": [
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
        "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    ]
}


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return OgcStandIn(source, folder)


class OgcStandIn(HttpStandIn):
    """Answers with recorded collections, and says of itself what the file expects."""

    cannot: Mapping[Fault, str] = {
        fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT
    }

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source, folder)
        services = [one for one in source.services.values() if isinstance(one, RecordService)]
        self._asks = [one.ask for one in services if isinstance(one.ask, OgcAsk)]
        if any(one.shape == "list" for one in services):
            self.cannot = {
                **{fault: why for fault, why in self.cannot.items() if fault is not Fault.REPEATED_CURSOR},
                Fault.CHANGED_TOTAL: "a page that is missing shows as a page that comes again",
            }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, OgcConnection):
            return source
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`: an exception of WFS, of OGC API Features, and of an older WFS."""
        del question
        report = (
            f'<ows:ExceptionReport xmlns:ows="{OWS}" version="2.0.0"><ows:Exception '
            f'exceptionCode="InvalidParameterValue"><ows:ExceptionText>{CANARY}</ows:ExceptionText>'
            "</ows:Exception></ows:ExceptionReport>"
        )
        inside = f'<ServiceException code="x">{CANARY}</ServiceException>'
        older = f"<ServiceExceptionReport>{inside}</ServiceExceptionReport>"
        told = {"code": "InvalidParameterValue", "description": CANARY}
        return [
            HttpReply(200, XML, report.encode()),
            HttpReply(200, JSON, json.dumps(told).encode()),
            HttpReply(200, XML, older.encode()),
        ]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`: the properties of every feature."""
        if isinstance(document, str):
            return _bent_xml(fault, service, document)
        if not isinstance(document, Mapping) or "features" not in document:
            return document
        records = [dict(feature["properties"]) for feature in document["features"]]
        shapes = [feature.get("geometry") for feature in document["features"]]
        changed = bent_records(fault, records, service.rules)
        features = [
            {"type": "Feature", "properties": record, "geometry": shape}
            for record, shape in zip(changed, [*shapes, *shapes], strict=False)
        ]
        counts = {name: len(features) for name in ("numberReturned", "numberMatched") if name in document}
        return {**document, "features": features, **counts}

    def understood(self, question: HttpQuestion) -> Asked:
        """As `HttpStandIn.understood`: a WFS request as a record."""
        asked = super().understood(question)
        try:
            return {**asked, "body": record_of(parse_xml(question.body, max_bytes=_MAX_BYTES))}
        except UnfitXml:
            return asked

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`: in the quotes of CQL2."""
        return frozenset({ESCAPERS["cql"](value)})

    def _recorded(self, question: HttpQuestion) -> HttpReply:
        path = question.target.partition("?")[0]
        if path.endswith("/conformance"):
            return HttpReply(200, JSON, json.dumps(_CONFORMS).encode())
        if "request=GetCapabilities" in question.target:
            names = "".join(f"<FeatureType><Name>{ask.collection}</Name></FeatureType>" for ask in self._asks)
            listed = f"<FeatureTypeList>{names}</FeatureTypeList>"
            text = f'<WFS_Capabilities xmlns="{WFS}">{listed}</WFS_Capabilities>'
            return HttpReply(200, XML, text.encode())
        return super()._recorded(question)


def _bent_xml(fault: Fault, service: RecordService, text: str) -> str:
    """A recorded collection with its features bent."""
    root = parse_xml(text.strip().encode(), max_bytes=_MAX_BYTES)
    members = root.findall(f"{{{WFS}}}member")
    records = [record_of(member[0]) for member in members]
    for member in members:
        root.remove(member)
    kept = [*members, *members][: len(bent_records(fault, records, service.rules))]
    for member, record in zip(kept, bent_records(fault, records, service.rules), strict=True):
        root.append(_member(member[0], record))
    root.attrib.update(
        {name: str(len(kept)) for name in ("numberReturned", "numberMatched") if name in root.attrib}
    )
    return serialise(root).decode()


def _member(feature: Element, record: Mapping[str, Any]) -> Element:
    """A member with a feature of the same name and these properties; outlines are left out."""
    member = etree.Element(f"{{{WFS}}}member")
    made = etree.SubElement(member, feature.tag)
    for name, value in record.items():
        if isinstance(value, str) and not name.startswith(("@", "#")):
            etree.SubElement(made, name).text = value
    return member
