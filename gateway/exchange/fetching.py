"""Fetching, checking and projecting: steps 3, 6 and 7 of the answering side.

A record service is asked for the permitted fields and for those that a granted predicate is about,
and nothing of the latter leaves. A pass-through service gets exactly the canonical request that
policy saw. What a source says about somebody it does not know depends on the agreement: see
`refusals`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.contract import Query
from adapters.upstream import Upstream
from gateway.exchange.obligations import Duties
from gateway.exchange.passing import check_target, find_subject
from gateway.exchange.ports import Forward, HostedService
from gateway.exchange.predicates import evaluate
from gateway.exchange.refusals import SUBJECT_ABSENT, SUBJECT_AMBIGUOUS
from gateway.exchange.target import check_canonical
from schemas.catalogue import PassThroughForm
from schemas.decision import Decision
from schemas.errors import (
    ConfigurationError,
    MethodNotAllowed,
    ProviderError,
    Refused,
    RequestMismatch,
    SourceMisbehaved,
    SourceTooSlow,
    SourceUnavailable,
)
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Outcome, Unavailable
from schemas.record import RecordAnswer, RecordRequest, Subject, Verdict
from schemas.wire import Headers, RequestHead

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Question:
    """One request in the service's own terms: `record` for a record service, else the raw parts."""

    subject: Subject | None
    record: RecordRequest | None
    head: RequestHead
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """What may leave, before it is signed."""

    status: int
    headers: Headers
    body: bytes
    media_type: str
    fields: tuple[str, ...]


def read_question(service: HostedService, head: RequestHead, body: bytes) -> Question:
    """Read a request against the service's description.

    Raises:
        RequestError: it does not fit the description.
    """
    form = service.description.form
    if isinstance(form, PassThroughForm):
        check_canonical(head.path, head.query)
        check_target(form, head)
        return Question(find_subject(form, head), None, head, body)
    if head.method != "POST" or head.path != "/":
        raise MethodNotAllowed("a record service is asked by POST, without a path below it")
    asked = RecordRequest.from_bytes(body)
    if asked.subject.type not in form.subject_types:
        raise RequestMismatch("the service does not know subjects by this type of identifier")
    if service.check_subject is not None:
        service.check_subject(asked.subject)
    if not asked.fields and not asked.predicates:
        raise RequestMismatch("ask for at least one field or predicate")
    known = set(form.fields)
    if not known.issuperset(asked.fields) or not known.issuperset(p.field for p in asked.predicates.values()):
        raise RequestMismatch("the service has no such field", reasons=("fields.unknown",))
    return Question(asked.subject, asked, head, body)


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetches from sources; `forward_request` carries pass-through requests."""

    forward_request: Forward

    async def fetch(
        self, service: HostedService, asked: RecordRequest, decision: Decision, *, deadline: float
    ) -> Outcome:
        """Ask the source for what the decision needs, within the deadline."""
        if service.adapter is None:
            raise ConfigurationError("the service has no adapter")
        wanted = dict.fromkeys([*decision.fields, *(predicate.field for predicate in decision.predicates)])
        query = Query(service.name, asked.subject, tuple(wanted))
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                return await service.adapter.fetch(query)
        except TimeoutError:
            return Unavailable("the asker's deadline passed", timeout=True)

    async def forward(self, service: HostedService, question: Question, *, deadline: float) -> Fetched:
        """Forward a pass-through request; the source's own answer travels as it is."""
        upstream, head = _upstream(service), question.head
        target = head.path + (f"?{head.query}" if head.query else "")
        reply = await self.forward_request(
            upstream, head.method, target, head.headers, question.body, deadline=deadline
        )
        media_type = next((value for name, value in reply.headers if name == "content-type"), "")
        return Fetched(reply.status, reply.headers, reply.body, media_type, ())

    def project(
        self, outcome: Outcome, asked: RecordRequest, decision: Decision, duties: Duties, *, disclosed: bool
    ) -> Fetched:
        """Cut an outcome to what was granted, mask it, and answer the predicates.

        Raises:
            Refused: nobody was found, and the agreement hides that.
            ProviderError: the source gave no answer, or a wrong one.
        """
        match outcome:
            case Match():
                return _answer(_project_match(outcome, asked, decision, duties), decision.fields, duties)
            case NotFound(as_of=as_of):
                if not disclosed:
                    raise Refused(reasons=(SUBJECT_ABSENT,))
                return _answer(
                    RecordAnswer("not_found", {}, _unknown(asked, decision), as_of), decision.fields, duties
                )
            case Ambiguous(as_of=as_of):
                if not disclosed:
                    raise Refused(reasons=(SUBJECT_AMBIGUOUS,))
                return _answer(
                    RecordAnswer("ambiguous", {}, _unknown(asked, decision), as_of), decision.fields, duties
                )
            case _:
                raise _unanswered(outcome)


def _project_match(match: Match, asked: RecordRequest, decision: Decision, duties: Duties) -> RecordAnswer:
    record = {name: duties.project(name, match.record.get(name)) for name in decision.fields}
    masked = {path: how for path, how in duties.masked.items() if path.split(".", 1)[0] in record}
    today = datetime.fromtimestamp(time.time(), UTC).date()
    granted = [predicate.as_json() for predicate in decision.predicates]
    predicates = {
        name: evaluate(predicate, match.record, today)
        for name, predicate in asked.predicates.items()
        if predicate.as_json() in granted
    }
    return RecordAnswer("ok", record, predicates, match.as_of, masked)


def _unknown(asked: RecordRequest, decision: Decision) -> dict[str, Verdict]:
    granted = [predicate.as_json() for predicate in decision.predicates]
    return {name: "unknown" for name, predicate in asked.predicates.items() if predicate.as_json() in granted}


def _answer(answer: RecordAnswer, fields: tuple[str, ...], duties: Duties) -> Fetched:
    return Fetched(200, (("content-type", JSON), *duties.headers), answer.to_bytes(), JSON, fields)


def _unanswered(outcome: DeniedBySource | Unavailable | Misbehaving) -> ProviderError:
    match outcome:
        case Unavailable(timeout=True):
            return SourceTooSlow(reasons=("source.timeout",))
        case Unavailable():
            return SourceUnavailable(reasons=("source.unavailable",))
        case DeniedBySource():
            return SourceUnavailable(
                "the source refused the gateway's own credentials or query", reasons=("source.denied",)
            )
        case Misbehaving():
            return SourceMisbehaved(reasons=("source.misbehaving",))


def _upstream(service: HostedService) -> Upstream:
    if service.upstream is None:
        raise ConfigurationError("the service has no upstream")
    return service.upstream
