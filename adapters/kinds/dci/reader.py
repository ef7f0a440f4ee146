"""Kind `dci`: synchronous search of a DCI (SPDCI) registry, DCI API 1.0.0 sections 1.2 and 1.3.

One `idtype-value` search per question. The answer must belong to the question: its transaction and
reference are compared. `reg_records` is taken as a list or as one object, since the published
standards have both. Not here: signatures (three incompatible profiles are deployed), encryption,
and the asynchronous calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx

from adapters.http.client import HttpAnswer, HttpClient, failure_of, parse_answer
from adapters.kinds import Kind, Raw
from adapters.kinds.dci.form import DciAsk, DciConnection
from adapters.kinds.rest.reader import records_at
from adapters.pointer import find
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, Unanswered, Unavailable
from schemas.record import Subject

_TOO_MANY: Final = "rjct.search.too_many_records_found"
_DENIED: Final = frozenset(
    {
        "err.request.unauthorized",
        "err.request.forbidden",
        "err.sender_id.invalid",
        "err.receiver_id.invalid",
        "err.signature.missing",
        "err.signature.invalid",
    }
)
_UNAVAILABLE: Final = frozenset(
    {"err.request.timeout", "err.request.too_many_requests", "err.service.unavailable"}
)


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Dci(source)


class Dci(Kind):
    """Searches a DCI registry. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, DciConnection):
            raise ConfigurationError(f"source {source.id} has no DCI connection")
        self._connection = source.connection
        self._limits = source.limits
        self._client = HttpClient(source.connection.http, source.limits, transport)

    async def open(self) -> None:
        """As `Kind.open`; nothing is asked yet."""
        self._client.open()

    async def close(self) -> None:
        """As `Kind.close`."""
        await self._client.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: DCI has no health call, so any answer below 500 counts."""
        answer = await self._client.send("GET", "/")
        if isinstance(answer, HttpAnswer):
            failure = failure_of(answer)
            return failure if isinstance(failure, Unavailable) else None
        return answer if isinstance(answer, Unavailable) else None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the registry sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, DciAsk):
            raise ConfigurationError(f"service {service.name} is not asked by DCI")
        value = service.subject_value(subject)
        rows = 2 if service.shape == "record" else self._limits.max_rows + 1
        question = search_request(self._connection, ask, ask.id_types[subject.type], value, rows)
        answer = await self._client.send("POST", self._connection.path, body=question)
        if not isinstance(answer, HttpAnswer):
            return answer
        return interpret(service, question, answer, self._limits.max_bytes)


def search_request(
    connection: DciConnection, ask: DciAsk, id_type: str, value: str | int, rows: int
) -> dict[str, Any]:
    """The envelope of one search; identifiers are random, since they stand in the registry's logs."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    criteria = {
        "version": "1.0.0",
        "reg_type": ask.reg_type,
        "reg_event_type": ask.reg_event_type,
        "reg_record_type": ask.reg_record_type,
        "query_type": "idtype-value",
        "query": {"type": id_type, "value": value},
        "pagination": {"page_size": rows, "page_number": 1},
    }
    search = {
        "reference_id": str(uuid4()),
        "timestamp": now,
        "search_criteria": {name: item for name, item in criteria.items() if item is not None},
        "locale": "eng",
    }
    header = {
        "version": "1.0.0",
        "message_id": str(uuid4()),
        "message_ts": now,
        "action": "search",
        "sender_id": connection.sender_id,
        "receiver_id": connection.receiver_id,
        "total_count": 1,
        "is_msg_encrypted": False,
    }
    return {
        "header": {name: item for name, item in header.items() if item is not None},
        "message": {"transaction_id": str(uuid4()), "search_request": [search]},
    }


def interpret(service: RecordService, question: Mapping[str, Any], answer: HttpAnswer, max_bytes: int) -> Raw:
    """What a registry's answer to our question means."""
    document = parse_answer(answer, max_bytes)
    code = _error_code(document)
    failure = failure_of(answer)
    if code in _DENIED | _UNAVAILABLE or (code is not None and failure is None):
        return _rejected(code, answer)
    if failure is not None:
        return failure
    if isinstance(document, Misbehaving):
        return document
    if find(document, ("header", "status")) == "rjct":
        return _rejected(find(document, ("header", "status_reason_code")), answer)
    response = _response(document, question)
    if response is None:
        return Misbehaving("the registry did not answer the question it was asked")
    match response.get("status"):
        case "succ":
            return _records(service, response, answer)
        case "rjct":
            return _rejected(response.get("status_reason_code"), answer)
        case _:
            return Misbehaving("the registry put off a synchronous search")


def _response(document: Any, question: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one answer with our transaction and reference."""
    asked = question["message"]
    if find(document, ("message", "transaction_id")) != asked["transaction_id"]:
        return None
    responses = find(document, ("message", "search_response"))
    if not isinstance(responses, list) or len(responses) != 1 or not isinstance(responses[0], Mapping):
        return None
    response: Mapping[str, Any] = responses[0]
    return response if response.get("reference_id") == asked["search_request"][0]["reference_id"] else None


def _records(service: RecordService, response: Mapping[str, Any], answer: HttpAnswer) -> Raw:
    ask = service.ask
    found = find(response, ("data", "reg_records"))
    place = ask.records if isinstance(ask, DciAsk) else ()
    records = [] if found == {} else records_at(response, ("data", "reg_records", *place))
    total = find(response, ("pagination", "total_count"))
    hidden = isinstance(total, int) and isinstance(records, list) and total > len(records) > 0
    if hidden and service.shape == "record":
        return Ambiguous(total, answer.received_at)
    if hidden:
        return Misbehaving("the registry holds more records than fit into one answer")
    return records


def _error_code(document: Any) -> Any:
    """The code of an error body: of an ACK, or of `{errors: [...]}`."""
    for place in (("message", "error", "code"), ("error", "code"), ("errors", "0", "code")):
        code = find(document, place) if isinstance(document, Mapping) else None
        if isinstance(code, str):
            return code
    return None


def _rejected(code: Any, answer: HttpAnswer) -> Ambiguous | Unanswered:
    """A refusal by its reason code; an unknown code is not repeated, it is the registry's text."""
    if code == _TOO_MANY:
        return Ambiguous(2, answer.received_at)
    if code in _DENIED:
        return DeniedBySource(f"the registry refused us: {code}")
    if code in _UNAVAILABLE:
        return Unavailable(f"the registry cannot answer: {code}", retry_after_s=answer.retry_after_s)
    return Misbehaving("the registry rejected the search")
