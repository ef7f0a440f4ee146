"""Kind `rest`: JSON over HTTP, one request per question.

The request is a template (`adapters.template`), the record stands at a JSON Pointer, and the
source's file says which statuses and members are errors, also in an HTTP 200. A 404 is *not* "not
found" unless the file says so: a mistyped path answers 404 too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from adapters.http.client import HttpAnswer, HttpClient, failure_of, parse_answer
from adapters.http.form import HttpConnection
from adapters.kinds import Kind, Raw
from adapters.kinds.rest.form import ErrorRule, RestAsk
from adapters.pointer import ABSENT, find
from adapters.source import RecordService, Source
from adapters.template import fill, fill_path
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable
from schemas.record import Subject

_AT_LEAST_TWO: Final = 2


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Rest(source)


class Rest(Kind):
    """Reads JSON over HTTP. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, HttpConnection):
            raise ConfigurationError(f"source {source.id} has no HTTP connection")
        self._limits = source.limits
        self._client = HttpClient(source.connection, source.limits, transport)

    async def open(self) -> None:
        """As `Kind.open`; nothing is asked yet."""
        self._client.open()

    async def close(self) -> None:
        """As `Kind.close`."""
        await self._client.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the host answers, whatever it answers below 500."""
        answer = await self._client.send("GET", "/")
        if isinstance(answer, HttpAnswer):
            failure = failure_of(answer)
            return failure if isinstance(failure, Unavailable) else None
        return answer if isinstance(answer, Unavailable) else None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the source sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, RestAsk):
            raise ConfigurationError(f"service {service.name} is not asked by REST")
        values = {subject.type: service.subject_value(subject)}
        answer = await self._client.send(
            ask.method,
            fill_path(ask.path, values),
            {name: str(item) for name, item in fill(ask.query, values).items()},
            fill(ask.body, values),
        )
        return interpret(ask, answer, self._limits.max_bytes) if isinstance(answer, HttpAnswer) else answer


def interpret(ask: RestAsk, answer: HttpAnswer, max_bytes: int) -> Raw:
    """What an answer means: the source's rules first, then HTTP's, then the records in it."""
    document = parse_answer(answer, max_bytes)
    for rule in ask.errors:
        if _applies(rule, answer, document):
            return _verdict(rule, answer)
    failure = failure_of(answer)
    if failure is not None:
        return failure
    if isinstance(document, Misbehaving):
        return document
    return records_at(document, ask.records)


def records_at(document: Any, place: tuple[str, ...]) -> Raw:
    """The record or the records at a place; nothing there is no record."""
    found = find(document, place)
    if found is ABSENT or found is None:
        return []
    records = found if isinstance(found, list) else [found]
    if not all(isinstance(record, Mapping) for record in records):
        return Misbehaving("there are no records where the source's file says")
    return records


def _applies(rule: ErrorRule, answer: HttpAnswer, document: Any) -> bool:
    if rule.http is not None and rule.http != answer.status:
        return False
    if rule.pointer is None:
        return True
    if isinstance(document, Misbehaving):
        return False
    value = find(document, rule.pointer)
    # `True == 1` in Python, not in JSON.
    return type(value) is type(rule.equals) and bool(value == rule.equals)


def _verdict(rule: ErrorRule, answer: HttpAnswer) -> NotFound | Ambiguous | Unanswered:
    match rule.verdict:
        case "not_found":
            return NotFound(answer.received_at)
        case "ambiguous":
            return Ambiguous(_AT_LEAST_TWO, answer.received_at)
        case "denied":
            return DeniedBySource("the source refused the question")
        case "unavailable":
            return Unavailable("the source says it cannot answer", retry_after_s=answer.retry_after_s)
        case _:
            return Misbehaving("the source reported an error")
