"""WFS 2.0 (OGC 09-025r2): GetFeature by POST with a filter of FES 2.0 (OGC 09-026r2).

The filter is built as a tree, so a value stays a value, and posted, so it stays out of access logs.
Answers are GML 3.2 or GeoJSON. Errors are an `ows:ExceptionReport`, often inside HTTP 200, also where
JSON was asked for. Points are sent as latitude, longitude, the order of `urn:ogc:def:crs:EPSG::4326`.
Not here: WFS 1.x (whose axes are the other way round), stored queries, joins, transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from adapters.geometry import UnfitGeometry, contains
from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.asking import Asking
from adapters.http.error_rules import ruled
from adapters.http.outgoing import Content
from adapters.http.paging import PageRead
from adapters.kinds.ogc import features, gml
from adapters.kinds.ogc.form import OgcAsk, OgcConnection
from adapters.kinds.ogc.wanted import Wanted
from adapters.xml import Element, UnfitXml, parse_xml, record_of, serialise
from schemas.errors import RequestMismatch
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable

WFS: Final = "http://www.opengis.net/wfs/2.0"
FES: Final = "http://www.opengis.net/fes/2.0"
OWS: Final = "http://www.opengis.net/ows/1.1"
CAPABILITIES: Final = {"service": "WFS", "version": "2.0.0", "request": "GetCapabilities"}
_LATER: Final = frozenset({"NoApplicableCode", "OperationProcessingFailed", "ServerBusy"})
_TRUE_XML: Final = ("/xml", "+xml")


def question(connection: OgcConnection, ask: OgcAsk, wanted: Wanted, limit: int, start: int) -> Asking:
    """One GetFeature request."""
    data = serialise(_get_feature(connection, ask, wanted, limit, start))
    accept = "application/json" if connection.is_json else "application/gml+xml, text/xml;q=0.9"
    return Asking("POST", connection.path, content=Content(data, "application/xml"), accept=accept)


def interpret(
    connection: OgcConnection, ask: OgcAsk, wanted: Wanted, answer: HttpAnswer, max_bytes: int
) -> PageRead | NotFound | Ambiguous | Unanswered:
    """What an answer means: the file's rules, an exception report, HTTP's status, then the features."""
    document: Any = document_of(answer, max_bytes)
    verdict = ruled(ask.errors, answer, document)
    if verdict is not None:
        return verdict
    if isinstance(document, Element) and (told := exception_meaning(document)) is not None:
        return told
    failure = failure_of(answer)
    if failure is not None or isinstance(document, Misbehaving):
        return failure or document
    if connection.is_json != (not isinstance(document, Element)):
        return Misbehaving("the answer is not in the format that was asked for")
    try:
        read = _gml_records(document, ask, wanted) if isinstance(document, Element) else None
        records = features.read_collection(document, wanted) if read is None else read
    except (UnfitGeometry, UnfitXml) as error:
        return Misbehaving(str(error))
    if isinstance(records, Misbehaving):
        return records
    return PageRead(records, answer, {"sent": _sent(document), "matched": matched(document)})


def document_of(answer: HttpAnswer, max_bytes: int) -> Any:
    """The answer's XML or JSON, or Misbehaving."""
    if not answer.content_type.endswith(_TRUE_XML):
        return parse_answer(answer, max_bytes)
    try:
        return parse_xml(answer.body, max_bytes=max_bytes, charset=answer.charset)
    except UnfitXml:
        return Misbehaving("the answer is not acceptable XML")


def exception_meaning(root: Element) -> Unanswered | None:
    """What an exception report means (OWS Common 1.1, section 8; WFS 2.0, section 7.5); None when the
    document is none. Its texts are the source's words and are not repeated."""
    if etree.QName(root).localname not in ("ExceptionReport", "ServiceExceptionReport"):
        return None
    codes = {str(one.get("exceptionCode") or one.get("code") or "") for one in root}
    if any("auth" in code.lower() or "denied" in code.lower() for code in codes):
        return DeniedBySource("the source refused us with an exception report")
    if codes <= _LATER:
        return Unavailable("the source failed with an exception report")
    return Misbehaving("the source refused the question with an exception report")


def matched(document: Any) -> int | None:
    """How many features there are in all, where the answer says so."""
    if isinstance(document, Element):
        text = document.get("numberMatched", "")
        return int(text) if text.isascii() and text.isdecimal() else None
    return features.matched(document)


def feature_types(root: Element) -> frozenset[str]:
    """The names of the feature types in a capabilities document."""
    return frozenset(
        (one.text or "").strip() for one in root.iterfind(f".//{{{WFS}}}FeatureType/{{{WFS}}}Name")
    )


def _get_feature(connection: OgcConnection, ask: OgcAsk, wanted: Wanted, limit: int, start: int) -> Element:
    names = {**connection.namespaces, "wfs": WFS, "fes": FES, "gml": gml.GML}
    root = etree.Element(f"{{{WFS}}}GetFeature", nsmap=names)
    root.set("service", "WFS")
    root.set("version", "2.0.0")
    root.set("count", str(limit))
    root.set("startIndex", str(start))
    if connection.output is not None:
        root.set("outputFormat", connection.output)
    query = etree.SubElement(root, f"{{{WFS}}}Query", typeNames=ask.collection)
    if not connection.is_json:
        query.set("srsName", gml.WGS84)
    conditions = [_equal(name, value) for name, value in wanted.equal.items()]
    if wanted.point is not None:
        conditions.append(_box(ask.geometry, *wanted.point))
    parent = etree.SubElement(query, f"{{{FES}}}Filter")
    if len(conditions) > 1:
        parent = etree.SubElement(parent, f"{{{FES}}}And")
    parent.extend(conditions)
    return root


def _equal(name: str, value: str | int) -> Element:
    condition = etree.Element(f"{{{FES}}}PropertyIsEqualTo", matchCase="true")
    etree.SubElement(condition, f"{{{FES}}}ValueReference").text = name
    try:
        etree.SubElement(condition, f"{{{FES}}}Literal").text = str(value)
    except ValueError:  # control characters
        raise RequestMismatch("subject.value cannot stand in XML") from None
    return condition


def _box(name: str, longitude: float, latitude: float) -> Element:
    condition = etree.Element(f"{{{FES}}}BBOX")
    etree.SubElement(condition, f"{{{FES}}}ValueReference").text = name
    envelope = etree.SubElement(condition, f"{{{gml.GML}}}Envelope", srsName=gml.WGS84)
    for corner in ("lowerCorner", "upperCorner"):
        etree.SubElement(envelope, f"{{{gml.GML}}}{corner}").text = f"{latitude:.7f} {longitude:.7f}"
    return condition


def _gml_records(root: Element, ask: OgcAsk, wanted: Wanted) -> list[Mapping[str, Any]]:
    if root.tag != f"{{{WFS}}}FeatureCollection":
        raise UnfitXml("the answer is not a collection of features")
    records: list[Mapping[str, Any]] = []
    for feature in _members(root):
        if wanted.point is not None and not contains(gml.geometry(feature, ask.geometry), wanted.point):
            continue
        record = record_of(feature)
        if not wanted.is_met_by(record):
            raise UnfitXml("the source answered with features that were not asked for")
        records.append(record)
    return records


def _members(root: Element) -> Iterator[Element]:
    """The features; a member is one feature, a nested collection is none."""
    for member in root.iterfind(f"{{{WFS}}}member"):
        if len(member) != 1 or member[0].tag == f"{{{WFS}}}FeatureCollection":
            raise UnfitXml("a member of the answer is not one feature")
        yield member[0]


def _sent(document: Any) -> int:
    if isinstance(document, Element):
        return len(document.findall(f"{{{WFS}}}member"))
    return len(document["features"])
