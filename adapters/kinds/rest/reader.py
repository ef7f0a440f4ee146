"""Kind `rest`: JSON or XML over HTTP, a request or its pages for each question.

The request is a template (`adapters.template`), the records stand at a JSON Pointer or XPath, and the
source's file says which statuses and members are errors, also in an HTTP 200. A 404 is *not* "not
found" unless the file says so: a mistyped path answers 404 too. Not here: a second request for each
record of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.asking import Asking
from adapters.http.client import HttpClient
from adapters.http.error_rules import ruled
from adapters.http.form import HttpConnection
from adapters.http.kind import OverHttp
from adapters.http.outgoing import Content
from adapters.http.paging import PageRead, read_pages
from adapters.kinds import Kind, Raw
from adapters.kinds.rest.form import RestAsk
from adapters.pointer import ABSENT, find
from adapters.source import RecordService, Source
from adapters.template import Values, fill, fill_path, fill_texts
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, Misbehaving, NotFound, Unanswered
from schemas.record import Subject

_FORM = "application/x-www-form-urlencoded"
_ERROR = "the source reported an error"
_XML_ERRORS = ("error", "errors", "fault", "exception", "exceptionreport")
_LOOKED_AT = 16


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Rest(source)


class Rest(OverHttp):
    """Reads JSON or XML over HTTP. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, HttpConnection):
            raise ConfigurationError(f"source {source.id} has no HTTP connection")
        self._limits = source.limits
        self._base_path = urlsplit(source.connection.base_url).path
        self._client = HttpClient(source.connection, source.limits, transport)

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the source sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, RestAsk):
            raise ConfigurationError(f"service {service.name} is not asked by REST")
        asking = question(ask, service.subject_values(subject))
        enough = 1 if service.shape == "record" else self._limits.max_rows

        async def step(asking: Asking) -> PageRead | NotFound | Ambiguous | Unanswered:
            answer = await asking.sent(self._client)
            if not isinstance(answer, HttpAnswer):
                return answer
            return interpret(ask, answer, self._limits.max_bytes)

        return await read_pages(ask.page, asking, step, enough, self._base_path)


def question(ask: RestAsk, values: Values) -> Asking:
    """The first request of a question; every value escaped for its place."""
    body, content = fill(ask.body, values), None
    if ask.graphql is not None:
        body = {"query": ask.graphql.query, "variables": fill(ask.graphql.variables, values)}
        if ask.graphql.operation is not None:
            body["operationName"] = ask.graphql.operation
    elif ask.form is not None:
        content = Content(urlencode(fill_texts(ask.form, values), doseq=True).encode(), _FORM)
    return Asking(
        ask.method,
        fill_path(ask.path, values),
        fill_texts(ask.query, values),
        body,
        content,
        ask.headers,
        "application/json" if ask.xpath is None else "application/xml, text/xml;q=0.9",
    )


def interpret(
    ask: RestAsk, answer: HttpAnswer, max_bytes: int
) -> PageRead | NotFound | Ambiguous | Unanswered:
    """What an answer means: the source's rules first, then HTTP's, then the records in it."""
    is_xml = ask.xpath is not None
    document = _xml(answer, max_bytes) if is_xml else parse_answer(answer, max_bytes)
    verdict = ruled(ask.errors, answer, document) or failure_of(answer)
    if verdict is not None:
        return verdict
    if isinstance(document, Misbehaving):
        return document
    if is_xml:
        return Misbehaving(_ERROR) if _tells_error(document) else _xml_page(ask, answer, document)
    if _reports_error(document):
        return Misbehaving(_ERROR)
    records = records_at(document, ask.records)
    return PageRead(list(records), answer, document) if not isinstance(records, Misbehaving) else records


def _reports_error(document: Any) -> bool:
    """Whether a success says that it is none: GraphQL, MOSIP and many others write an error this way.
    A rule of the file may give it another meaning; nothing makes it a record, or nobody."""
    return any(
        find(document, (name,)) not in (ABSENT, None, [], {}, "", False) for name in ("errors", "error")
    )


def _tells_error(root: Any) -> bool:
    """As `_reports_error`, of XML: by the name of the root element, or of one below it."""
    first = (root, *root[:_LOOKED_AT])
    names = (str(element.tag).rpartition("}")[2].lower() for element in first if _says(element))
    return any(name.endswith(_XML_ERRORS) for name in names)


def _says(element: Any) -> bool:
    return len(element) > 0 or bool((element.text or "").strip())


def records_at(document: Any, place: tuple[str, ...]) -> list[Mapping[str, Any]] | Misbehaving:
    """The record or the records at a place; null and an empty list are no record. Where the place itself
    is missing, this is another answer than the file describes, and says nothing about anybody."""
    found = find(document, place)
    if found is None:
        return []
    if found is ABSENT:
        return Misbehaving("there are no records where the source's file says")
    records = found if isinstance(found, list) else [found]
    if not all(isinstance(record, Mapping) for record in records):
        return Misbehaving("there are no records where the source's file says")
    return records


def _xml(answer: HttpAnswer, max_bytes: int) -> Any:
    """The root element of an XML answer, or Misbehaving."""
    # Imported here: XML is costly to load, and most sources speak JSON.
    from adapters.xml import UnfitXml, parse_xml

    if not answer.content_type.endswith(("/xml", "+xml")):
        return Misbehaving("the answer is not XML")
    try:
        return parse_xml(answer.body, max_bytes=max_bytes, charset=answer.charset)
    except UnfitXml:
        return Misbehaving("the answer is not acceptable XML")


def _xml_page(ask: RestAsk, answer: HttpAnswer, document: Any) -> PageRead:
    from adapters.xml import find_all, record_of

    found = find_all(document, ask.xpath or "", ask.namespaces)
    whole = record_of(document) if ask.page.by != "none" else None
    return PageRead([record_of(element) for element in found], answer, whole)
