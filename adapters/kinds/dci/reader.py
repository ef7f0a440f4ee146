"""Kind `dci`: a registry that speaks DCI (SPDCI) 1.0.0, asked synchronously or asynchronously.

    sync    POST, and the answer is the answer
    async   POST, ACK; the answer comes later to our `sender_uri` and is handed in by `receive`, or,
            where no inbox is given, is asked for by txn/status

Every question is a transaction of its own with random identifiers; an answer counts when it is signed
as the source file demands and belongs to that transaction. Not here: subscriptions, and the DCI door at
which others ask us.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import httpx

from adapters.http.client import HttpAnswer, HttpClient, failure_of, parse_answer
from adapters.http.form import Probe
from adapters.http.kind import OverHttp
from adapters.http.outgoing import Outgoing
from adapters.inbox import Inbox
from adapters.kinds import Kind, Raw
from adapters.kinds.dci.codes import MEANINGS, refusal
from adapters.kinds.dci.envelope import (
    check_request,
    criteria_message,
    error_code,
    member,
    request_header,
    search_message,
    status_message,
)
from adapters.kinds.dci.form import DciAsk, DciConnection
from adapters.kinds.dci.keys import PeerKeys
from adapters.kinds.dci.query import criteria_of, query_of
from adapters.kinds.dci.reading import Page, Pending, Refused, acknowledged, page_of, status_answer
from adapters.kinds.dci.sealed import Opened, Sealed
from adapters.source import RecordService, Source
from adapters.template import fill
from schemas.errors import ConfigurationError, ExchangeError
from schemas.outcome import Ambiguous, Misbehaving, Unanswered, Unavailable
from schemas.record import Subject
from schemas.strict_json import parse

MAX_PAGES: Final = 100
_CRITERIA: Final = {
    "disabled": "disabled_criteria",
    "enrolled": "enrolled_criteria",
    "disability-details": "disabled_criteria",
    "disability-support": "disabled_criteria",
}


def new(source: Source, inbox: Inbox | None = None) -> Kind:
    """The kind for a source; `inbox` is where called-back answers arrive."""
    return Dci(source, inbox=inbox)


class Dci(OverHttp):
    """Searches a DCI registry. Obligations: see `Kind`."""

    def __init__(
        self,
        source: Source,
        transport: httpx.AsyncBaseTransport | None = None,
        inbox: Inbox | None = None,
    ) -> None:
        if not isinstance(source.connection, DciConnection):
            raise ConfigurationError(f"source {source.id} has no DCI connection")
        self._connection = source.connection
        self._limits = source.limits
        self._inbox = inbox
        self._client = HttpClient(source.connection.http, source.limits, transport)
        sealing = source.connection.sealing
        self._sealed = Sealed(sealing, PeerKeys(sealing.keys, self._fetch_keys), source.limits.max_bytes)

    @property
    def is_called_back(self) -> bool:
        """Whether answers come by calls of the registry."""
        return self._connection.mode == "async" and self._connection.sender_uri is not None

    @property
    def max_bytes(self) -> int:
        """The largest answer it reads."""
        return self._limits.max_bytes

    async def health(self) -> Unanswered | None:
        """As `Kind.health`. DCI has no call for it: without one in the file, the registry is asked what
        became of a transaction that never was, with our credentials and about nobody. Any answer below
        500 counts, since many registries do not have that call, but a refusal of us does not."""
        if self._connection.http.health != Probe():
            return await self._client.probe()
        answer = await self._posted("txn-status", self._connection.paths.status, status_message(str(uuid4())))
        if not isinstance(answer, HttpAnswer):
            return answer
        failure = failure_of(answer)
        code = error_code(parse_answer(answer, self._limits.max_bytes))
        if not isinstance(failure, Misbehaving) and failure is not None:
            return failure
        refused = refusal(code, answer.received_at) if MEANINGS.get(code or "") == "denied" else None
        return refused if isinstance(refused, Unanswered) else None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the registry sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, DciAsk):
            raise ConfigurationError(f"service {service.name} is not asked by DCI")
        values = service.subject_values(subject)
        if ask.call != "search":
            message = criteria_message(_CRITERIA[ask.call], fill(ask.query, values))
            page = await self._asked(ask, message)
            return _whole(page, service)
        rows = 2 if service.shape == "record" else self._limits.max_rows + 1
        size = min(rows, ask.page_size)
        query = query_of(ask, subject.type, values)
        records: list[Mapping[str, Any]] = []
        total: int | None = None
        for number in range(1, MAX_PAGES + 1):
            message = search_message(criteria_of(ask, query, size, number), time.time())
            page = await self._asked(ask, message)
            if not isinstance(page, Page) or service.shape == "record":
                return _whole(page, service)
            if number > 1 and page.total != total:
                return Misbehaving("the registry counts differently on every page")
            if number > 1 and page.records and page.records == records[-len(page.records) :]:
                return Misbehaving("the registry gives the same page again and again")
            records, total = [*records, *page.records], page.total
            if len(records) >= rows or total is None or len(records) >= total:
                return records
            if not page.records:
                return Misbehaving("the registry says it holds more than it gave")
        return Misbehaving(f"the registry gives more than {MAX_PAGES} pages")

    async def receive(self, body: bytes) -> str | None:
        """Take a called-back answer from the gateway's door: verify, decrypt, deliver.

        Gives the error code for the acknowledgement, None to acknowledge. An answer that nobody waits
        for is acknowledged too: it says nothing to a stranger about what we asked.
        """
        try:
            document = parse(body, max_bytes=self._limits.max_bytes, what="the answer")
        except ExchangeError:
            return "err.request.bad"
        opened = await self._sealed.open(document, body)
        if not isinstance(opened, Opened):
            verifies = self._connection.sealing.verify is not None
            return "err.signature.invalid" if verifies else "err.request.bad"
        key = member(opened.message, "transaction_id")
        if not isinstance(key, str):
            return "err.request.bad"
        if self._inbox is not None:
            self._inbox.deliver(key, {"header": opened.header, "message": opened.message})
        return None

    async def _asked(self, ask: DciAsk, message: Mapping[str, Any]) -> Page | Refused:
        """The answer to one message, by the source's way of asking."""
        if self._connection.mode == "async" and ask.call == "search":
            try:
                async with asyncio.timeout(self._limits.timeout_s):
                    return await self._asked_later(ask, message)
            except TimeoutError:
                return Unavailable("the registry did not answer in time", timeout=True)
        opened = await self._sent("search", self._connection.paths.of(ask.call), message)
        if not isinstance(opened, Opened):
            return opened
        page = page_of(ask, message, opened, int(time.time()))
        return Misbehaving("the registry put off a synchronous search") if isinstance(page, Pending) else page

    async def _asked_later(self, ask: DciAsk, message: Mapping[str, Any]) -> Page | Refused:
        """Announce, ask, wait for the callback; or ask what became of it until it is there."""
        if self._inbox is None:
            correlation = await self._acknowledged(message)
            return await self._polled(ask, message) if isinstance(correlation, str) else correlation
        with self._inbox.expect(message["transaction_id"]) as arriving:
            correlation = await self._acknowledged(message)
            if not isinstance(correlation, str):
                return correlation
            answer = await arriving
        if correlation and member(answer, "message", "correlation_id") != correlation:
            return Misbehaving("the registry's answer belongs to another correlation")
        opened = Opened(answer["header"], answer["message"])
        page = page_of(ask, message, opened, int(time.time()))
        return (
            Misbehaving("the registry called back without an answer") if isinstance(page, Pending) else page
        )

    async def _polled(self, ask: DciAsk, message: Mapping[str, Any]) -> Page | Refused:
        while True:
            await asyncio.sleep(self._connection.poll_ms / 1000)
            question = status_message(message["transaction_id"])
            opened = await self._sent("txn-status", self._connection.paths.status, question)
            if not isinstance(opened, Opened):
                return opened
            now = int(time.time())
            inner = status_answer(question, message, opened, now)
            page = page_of(ask, message, inner, now) if isinstance(inner, Opened) else inner
            if not isinstance(page, Pending):
                return page

    async def _acknowledged(self, message: Mapping[str, Any]) -> str | Refused:
        """The correlation id of the registry's ACK; acknowledgements are not signed."""
        answer = await self._posted("search", self._connection.paths.asynchronous, message)
        if not isinstance(answer, HttpAnswer):
            return answer
        document = parse_answer(answer, self._limits.max_bytes)
        refused = _refused(document, answer, acknowledges=True)
        return acknowledged(document, answer) if refused is None else refused

    async def _sent(self, action: str, path: str, message: Mapping[str, Any]) -> Opened | Refused:
        """The opened answer to one message."""
        answer = await self._posted(action, path, message)
        if not isinstance(answer, HttpAnswer):
            return answer
        document = parse_answer(answer, self._limits.max_bytes)
        refused = _refused(document, answer, acknowledges=False)
        return await self._sealed.open(document, answer.body) if refused is None else refused

    async def _posted(self, action: str, path: str, message: Mapping[str, Any]) -> HttpAnswer | Unanswered:
        connection = self._connection
        header = request_header(
            action,
            time.time(),
            sender_id=connection.sender_id,
            receiver_id=connection.receiver_id,
            sender_uri=connection.sender_uri,
            encrypted=self._sealed.encrypts,
        )
        check_request({"header": header, "message": message})
        body = await self._sealed.seal(header, message)
        return await self._client.send("POST", path, body=body) if isinstance(body, dict) else body

    async def _fetch_keys(self) -> Any | Unanswered:
        url = self._connection.sealing.jwks_url
        if url is None:
            return Misbehaving("the source file registers no keys of the registry")
        answer = await self._client.exchange(Outgoing("GET", url, {"Accept": "application/json"}))
        if not isinstance(answer, HttpAnswer):
            return answer
        return failure_of(answer) or parse_answer(answer, self._limits.max_bytes)


def _refused(document: Any, answer: HttpAnswer, *, acknowledges: bool) -> Refused | None:
    """What an error body or an error status means; None when the answer is worth opening."""
    code, failure = error_code(document), failure_of(answer)
    if MEANINGS.get(code or "", "misbehaving") != "misbehaving":
        return refusal(code, answer.received_at, answer.retry_after_s)
    if failure is not None:
        return failure
    if isinstance(document, Misbehaving):
        return document
    if code is not None and not acknowledges:
        return refusal(code, answer.received_at)
    return None


def _whole(page: Page | Refused, service: RecordService) -> Raw:
    """The records of the one page of a record service; more behind it are further candidates."""
    if not isinstance(page, Page):
        return page
    if page.total is not None and page.total > len(page.records):
        if service.shape == "record" and page.records:
            return Ambiguous(page.total, int(time.time()))
        return Misbehaving("the registry says it holds more than it gave")
    return page.records
