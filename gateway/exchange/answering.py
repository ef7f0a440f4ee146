"""The answering side of one exchange, in ten steps (`docs/protocol.md` section 6).

1. verify the statement                   6. fetch the permitted fields, or forward
2. refuse a replay                        7. check, decide again, project, answer predicates
3. gather and verify facts                8. sign the answer
4. decide                                 9. append the `outcome` entry with the replay row
5. for unsafe exchanges append `accepted` 10. send

What fails in step 1, before the statement is bound to the federation, gets an unsigned problem and
no entry: nobody has said anything yet. Everything later is a signed refusal with an entry. If the
entry cannot be written, nothing leaves: no receipt, no data.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Literal

from audit.case import Case
from audit.entry import Entry, Kind, Result
from audit.errors import AuditError
from audit.errors import Replayed as ReplayedInLog
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.subject_tag import SubjectTags
from gateway.exchange import problems
from gateway.exchange.binding import verify_request
from gateway.exchange.decided import Decided
from gateway.exchange.entries import entry, replay_row, result_of, statement_digest
from gateway.exchange.facts import after_fetch, decision_id, gather, is_unsafe
from gateway.exchange.fetching import Fetched, Fetching, Question, read_question
from gateway.exchange.ports import (
    CheckConsent,
    CurrentFederation,
    FindAgreement,
    Hosted,
    HostedService,
)
from gateway.exchange.refusals import for_the_asker
from gateway.exchange.replay import ReplayGuard
from gateway.trust.failures import describe
from policies.engine import PolicyEngine
from schemas.agreement import Agreement
from schemas.decision import Decision, DecisionInput
from schemas.errors import (
    AuditUnavailable,
    ExchangeError,
    GatewayError,
    Refused,
    Replayed,
    RequestMismatch,
    UnknownService,
)
from schemas.identifiers import GatewayId, ServiceId, SubsystemId
from schemas.outcome import Match
from schemas.statement import (
    LIFETIME_S,
    AnswerStatement,
    BodyDigest,
    HeadDigest,
    RequestStatement,
    check_freshness,
    jws_digest,
    signing_digest,
)
from schemas.wire import AnswerHead, RequestHead, frame, unframe

_logger = logging.getLogger(__name__)
_UNDECIDED = "none"


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """What goes back to the asking gateway: a statement, and head and body framed."""

    jws: str
    content: bytes


@dataclass(slots=True)
class _Exchange:
    """What is known of one exchange so far. The steps fill it in; a refusal uses what is there."""

    statement: RequestStatement
    jws: str
    snapshot: int
    accepted: bool = False
    agreement: Agreement | None = None
    subject_tag: str | None = None
    head: RequestHead | None = None
    head_bytes: bytes = b""
    decision: Decision | None = None
    decision_id: str = _UNDECIDED
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class _Signed:
    """An answer or refusal, ready to be logged and sent."""

    statement: AnswerStatement
    jws: str
    head: bytes
    signed: SignedAnswer


@dataclass(frozen=True, slots=True)
class AnsweringSide:
    """Answers other gateways for the services hosted here."""

    gateway: GatewayId
    hosted: Hosted
    federation: CurrentFederation
    agreements: FindAgreement
    policy: PolicyEngine
    consents: CheckConsent
    fetching: Fetching
    tags: SubjectTags
    log: AuditLog
    replays: ReplayGuard

    async def answer(self, jws: str, content: bytes, tls_certificate: bytes) -> SignedAnswer:
        """Answer or refuse one statement, signed and logged.

        Raises:
            Replayed: its id was used before.
            AuditUnavailable: the outcome could not be logged, so nothing is disclosed.
            ExchangeError: it is not bound to the federation, or not meant for this gateway.
        """
        # (1)
        federation = self.federation.current()
        statement = verify_request(jws, tls_certificate, federation)
        self._check_meant_for_us(statement)
        exchange = _Exchange(statement, jws, federation.version)
        # (2)
        try:
            self.replays.claim(statement.iss, statement.id, signing_digest(jws))
            answer = await self._answer_once(exchange, content)
        except Replayed as replayed:
            if replayed.differs:
                await self._append_alarm(exchange)
            raise await self._with_original(replayed, statement) from None
        # (10)
        return answer.signed

    async def _answer_once(self, exchange: _Exchange, content: bytes) -> _Signed:
        """Steps 3 to 9. Who could not answer gives the statement's id back."""
        try:
            return await self._answer_or_refuse(exchange, content)
        except BaseException:
            self.replays.give_back(exchange.statement.iss, exchange.statement.id)
            raise

    async def _with_original(self, replayed: Replayed, statement: RequestStatement) -> Replayed:
        """The same refusal with the first answer's statement, once there is one."""
        try:
            row = await self.log.replay_seen(statement.iss, statement.id)
        except AuditError:
            row = None
        return Replayed(
            replayed.detail, original=(row.answer or None) if row else None, differs=replayed.differs
        )

    async def _answer_or_refuse(self, exchange: _Exchange, content: bytes) -> _Signed:
        try:
            fetched = await self._steps_three_to_seven(exchange, content)
        except (AuditUnavailable, Replayed):
            raise
        except ExchangeError as error:
            return await self._refuse(exchange, error)
        except Exception as error:  # noqa: BLE001  who asked is known: whatever breaks, the log says that they did
            _logger.error("an exchange broke: %s", describe(error))  # noqa: TRY400  no traceback: it may quote data
            return await self._refuse(exchange, GatewayError("the gateway failed; its log says why"))
        # (8)
        answer = self._sign_answer(exchange, fetched)
        # (9)
        await self._append_outcome(exchange, answer, None)
        return answer

    async def _refuse(self, exchange: _Exchange, error: ExchangeError) -> _Signed:
        refusal = self._sign_refusal(exchange, error)
        await self._append_outcome(exchange, refusal, error)
        return refusal

    def _check_meant_for_us(self, statement: RequestStatement) -> None:
        provider = ServiceId.parse(statement.aud).provider
        if statement.to != str(self.gateway) or provider not in self.hosted.subsystems:
            raise UnknownService("the statement is meant for another gateway", hop=str(self.gateway))

    async def _steps_three_to_seven(self, exchange: _Exchange, content: bytes) -> Fetched:
        statement = exchange.statement
        now = int(time.time())
        check_freshness(statement.iat, statement.exp, now)
        head, body = self._open(exchange, content)
        service = self._service(statement)
        # (3)
        question = read_question(service, head, body)
        exchange.agreement = self.agreements.find(
            SubsystemId.parse(statement.iss), ServiceId.parse(statement.aud)
        )
        if question.subject is not None:
            member = ServiceId.parse(statement.aud).member
            exchange.subject_tag = await self.tags.tag(
                str(member), question.subject.type, question.subject.value, now
            )
        consent = await self.consents.facts(
            head.consent, statement, question.subject, deadline=_deadline(exchange)
        )
        facts = gather(
            statement, head, service, exchange.agreement, question.subject, question.record, consent, now
        )
        # (4)
        await self._decide(exchange, facts)
        # (5)
        if is_unsafe(service, head):
            await self._append_accepted(exchange)
        # (6)
        return await self._fetch(exchange, facts, service, question)

    async def _fetch(
        self, exchange: _Exchange, facts: DecisionInput, service: HostedService, question: Question
    ) -> Fetched:
        decision = _granted(exchange.decision)
        if question.record is None:
            return await self.fetching.forward(service, question, deadline=_deadline(exchange))
        outcome = await self.fetching.fetch(service, question.record, decision, deadline=_deadline(exchange))
        # (7)
        if isinstance(outcome, Match) and (outcome.restricted is not None or outcome.area is not None):
            await self._decide(exchange, after_fetch(facts, outcome))
            decision = _granted(exchange.decision)
        disclosed = exchange.agreement is not None and exchange.agreement.absence == "disclosed"
        return self.fetching.project(outcome, question.record, decision, disclosed=disclosed)

    async def _decide(self, exchange: _Exchange, facts: DecisionInput) -> None:
        """Ask policy; a refusal is raised with every reason, for the log."""
        exchange.decided = exchange.decided.then(facts) if exchange.decided else Decided(facts, facts)
        decision = await self.policy.decide(facts)
        exchange.decision = decision
        exchange.decided = exchange.decided.as_decided(decision)
        if exchange.decision_id == _UNDECIDED:
            # Of the facts before the fetch only: the asker knows all others, so that a digest over what
            # the source says (`restricted`, `area`) would let it try out which value fits.
            exchange.decision_id = decision_id(facts, decision.policy_version)
        if not decision.allow:
            raise Refused(reasons=decision.reasons)

    def _open(self, exchange: _Exchange, content: bytes) -> tuple[RequestHead, bytes]:
        """Take head and body out of their frame, and check that they are the signed ones."""
        head, body = unframe(content)
        if not exchange.statement.head.matches(head) or not exchange.statement.body.matches(body):
            raise RequestMismatch(
                "the head or body is not the one that was signed", reasons=("statement.swapped",)
            )
        exchange.head_bytes = head
        exchange.head = RequestHead.from_bytes(head)
        return exchange.head, body

    def _service(self, statement: RequestStatement) -> HostedService:
        service = self.hosted.services.get(statement.aud)
        if service is None:
            raise UnknownService("the provider offers no such service", reasons=("service.unknown",))
        return service

    # (8) Signing.

    def _sign_answer(self, exchange: _Exchange, fetched: Fetched) -> _Signed:
        head = AnswerHead(fetched.status, fetched.headers).to_bytes()
        return self._sign(
            exchange, "answer", head, fetched.body, fetched.media_type, fetched.fields, fetched.status
        )

    def _sign_refusal(self, exchange: _Exchange, error: ExchangeError) -> _Signed:
        """A refusal says to the asker only what the asker may know; the log has every reason."""
        shown = for_the_asker(error)
        body = problems.to_bytes(shown, exchange=exchange.statement.id, hop=str(self.gateway))
        head = AnswerHead(shown.status, (("content-type", problems.MEDIA_TYPE),)).to_bytes()
        return self._sign(exchange, "refusal", head, body, problems.MEDIA_TYPE, (), shown.status)

    def _sign(
        self,
        exchange: _Exchange,
        typ: Literal["answer", "refusal"],
        head: bytes,
        body: bytes,
        media_type: str,
        fields: tuple[str, ...],
        status: int,
    ) -> _Signed:
        request = exchange.statement
        now = int(time.time())
        statement = AnswerStatement(
            typ=typ,
            id=request.id,
            cid=request.cid,
            iss=request.aud,
            gw=str(self.gateway),
            aud=request.iss,
            to=request.gw,
            purpose=request.purpose,
            purpose_source=request.purpose_source,
            basis=request.basis,
            head=HeadDigest.of(head),
            body=BodyDigest.of(body, media_type),
            req=jws_digest(exchange.jws),
            status=status,
            decision=exchange.decision_id,
            fields=fields,
            iat=now,
            exp=now + LIFETIME_S,
            snapshot=exchange.snapshot,
        )
        member = ServiceId.parse(request.aud).member
        jws = self.hosted.signers[str(member)].sign(statement.to_payload(), now)
        return _Signed(statement, jws, head, SignedAnswer(jws, frame(head, body)))

    # (5) and (9) Logging.

    async def _append_alarm(self, exchange: _Exchange) -> None:
        """Somebody used a statement's id for another content: that is no retry."""
        _logger.warning("exchange %s: its id came again with other content", exchange.statement.id)
        alarm = self._entry("alarm", exchange, reasons=("statement.id_reused",))
        await self._append(exchange, PendingEntry(alarm, self._case(exchange)))

    async def _append_accepted(self, exchange: _Exchange) -> None:
        row = replay_row(exchange.statement, exchange.jws, "", int(time.time()))
        accepted = self._entry("accepted", exchange)
        await self._append(exchange, PendingEntry(accepted, self._case(exchange), row))
        exchange.accepted = True

    async def _append_outcome(
        self, exchange: _Exchange, answer: _Signed, error: ExchangeError | None
    ) -> None:
        outcome = self._entry(
            "outcome", exchange, answer, result_of(answer.statement), error.reasons if error else ()
        )
        row = replay_row(
            exchange.statement, exchange.jws, answer.jws, answer.statement.iat, claimed=exchange.accepted
        )
        await self._append(exchange, PendingEntry(outcome, self._case(exchange, answer), row))

    async def _append(self, exchange: _Exchange, pending: PendingEntry) -> None:
        try:
            await self.log.append(pending)
        except ReplayedInLog as replayed:
            raise Replayed(
                "the statement's id was used before",
                differs=replayed.digest != statement_digest(exchange.jws),
            ) from None
        except AuditError:
            _logger.exception("the log refused an entry; nothing was disclosed")
            raise AuditUnavailable(hop=str(self.gateway)) from None

    def _entry(
        self,
        kind: Kind,
        exchange: _Exchange,
        answer: _Signed | None = None,
        result: Result | None = None,
        reasons: tuple[str, ...] = (),
    ) -> Entry:
        return entry(
            kind,
            "answering",
            int(time.time()),
            exchange.statement,
            exchange.jws,
            answer=answer.statement if answer else None,
            answer_jws=answer.jws if answer else None,
            result=result,
            reasons=reasons,
            policy_version=exchange.decision.policy_version if exchange.decision else None,
        )

    @staticmethod
    def _case(exchange: _Exchange, answer: _Signed | None = None) -> Case:
        user = exchange.statement.user
        return Case(
            subjects=(exchange.subject_tag,) if exchange.subject_tag else (),
            user=user["pseudonym"] if user else None,
            method=exchange.head.method if exchange.head else None,
            path=exchange.head.path if exchange.head else None,
            request=exchange.jws,
            request_head=exchange.head_bytes.decode() if exchange.head else None,
            answer=answer.jws if answer else None,
            answer_head=answer.head.decode() if answer else None,
            decided=exchange.decided.as_case() if answer and exchange.decided else {},
        )


def _granted(decision: Decision | None) -> Decision:
    if decision is None:
        raise Refused(reasons=("policy.unavailable",))
    return decision


def _deadline(exchange: _Exchange) -> float:
    """The source has until the asker stops waiting; a moment of `time.monotonic`."""
    return time.monotonic() + max(0, exchange.statement.exp - int(time.time()))
