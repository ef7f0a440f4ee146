"""Kind `ogc`: features with places, by OGC API Features 1.0 or WFS 2.0.

A feature's properties are the record. The question names properties and what they must equal, or a
point that the feature's outline must hold; every feature of the answer is held against it
(`wanted`). Not here: maps, coverages, other reference systems than WGS 84, transactions.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.asking import Asking
from adapters.http.client import HttpClient
from adapters.http.form import Probe
from adapters.http.kind import OverHttp
from adapters.http.paging import MAX_PAGES, PageRead, read_pages
from adapters.kinds import Kind, Raw
from adapters.kinds.ogc import features
from adapters.kinds.ogc.form import OgcAsk, OgcConnection
from adapters.kinds.ogc.wanted import Wanted, wanted
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, Misbehaving, NotFound, Unanswered
from schemas.record import Subject

_PART: Final = Misbehaving("the source says it holds more features than it gave")


def new(source: Source) -> Kind:
    """The kind for a source."""
    return over(source)


def over(source: Source, transport: httpx.AsyncBaseTransport | None = None) -> Kind:
    """The kind for a source; `transport` replaces the network.

    Raises:
        ConfigurationError: it has no OGC connection.
    """
    connection = source.connection
    if not isinstance(connection, OgcConnection):
        raise ConfigurationError(f"source {source.id} has no OGC connection")
    made = Wfs if connection.protocol == "wfs" else Features
    return made(source, connection, HttpClient(connection.http, source.limits, transport))


class _Ogc(OverHttp):
    """What both protocols share. Obligations: see `Kind`."""

    def __init__(self, source: Source, connection: OgcConnection, client: HttpClient) -> None:
        self._source, self._connection, self._client = source, connection, client
        self._limits = source.limits

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the `health` request of the file, else what the server says of itself."""
        if self._connection.http.health != Probe():
            return await self._client.probe()
        answer = await self._described()
        if not isinstance(answer, HttpAnswer):
            return answer
        fault = failure_of(answer)
        return fault or self._fault(answer)

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the source sends whole features, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, OgcAsk):
            raise ConfigurationError(f"service {service.name} is not asked by OGC")
        enough = 1 if service.shape == "record" else self._limits.max_rows
        # A point is compared with outlines here, so more features than one may have to be looked at.
        limit = ask.page_size if ask.at is not None else min(ask.page_size, enough + 1)
        return await self._pages(ask, wanted(ask, service.subject_values(subject)), limit, enough)

    @property
    def _asks(self) -> list[OgcAsk]:
        services = self._source.services.values()
        return [one.ask for one in services if isinstance(one, RecordService) and isinstance(one.ask, OgcAsk)]

    @abstractmethod
    async def _described(self) -> HttpAnswer | Unanswered:
        """What the server says of itself."""

    @abstractmethod
    def _fault(self, answer: HttpAnswer) -> Unanswered | None:
        """Why that is not what the file expects; None when it is."""

    @abstractmethod
    async def _pages(self, ask: OgcAsk, what: Wanted, limit: int, enough: int) -> Raw:
        """All records, or more than `enough`."""


class Features(_Ogc):
    """Reads by OGC API Features."""

    async def _described(self) -> HttpAnswer | Unanswered:
        return await self._client.send("GET", "/conformance", self._described_as)

    @property
    def _described_as(self) -> dict[str, str]:
        """`f` where the questions carry one: some servers know no `Accept`."""
        formats = [one.parameters["f"] for one in self._asks if "f" in one.parameters]
        return {"f": formats[0]} if formats else {}

    def _fault(self, answer: HttpAnswer) -> Unanswered | None:
        document = parse_answer(answer, self._limits.max_bytes)
        if isinstance(document, Misbehaving):
            return document
        fault = features.conformance_fault(document, filters=any(ask.filter == "cql2" for ask in self._asks))
        return None if fault is None else Misbehaving(fault)

    async def _pages(self, ask: OgcAsk, what: Wanted, limit: int, enough: int) -> Raw:
        received = 0

        async def step(asking: Asking) -> PageRead | NotFound | Ambiguous | Unanswered:
            nonlocal received
            answer = await asking.sent(self._client)
            if not isinstance(answer, HttpAnswer):
                return answer
            read = features.interpret(ask, what, answer, self._limits.max_bytes)
            if isinstance(read, PageRead):
                received += read.document["sent"]
                matched = read.document["matched"]
                if matched is not None and matched > received and read.document["next"] is None:
                    return _PART
            return read

        path = urlsplit(self._connection.http.base_url).path
        return await read_pages(features.PAGES, features.question(ask, what, limit), step, enough, path)


class Wfs(_Ogc):
    """Reads by WFS 2.0."""

    async def _described(self) -> HttpAnswer | Unanswered:
        from adapters.kinds.ogc import wfs

        accept = "application/xml, text/xml;q=0.9"
        return await self._client.send("GET", self._connection.path, wfs.CAPABILITIES, accept=accept)

    def _fault(self, answer: HttpAnswer) -> Unanswered | None:
        from adapters.kinds.ogc import wfs
        from adapters.xml import Element

        document = wfs.document_of(answer, self._limits.max_bytes)
        if not isinstance(document, Element):
            return Misbehaving("the source does not say what it serves")
        told = wfs.exception_meaning(document)
        listed = {name.rpartition(":")[2] for name in wfs.feature_types(document)}
        missing = any(ask.collection.rpartition(":")[2] not in listed for ask in self._asks)
        fault = Misbehaving("the source no longer lists a feature type that the file names")
        return told or (fault if missing else None)

    async def _pages(self, ask: OgcAsk, what: Wanted, limit: int, enough: int) -> Raw:
        from adapters.kinds.ogc import wfs

        records: list[Mapping[str, Any]] = []
        received, total, last = 0, None, None
        for number in range(MAX_PAGES):
            asking = wfs.question(self._connection, ask, what, limit, received)
            answer = await asking.sent(self._client)
            if not isinstance(answer, HttpAnswer):
                return answer
            read = wfs.interpret(self._connection, ask, what, answer, self._limits.max_bytes)
            if not isinstance(read, PageRead):
                return read
            sent, matched = read.document["sent"], read.document["matched"]
            # A server may count on its last page only (MapServer).
            if None not in (matched, total) and matched != total:
                return Misbehaving("the number of features changed while the pages were read")
            if number and sent and read.records == last:
                return Misbehaving("the source repeats a page")
            records, received, total, last = (
                [*records, *read.records],
                received + sent,
                matched or total,
                read.records,
            )
            if len(records) > enough:
                return records
            if sent < limit or received == total:
                return _PART if total is not None and received < total else records
        return Misbehaving(f"the source goes on after {MAX_PAGES} pages")
