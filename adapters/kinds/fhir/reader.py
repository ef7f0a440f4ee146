"""Kind `fhir`: searches of an HL7 FHIR R4 server (4.0.1, sections 3.1.0 and 3.1.1).

A search is a POST to `<resource>/_search`, so that identifiers stay out of the server's logs, and asks
for strict handling, so that a parameter the server does not know is an error and not ignored. A match
must carry the identifier it was asked by, and a resource of a second search must point at the first:
servers that ignore a parameter after all answer with somebody else. Pages are followed below our own
base URL (`bundle`). Not here: FHIR operations, batches, history, XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from adapters.http.client import Content, HttpAnswer, HttpClient, failure_of, parse_answer
from adapters.http.kind import OverHttp
from adapters.kinds import Kind, Raw
from adapters.kinds.fhir.bundle import Page, page_of
from adapters.kinds.fhir.form import FhirAsk, FhirConnection, Search, Then
from adapters.kinds.fhir.outcomes import failure_in, issues_of, warning_in
from adapters.kinds.fhir.search import (
    Pairs,
    asked_identifiers,
    encoded,
    escape,
    search_pairs,
    values_of,
)
from adapters.source import RecordService, Source
from adapters.template import fill
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unanswered
from schemas.record import Subject

MAX_PAGES: Final = 100
_JSON: Final = "application/fhir+json"
_FORM: Final = "application/x-www-form-urlencoded"
_STRICT: Final = {"Prefer": "handling=strict"}
_NOT_FOUND: Final = 404
_LARGEST_PAGE: Final = 1000
_MOST_ANSWERS: Final = 16  # all pages of a search are together no longer than so many answers may be
_REFERENCE: Final = re.compile(r"[A-Za-z]+/\{[^{}]+\}$")

Matches = list[Mapping[str, Any]]


@dataclass(slots=True)
class Found:
    """Matches and included resources of all pages so far."""

    matches: Matches
    included: Matches


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Fhir(source)


class Fhir(OverHttp):
    """Searches a FHIR server. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, FhirConnection):
            raise ConfigurationError(f"source {source.id} has no FHIR connection")
        self._connection = source.connection
        self._limits = source.limits
        self._client = HttpClient(source.connection.http, source.limits, transport)

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the server shows a CapabilityStatement of FHIR R4."""
        if self._connection.profile == "openimis":
            return await self._client.probe()
        answer = await self._client.send("GET", "/metadata?_summary=true", accept=_JSON)
        if not isinstance(answer, HttpAnswer):
            return answer
        failure = failure_of(answer)
        if failure is not None:
            return failure
        statement = parse_answer(answer, self._limits.max_bytes)
        if isinstance(statement, Misbehaving):
            return statement
        version = statement.get("fhirVersion") if isinstance(statement, Mapping) else None
        if not isinstance(version, str) or not version.startswith("4.0"):
            return Misbehaving("the server does not speak FHIR R4 (4.0.1)")
        return None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; which fields are sent is the file's choice (`elements`)."""
        del fields
        ask = service.ask
        if not isinstance(ask, FhirAsk):
            raise ConfigurationError(f"service {service.name} is not asked by FHIR")
        values = service.subject_values(subject)
        rows = 2 if service.shape == "record" else self._limits.max_rows + 1
        found = await self._search(ask.search, values, rows)
        if not isinstance(found, Found):
            return found
        asked = asked_identifiers(ask.search, values)
        if not all(asked.carried_by(match) for match in found.matches):
            return Misbehaving("the server answered with somebody else")
        if service.shape == "list" or len(found.matches) != 1:
            return found.matches
        record = {**found.matches[0]}
        if ask.search.include or ask.search.revinclude:
            record["included"] = found.included
        return [record] if ask.then is None else await self._joined(record, ask.then)

    async def _joined(self, record: dict[str, Any], then: Then) -> Raw:
        """The record with what the second search found."""
        values = values_of(record, then)
        if values is None:
            return Misbehaving("the record does not hold what the second search needs")
        found = await self._search(then.search, values, self._limits.max_rows + 1)
        if isinstance(found, NotFound):
            found = Found([], [])
        if not isinstance(found, Found):
            return found
        if len(found.matches) > self._limits.max_rows:
            return Misbehaving(f"the second search found more than {self._limits.max_rows} resources")
        if not all(_points(match, then, values) for match in found.matches):
            return Misbehaving("the server answered with resources of somebody else")
        return [{**record, then.member: found.matches}]

    async def _search(
        self, search: Search, values: Mapping[str, str | int], rows: int
    ) -> Found | NotFound | Ambiguous | Unanswered:
        """All pages until there are `rows` matches."""
        pairs = search_pairs(search, values, min(rows, _LARGEST_PAGE))
        found, seen = Found([], []), set[str]()
        answer = await self._first(search, pairs)
        left = _MOST_ANSWERS * self._limits.max_bytes
        for number in range(2, MAX_PAGES + 2):
            page = self._page(search, answer)
            if not isinstance(page, Page):
                return page
            found.matches.extend(page.matches)
            found.included.extend(page.included)
            if len(found.matches) >= rows or page.next is None:
                return self._complete(found, page, rows)
            if page.next in seen:
                return Misbehaving("the server gives the same page again and again")
            seen.add(page.next)
            left -= len(answer.body) if isinstance(answer, HttpAnswer) else 0
            if left < 0:
                return Misbehaving("the server gives more than a question can be answered with")
            answer = await self._next(search, pairs, page.next, number)
        return Misbehaving(f"the server gives more than {MAX_PAGES} pages")

    def _complete(self, found: Found, last: Page, rows: int) -> Found | Ambiguous | Misbehaving:
        """What was found, unless the server itself says that this is not all."""
        trusted = self._connection.profile == "r4"  # openIMIS keeps a total for an hour
        hidden = trusted and last.total is not None and last.total > len(found.matches)
        if not hidden or len(found.matches) >= rows:
            return found
        return Misbehaving("the server says it holds more than it gave")

    async def _first(self, search: Search, pairs: Pairs) -> HttpAnswer | Unanswered:
        if search.method == "GET":
            return await self._get(f"/{search.resource}{self._slash}?{encoded(pairs)}")
        content = Content(encoded(pairs).encode(), _FORM)
        path = f"/{search.resource}/_search"
        return await self._client.send("POST", path, content=content, headers=_STRICT, accept=_JSON)

    async def _next(self, search: Search, pairs: Pairs, link: str, number: int) -> HttpAnswer | Unanswered:
        if self._connection.profile == "openimis":
            numbered = (*pairs, ("page-offset", str(number)))
            return await self._get(f"/{search.resource}{self._slash}?{encoded(numbered)}")
        return await self._get(link)

    async def _get(self, path: str) -> HttpAnswer | Unanswered:
        return await self._client.send("GET", path, headers=_STRICT, accept=_JSON)

    @property
    def _slash(self) -> str:
        """One server, openIMIS, redirects an address without its last slash."""
        return "/" if self._connection.profile == "openimis" else ""

    def _page(
        self, search: Search, answer: HttpAnswer | Unanswered
    ) -> Page | NotFound | Ambiguous | Unanswered:
        """One page; refusals and OperationOutcomes become outcomes."""
        if not isinstance(answer, HttpAnswer):
            return answer
        document = parse_answer(answer, self._limits.max_bytes)
        failure = failure_of(answer)
        if isinstance(failure, DeniedBySource):
            return failure
        if self._connection.profile == "openimis" and _says_nobody(document, answer):
            return NotFound(answer.received_at)
        complaint = failure_in(document, answer) or failure
        if complaint is not None:
            return complaint
        if isinstance(document, Misbehaving):
            return document
        page = page_of(document, search.resource, self._connection.http.base_url)
        if isinstance(page, Misbehaving):
            return page
        for outcome in page.outcomes:
            warning = warning_in(outcome, answer)
            if warning is not None:
                return warning
        return page


def _says_nobody(document: Any, answer: HttpAnswer) -> bool:
    """As openIMIS does, which looks an identifier up and answers 404 with an OperationOutcome `not-found`."""
    codes = [issue.get("code") for issue in issues_of(document)]
    return answer.status == _NOT_FOUND and codes == ["not-found"]


def _points(match: Mapping[str, Any], then: Then, values: Mapping[str, str | int]) -> bool:
    """Whether each reference the search asked for (`Patient/{id}`) stands in a resource that it found:
    in the element of the parameter's name, or anywhere where the element is called otherwise."""
    escaped = {name: escape(value) for name, value in values.items()}
    for parameter, template in then.search.parameters.items():
        if _REFERENCE.search(template) is None:
            continue
        member = match.get(parameter.partition(":")[0], match)
        wanted = _id_of(str(fill(template, escaped)))
        if wanted not in map(_id_of, _references(member)):
            return False
    return True


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _id_of(reference: str) -> str:
    """The id in a relative or absolute reference, of whatever version."""
    return reference.partition("/_history/")[0].rpartition("/")[2]
