"""Kind `feed`: warnings read from a public feed, held in memory, and found by area or point.

The feed is read as a whole, so no question ever leaves; who asks about which area is told to nobody.
It is looked at when first asked, and then every `every_s`, with ETag and If-Modified-Since. An answer is
as old as the last good look at everything the index lists; after `max_age_s` there is no answer, since
silence is no all-clear. Not here: MQTT, e-mail, feeds that page.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import httpx

from adapters.geometry import UnfitGeometry, degrees
from adapters.http.answers import HttpAnswer, failure_of
from adapters.http.client import HttpClient
from adapters.http.outgoing import Outgoing
from adapters.http.paging import rebased
from adapters.kinds import Dated, Kind, Raw
from adapters.kinds.feed.alerts import Alert, Place, counting, touching
from adapters.kinds.feed.cap import UnfitAlert, read_cap
from adapters.kinds.feed.form import FeedAsk, FeedConnection
from adapters.kinds.feed.gdacs import read_gdacs
from adapters.kinds.feed.index import documents
from adapters.kinds.feed.signature import signed_alert
from adapters.source import RecordService, Source
from adapters.xml import Element, UnfitXml, parse_xml
from schemas.errors import ConfigurationError, RequestMismatch
from schemas.outcome import Misbehaving, NotFound, Unanswered, Unavailable
from schemas.record import Subject

_NOT_MODIFIED: Final = 304
_PAUSE_S: Final = 5.0
"""How long a failed look stands before a question may try again."""
_ACCEPT: Final = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9"
_CAP: Final = "application/cap+xml, application/xml;q=0.9, text/xml;q=0.9"


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Feed(source)


class Feed(Kind):
    """Reads a feed of warnings. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, FeedConnection):
            raise ConfigurationError(f"source {source.id} has no feed connection")
        self._connection = source.connection
        self._limits = source.limits
        self._client = HttpClient(source.connection.http, source.limits, transport)
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._certificate: str | None = None
        self._tags: dict[str, str] = {}
        self._read: dict[tuple[str, str], Alert] = {}
        self._alerts: list[Alert] = []
        self._good_at: float | None = None
        self._failure: Unanswered | None = None
        self._tried: float | None = None

    async def open(self) -> None:
        """As `Kind.open`; nothing is asked yet. The certificate of signed alerts is read."""
        self._client.open()
        path = self._connection.certificate
        if path is not None:
            try:
                self._certificate = path.read_text(encoding="ascii")
            except (OSError, ValueError):
                raise ConfigurationError(f"`certificate_file`: {path.name} cannot be read") from None
        self._task = asyncio.get_running_loop().create_task(self._look_again())

    async def close(self) -> None:
        """As `Kind.close`."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._client.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the last look at the feed was good, and is young enough."""
        await self._look_if_due()
        return self._failure or self._staleness()

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`: one record of the area or point, with its alerts under CAP's own names."""
        del fields
        ask = service.ask
        if not isinstance(ask, FeedAsk):
            raise ConfigurationError(f"service {service.name} is not asked of a feed")
        place = self._place(service, ask, subject)
        await self._look_if_due()
        stale = self._staleness()
        if stale is not None or self._good_at is None:
            return self._failure or stale or Unavailable("the feed was not read yet")
        if place is None:
            return NotFound(int(self._good_at))
        alerts = touching(self._alerts, place, int(time.time()), ask.language)
        record = {"area": subject.value, "has_alert": bool(alerts), "alerts": alerts}
        return Dated([record], int(self._good_at))

    def _place(self, service: RecordService, ask: FeedAsk, subject: Subject) -> Place | None:
        """What is asked about; None when the file knows its areas and this is none of them."""
        values = service.subject_values(subject)
        if {"latitude", "longitude"} <= values.keys():
            try:
                return Place(point=degrees(values["longitude"], values["latitude"]))
            except UnfitGeometry:
                raise RequestMismatch("subject.value is not latitude and longitude in degrees") from None
        places = self._connection.places
        if places and subject.value not in places:
            return None
        geocode = None if ask.geocode is None else (ask.geocode, subject.value)
        return Place(geocode, places.get(subject.value))

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self._connection.every_s)
            if self._tried is not None:
                async with self._looking:
                    await self._look()

    async def _look_if_due(self) -> None:
        async with self._looking:
            pause = _PAUSE_S if self._failure is not None else self._connection.every_s
            if self._tried is None or time.monotonic() - self._tried >= pause:
                await self._look()

    def _staleness(self) -> Unanswered | None:
        limit = self._connection.max_age_s
        if self._good_at is None or time.time() - self._good_at > limit:
            return Unavailable(f"the feed was not read for {limit} seconds")
        return None

    async def _look(self) -> None:
        """Read the index and what it lists; nothing changes unless all of it can be used."""
        started = time.time()
        try:
            failure = await self._looked()
        except (UnfitAlert, UnfitXml) as error:
            failure = Misbehaving(str(error))
        self._tried = time.monotonic()
        self._failure = failure
        if failure is None:
            self._good_at = started

    async def _looked(self) -> Unanswered | None:
        connection = self._connection
        answer = await self._client.send("GET", connection.index, headers=self._tags, accept=_ACCEPT)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status == _NOT_MODIFIED and self._tags:
            return None
        failure = failure_of(answer)
        if failure is not None:
            return failure
        root = self._xml(answer)
        if connection.format == "gdacs":
            messages = read_gdacs(root, connection.max_alerts)
        else:
            found = await self._messages(root)
            if not isinstance(found, list):
                return found
            messages = found
        self._alerts = counting(messages, connection.status, connection.scope)
        given = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
        self._tags = {name: answer.headers[tag] for name, tag in given.items() if tag in answer.headers}
        return None

    async def _messages(self, root: Element) -> list[Alert] | Unanswered:
        """Every document of the index; those that did not change are not fetched again."""
        url = self._connection.http.base_url + self._connection.index
        read: dict[tuple[str, str], Alert] = {}
        for address, version in documents(root, url, self._connection.max_alerts).items():
            known = self._read.get((address, version))
            message = known if known is not None else await self._message(address)
            if not isinstance(message, Alert):
                return message
            read[address, version] = message
        self._read = read
        return list(read.values())

    async def _message(self, address: str) -> Alert | Unanswered:
        answer = await self._document(address)
        if not isinstance(answer, HttpAnswer):
            return answer
        failure = failure_of(answer)
        if failure is not None:
            return failure
        root = self._xml(answer)
        return read_cap(root if self._certificate is None else signed_alert(root, self._certificate))

    async def _document(self, address: str) -> HttpAnswer | Unanswered:
        """One document, from the feed's own host or one that the file allows; credentials go to the
        feed's own host only."""
        base = urlsplit(self._connection.http.base_url)
        parts = urlsplit(address)
        if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
            path = rebased(address, base.path)
            if path is not None and (not base.path or parts.path.startswith(base.path + "/")):
                return await self._client.send("GET", path, accept=_CAP)
        return await self._client.exchange(Outgoing("GET", address, {"Accept": _CAP}))

    def _xml(self, answer: HttpAnswer) -> Element:
        if not answer.content_type.endswith(("/xml", "+xml")):
            raise UnfitXml("the feed answered with something else than XML")
        return parse_xml(answer.body, max_bytes=self._limits.max_bytes, charset=answer.charset)
