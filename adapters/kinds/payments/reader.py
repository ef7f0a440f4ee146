"""Kind `payments`: how far a payment or a batch is; never a payment itself.

A platform is asked over HTTP by its profile's names. Its numbers have to add up, and what a batch's
summary means is made of them, not of the platform's word: Payment Hub EE calls every batch with one
failure "Failed", and a batch it has never heard of "COMPLETED". Accepted (202) is pending: neither an
error nor absent. Errors are told by status and code, never by their text. Files of a bank are staged
as those of kind `file`, and compared with what was sent. Not here: submitting, vouchers, mandates.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.asking import Asking
from adapters.http.client import HttpClient
from adapters.http.error_rules import ruled
from adapters.http.kind import OverHttp
from adapters.http.paging import PageRead, read_pages
from adapters.kinds import Kind, Raw
from adapters.kinds.payments.batches import summed
from adapters.kinds.payments.form import PaymentsConnection, PlatformAsk
from adapters.kinds.payments.profiles import Call, Profile
from adapters.kinds.payments.reconciling import Staged
from adapters.pointer import ABSENT, find
from adapters.room import Room
from adapters.source import RecordService, Source
from adapters.template import fill_path, fill_texts
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, Misbehaving, NotFound, Unanswered
from schemas.record import Subject

ACCEPTED: Final = 202
PROGRESS: Final = "progress"
"""The member of a record that says in a word of ours how far it is: pending, settled, partly_settled,
rejected. A batch always has it, a payment only where the platform has accepted it and says no more."""


def new(source: Source, room: Room | None = None) -> Kind:
    """The kind for a source; `room` is for files."""
    if isinstance(source.connection, PaymentsConnection) and source.connection.files is not None:
        return Staged(source, room)
    return Payments(source)


class Payments(OverHttp):
    """Asks a platform over HTTP. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        connection = source.connection
        if not isinstance(connection, PaymentsConnection) or not (connection.http and connection.profile):
            raise ConfigurationError(f"source {source.id} has no payment platform")
        self._profile: Profile = connection.profile
        self._tenant = connection.tenant
        self._limits = source.limits
        self._client = HttpClient(connection.http, source.limits, transport)

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`."""
        del fields
        ask = service.ask
        if not isinstance(ask, PlatformAsk):
            raise ConfigurationError(f"service {service.name} is not asked of a platform")
        call = self._profile.calls[ask.of]
        by = {name: str(value) for name, value in fill_texts(ask.by, service.subject_values(subject)).items()}
        enough = 1 if service.shape == "record" else self._limits.max_rows

        async def step(asking: Asking) -> PageRead | NotFound | Ambiguous | Unanswered:
            answer = await asking.sent(self._client)
            return self._interpreted(ask, call, by, answer) if isinstance(answer, HttpAnswer) else answer

        return await read_pages(call.page, self._asking(call, by), step, enough, "")

    def _asking(self, call: Call, by: Mapping[str, str]) -> Asking:
        """The request of a question, by the profile's names."""
        path = fill_path(call.path, {"id": by[call.in_path]} if call.in_path else {})
        query = {name: value for name, value in by.items() if name != call.in_path}
        headers: dict[str, str] = {}
        if self._profile.tenant is not None and self._tenant is not None:
            headers[self._profile.tenant] = self._tenant
        where = self._profile.correlation
        if where is not None:
            number = secrets.token_hex(16)[: where.length]
            (headers if where.place == "header" else query)[where.name] = number
        return Asking("GET", path, query, headers=headers)

    def _interpreted(
        self, ask: PlatformAsk, call: Call, by: Mapping[str, str], answer: HttpAnswer
    ) -> PageRead | NotFound | Ambiguous | Unanswered:
        """What an answer means: the file's rules first, then HTTP's, then the records in it."""
        document = parse_answer(answer, self._limits.max_bytes)
        verdict = ruled(ask.errors, answer, document) or failure_of(answer)
        if verdict is not None:
            return verdict
        if answer.status == ACCEPTED:
            told = dict(document) if isinstance(document, Mapping) else {}
            if told and not _about([told], by):
                return Misbehaving("the platform accepted something else than was asked for")
            counted = {} if call.page.total is None else {call.page.total[0]: 1}
            return PageRead([{**by, **told, PROGRESS: "pending"}], answer, counted)
        if isinstance(document, Misbehaving):
            return document
        if not isinstance(document, Mapping) or _reports_error(document):
            return Misbehaving("the platform's answer is no status")
        records = find(document, call.records)
        if call.records:
            if not isinstance(records, list) or not all(isinstance(one, Mapping) for one in records):
                return Misbehaving("the platform's answer is no page of payments")
            return _those(records, by, answer, document)
        if ask.of == "batch" and self._profile.counts is not None:
            summary = summed(self._profile.counts, document, by)
            return PageRead([summary], answer, document) if isinstance(summary, Mapping) else summary
        return _those([document], by, answer, document)


def _those(
    records: list[Any], by: Mapping[str, str], answer: HttpAnswer, document: Any
) -> PageRead | Misbehaving:
    if not _about(records, by):
        return Misbehaving("the platform told of another payment than the one that was asked for")
    return PageRead(records, answer, document)


def _about(records: list[Any], by: Mapping[str, str]) -> bool:
    """Whether records say that they are what was asked for: a platform that does not know a parameter
    ignores it, and then tells of somebody else's payment."""
    return all(str(record.get(name)) == value for record in records for name, value in by.items())


def _reports_error(document: Mapping[str, Any]) -> bool:
    """Whether a success says that it is none: no platform writes these beside a status."""
    return any(
        find(document, (name,)) not in (ABSENT, None, [], {}, "", False)
        for name in ("errors", "error", "errorCode")
    )
