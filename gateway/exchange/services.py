"""Asking record services: whole exchanges behind the `AskService` contract of `schemas.ask`.

The virtual registry gets outcomes, never exceptions, and every outcome of an exchange that began
carries its receipt. What a provider refuses is `denied`; what gives no answer says nothing about
the person.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.exchange.asking import AskingSide
from gateway.exchange.request import ExchangeAnswer, Officer, OutgoingRequest
from schemas.ask import Ask, AskOutcome, AskStatus
from schemas.errors import (
    BadAnswer,
    ExchangeError,
    PeerUnavailable,
    RequestError,
    SourceMisbehaved,
    SourceTooSlow,
    SourceUnavailable,
)
from schemas.identifiers import SubsystemId
from schemas.record import RecordAnswer, RecordRequest
from schemas.wire import RETENTION_DAYS

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class ServiceAsker:
    """An `AskService` for one enquiry of one client: same purpose, basis, consent, conversation."""

    side: AskingSide
    client: SubsystemId
    purpose: str
    basis: str | None
    consent: str | None
    user: Officer
    cid: str
    max_body: int
    retention_days: list[int] = field(default_factory=list)
    """What the answers so far have said about how long they may be kept."""

    async def __call__(self, ask: Ask, *, deadline: float) -> AskOutcome:
        """As `AskService.__call__`."""
        try:
            answer = await self.side.ask(self._request(ask, deadline))
        except ExchangeError as error:
            return _no_record(_status(error), error.exchange, error.reasons)
        if answer.problem is not None:
            return _no_record(_status(answer.problem), answer.id, answer.problem.reasons)
        try:
            record = RecordAnswer.from_bytes(answer.body, max_bytes=self.max_body)
        except RequestError:
            return _no_record("misbehaving", answer.id, ("answer.malformed",))
        said = dict(answer.headers).get(RETENTION_DAYS, "")
        if said.isascii() and said.isdigit():
            self.retention_days.append(int(said))
        return _outcome(record, answer)

    def _request(self, ask: Ask, deadline: float) -> OutgoingRequest:
        return OutgoingRequest(
            client=self.client,
            service=ask.service,
            method="POST",
            path="/",
            query="",
            headers=(("content-type", JSON),),
            body=RecordRequest(ask.subject, ask.fields, ask.predicates).to_bytes(),
            deadline=deadline,
            media_type=JSON,
            purpose=self.purpose,
            basis=self.basis,
            consent=self.consent,
            user=self.user,
            cid=self.cid,
        )


def _outcome(record: RecordAnswer, answer: ExchangeAnswer) -> AskOutcome:
    return AskOutcome(
        status=record.status,
        record=record.record,
        granted=frozenset(answer.statement.fields) - _redacted(record),
        predicates=record.predicates,
        as_of=record.as_of,
        fetched_at=answer.statement.iat,
        receipt=answer.id,
    )


def _redacted(record: RecordAnswer) -> frozenset[str]:
    """Fields of which nothing is left: to a view they are denied, not empty."""
    return frozenset(name for name, how in record.masked.items() if how == "redact")


def _no_record(status: AskStatus, receipt: str | None, reasons: tuple[str, ...]) -> AskOutcome:
    nothing: Mapping[str, Any] = {}
    return AskOutcome(status, nothing, frozenset(), {}, None, int(time.time()), receipt, reasons)


def _status(error: ExchangeError) -> AskStatus:
    """What an error says about the source; never that nobody was found."""
    match error:
        case SourceMisbehaved() | BadAnswer():
            return "misbehaving"
        case SourceTooSlow():
            return "timeout"
        case PeerUnavailable() if "peer.timeout" in error.reasons:
            return "timeout"
        case SourceUnavailable() | PeerUnavailable():
            return "source_down"
        case RequestError():
            return "denied"
        case _:
            return "source_down"
