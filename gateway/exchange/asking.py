"""The asking side of one exchange, in eight steps (`docs/protocol.md` section 5).

1. identify the client subsystem (the door has done it)
2. validate the request; fill purpose and legal basis from the agreement where the door cannot
3. sign the request statement
4. append a `sent` entry, durably
5. send
6. verify the answer: signature, certificate, federation, binding to the request, freshness
7. append the `outcome` entry
8. hand over, with the receipt

Nothing is sent before it is logged, and nothing is handed over before its outcome is. A request is
never repeated here: a retry is a new exchange of the same conversation.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import Final

from audit.case import Case
from audit.entry import Entry, Kind, Result
from audit.errors import AuditError
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.subject_tag import SubjectTags
from gateway.exchange import problems
from gateway.exchange.binding import verify_answer
from gateway.exchange.consent import consent_reference
from gateway.exchange.entries import emergency_used, entry, result_of
from gateway.exchange.ports import CurrentFederation, FindAgreement, Hosted, PeerLink
from gateway.exchange.request import NOBODY, ExchangeAnswer, Officer, OutgoingRequest
from gateway.exchange.subjects import subject_of
from gateway.trust.federation.snapshot import FederationSnapshot, GatewayEntry
from schemas.errors import (
    AuditUnavailable,
    BadAnswer,
    ExchangeError,
    GatewayError,
    MalformedRequest,
    PeerUnavailable,
    Refused,
    RequestMismatch,
    Unauthenticated,
    UnknownService,
)
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import GatewayId, MemberId
from schemas.statement import (
    LIFETIME_S,
    MAX_TEXT_LENGTH,
    AnswerStatement,
    BodyDigest,
    HeadDigest,
    RequestStatement,
    check_code,
)
from schemas.strict_json import parse_object
from schemas.wire import DOUBLE_AUDIT, AnswerHead, RequestHead, frame, unframe

MAX_PROBLEM_BYTES: Final = 64 * 1024

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request as it went out."""

    statement: RequestStatement
    jws: str
    head: bytes
    case: Case


@dataclass(frozen=True, slots=True)
class AskingSide:
    """Asks other gateways, and this one, on behalf of the subsystems hosted here."""

    gateway: GatewayId
    hosted: Hosted
    federation: CurrentFederation
    agreements: FindAgreement
    tags: SubjectTags
    log: AuditLog
    link: PeerLink

    async def ask(self, request: OutgoingRequest) -> ExchangeAnswer:
        """Carry out one exchange; a refusal is an answer too (`ExchangeAnswer.problem`).

        Raises:
            ExchangeError: no verified answer was obtained, or it could not be logged.
        """
        # (1) The door has identified the client; it must be hosted here.
        if request.client not in self.hosted.subsystems:
            raise Unauthenticated("the client subsystem is not hosted on this gateway")
        federation = self.federation.current()
        # (2)
        purpose, basis = self._why(request)
        _check_texts(purpose[0], basis, request)
        peer = _route(federation, request)
        # (3)
        sent, content = await self._sign(request, purpose, basis, peer, federation)
        # (4)
        await self._append(PendingEntry(self._entry("sent", sent), sent.case))
        # (5)
        try:
            reply = await self.link.send(peer, sent.jws, content, deadline=request.deadline)
        except PeerUnavailable as error:
            await self._append_failure(sent, "peer.unavailable")
            raise self._placed(error, sent) from None
        # (6)
        try:
            if reply.statement is None:
                raise _unsigned(reply.content)
            federation = self.federation.current()
            answer = verify_answer(reply.statement, sent.statement, sent.jws, federation)
            head, body = unframe(reply.content)
            if not answer.head.matches(head) or not answer.body.matches(body):
                raise BadAnswer("the answer's head or body is not the one that was signed")
            answer_head = AnswerHead.from_bytes(head)
            if answer_head.status != answer.status:
                raise BadAnswer("the answer's head and statement differ in their status")
        except ExchangeError as error:
            await self._append_failure(sent, "answer.unverified")
            raise self._placed(_as_provider_fault(error), sent) from None
        # (7)
        refusal = _refusal(answer, body)
        if (DOUBLE_AUDIT, "emergency") in answer_head.headers:
            used = emergency_used("asking", sent.statement, int(time.time()))
            await self._append(PendingEntry(used, sent.case))
        await self._append_outcome(sent, answer, reply.statement, head, refusal)
        # (8)
        return ExchangeAnswer(
            answer.id, answer.cid, answer.status, answer_head.headers, body, answer, refusal
        )

    def _why(self, request: OutgoingRequest) -> tuple[tuple[str, str], str]:
        """Purpose with its source, and legal basis: the client's own, or the agreement's."""
        agreement = self.agreements.find(request.client, request.service)
        terms = agreement.terms_for(request.service) if agreement else None
        purpose, basis = request.purpose, request.basis
        source = "client"
        if purpose is None and terms is not None:
            purpose, source = terms.default_purpose, "agreement"
        if basis is None and terms is not None:
            basis = terms.default_legal_basis
        if purpose is None or basis is None:
            raise RequestMismatch(
                "no purpose or legal basis: send Isthmus-Purpose and Isthmus-Legal-Basis, "
                "or agree on defaults",
                reasons=("purpose.missing" if purpose is None else "legal_basis.missing",),
                hop=str(self.gateway),
            )
        return (purpose, source), basis

    async def _sign(
        self,
        request: OutgoingRequest,
        purpose: tuple[str, str],
        basis: str,
        peer: GatewayEntry,
        federation: FederationSnapshot,
    ) -> tuple[_Sent, bytes]:
        read = RequestHead(request.method, request.path, request.query, request.headers, request.consent)
        head = read.to_bytes()
        member = request.client.member
        now = int(time.time())
        about = subject_of(federation.service(request.service), read, request.body)
        subject = await self._tag(member, about.type, about.value, now) if about else None
        officer = request.user
        user = await self._tag(member, "user", officer.id, now) if officer.id else None
        identifier = new_exchange_id()
        statement = RequestStatement(
            id=identifier,
            cid=request.cid or identifier,
            retry_of=request.retry_of,
            iss=str(request.client),
            gw=str(self.gateway),
            aud=str(request.service),
            to=str(peer.id),
            purpose=purpose[0],
            purpose_source="agreement" if purpose[1] == "agreement" else "client",
            basis=basis,
            consent=consent_reference(request.consent) if request.consent else None,
            user=None if officer == NOBODY else _asserted(officer, user),
            represents=request.represents,
            issue=request.issue,
            head=HeadDigest.of(head),
            body=BodyDigest.of(request.body, request.media_type),
            iat=now,
            exp=now + LIFETIME_S,
            snapshot=federation.version,
        )
        jws = self.hosted.signers[str(member)].sign(statement.to_payload(), now)
        case = Case(
            subjects=(subject,) if subject else (),
            user=user,
            method=request.method,
            path=request.path,
            request=jws,
            request_head=head.decode(),
            acts={"label": request.label} if request.label else {},
        )
        return _Sent(statement, jws, head, case), frame(head, request.body)

    async def _tag(self, member: MemberId, kind: str, value: str, now: int) -> str:
        """A person's pseudonym in this member's log."""
        try:
            return await self.tags.tag(str(member), kind, value, now)
        except AuditError:
            raise AuditUnavailable(hop=str(self.gateway)) from None

    async def _append(self, pending: PendingEntry) -> None:
        try:
            await self.log.append(pending)
        except AuditError:
            _logger.exception("the log refused an entry; nothing was sent or handed over")
            unavailable = AuditUnavailable(hop=str(self.gateway))
            unavailable.exchange = pending.entry.id if pending.entry.kind != "sent" else None
            raise unavailable from None

    async def _append_failure(self, sent: _Sent, reason: str) -> None:
        failed = self._entry("outcome", sent, result="failed", reasons=(reason,))
        await self._append(PendingEntry(failed, sent.case))

    async def _append_outcome(
        self,
        sent: _Sent,
        answer: AnswerStatement,
        answer_jws: str,
        answer_head: bytes,
        refusal: ExchangeError | None,
    ) -> None:
        outcome = self._entry(
            "outcome",
            sent,
            answer=answer,
            answer_jws=answer_jws,
            result=result_of(answer),
            reasons=refusal.reasons if refusal else (),
        )
        case = replace(sent.case, answer=answer_jws, answer_head=answer_head.decode())
        await self._append(PendingEntry(outcome, case))

    def _entry(
        self,
        kind: Kind,
        sent: _Sent,
        *,
        answer: AnswerStatement | None = None,
        answer_jws: str | None = None,
        result: Result | None = None,
        reasons: tuple[str, ...] = (),
    ) -> Entry:
        return entry(
            kind,
            "asking",
            int(time.time()),
            sent.statement,
            sent.jws,
            answer=answer,
            answer_jws=answer_jws,
            result=result,
            reasons=reasons,
        )

    def _placed(self, error: ExchangeError, sent: _Sent) -> ExchangeError:
        """Say which hop failed, unless the other gateway has said it, and in which exchange."""
        error.hop = error.hop or str(self.gateway)
        error.exchange = sent.statement.id
        return error


def _asserted(officer: Officer, pseudonym: str | None) -> dict[str, str | None]:
    """The statement's `user`."""
    return {
        "pseudonym": pseudonym,
        "role": officer.role,
        "area": officer.area,
        "assurance": officer.assurance,
    }


def _check_texts(purpose: str, basis: str, request: OutgoingRequest) -> None:
    """What the provider would have to call malformed is our client's to put right, before we sign it."""
    check_code(purpose)
    check_code(basis)
    bounds = {
        "issue": (request.issue or "-", MAX_TEXT_LENGTH),
        "role": (request.user.role or "-", MAX_TEXT_LENGTH),
        "area": (request.user.area or "-", MAX_TEXT_LENGTH),
        "assurance": (request.user.assurance or "-", MAX_TEXT_LENGTH),
        "media type": (request.media_type or "-", MAX_TEXT_LENGTH),
    }
    for name, (text, longest) in bounds.items():
        if not 0 < len(text) <= longest or not text.isprintable():
            raise MalformedRequest(f"the {name} is not 1 to {longest} printable characters")


def _route(federation: FederationSnapshot, request: OutgoingRequest) -> GatewayEntry:
    """A gateway of the provider; the first in the federation's order."""
    service, provider = request.service, request.service.provider
    gateways = federation.gateways_of(provider)
    if not gateways or not federation.member_active(service.member):
        raise UnknownService("no active member of the federation offers this service")
    return gateways[0]


def _unsigned(content: bytes) -> ExchangeError:
    """What an unsigned problem of a peer means: it answered, but proves nothing."""
    try:
        document = parse_object(content, max_bytes=MAX_PROBLEM_BYTES, what="the peer's problem")
    except ExchangeError:
        return BadAnswer("the provider's gateway answered without a statement")
    error = problems.from_document(document)
    if isinstance(error, GatewayError):
        return PeerUnavailable("the provider's gateway cannot answer now", reasons=error.reasons)
    return BadAnswer(
        f"the provider's gateway sent no statement but said: {error.title if error else 'nothing'}"
    )


def _refusal(answer: AnswerStatement, body: bytes) -> ExchangeError | None:
    """The problem that a refusal carries; None for an answer."""
    if answer.typ == "answer":
        return None
    try:
        document = parse_object(body, max_bytes=MAX_PROBLEM_BYTES, what="the refusal")
    except ExchangeError:
        document = {}
    refusal = problems.from_document(document) or Refused("the provider refused without a readable reason")
    refusal.hop = answer.gw
    return refusal


def _as_provider_fault(error: ExchangeError) -> ExchangeError:
    """A malformed answer is the provider's fault, not our client's."""
    return error if error.fault == "provider" else BadAnswer(error.detail)
