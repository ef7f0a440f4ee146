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
from dataclasses import dataclass, field, replace
from functools import partial

from audit.log import AuditLog
from audit.subject_tag import SubjectTags
from gateway.exchange.advice import advise
from gateway.exchange.binding import verify_request
from gateway.exchange.decided import Decided
from gateway.exchange.emergencies import Emergencies
from gateway.exchange.facts import after_fetch, decision_id, gather, is_unsafe
from gateway.exchange.fetching import Fetched, Fetching, Question, read_question
from gateway.exchange.journal import Journal
from gateway.exchange.masks import MaskKeys
from gateway.exchange.obligations import plan
from gateway.exchange.ports import (
    CheckConsent,
    CurrentFederation,
    FindAgreement,
    Hosted,
    HostedService,
)
from gateway.exchange.refusals import for_the_asker, is_hidden, knowable
from gateway.exchange.replay import ReplayGuard
from gateway.exchange.reserved import JSON, MEMBERSHIP, ReservedService, find_reserved, read_reserved
from gateway.exchange.signing import AnswerSigner, Signed, SignedAnswer
from gateway.exchange.timing import TimingClass
from gateway.exchange.under_way import UNDECIDED, Exchange
from gateway.exchange.usage import Usage
from gateway.trust.failures import describe
from policies.engine import PolicyEngine
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
from schemas.statement import RequestStatement, check_freshness, signing_digest
from schemas.strict_json import dump
from schemas.wire import RequestHead, unframe

_logger = logging.getLogger(__name__)


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
    usage: Usage
    emergencies: Emergencies
    mask_keys: MaskKeys
    timing: TimingClass = field(default_factory=TimingClass)

    @property
    def journal(self) -> Journal:
        """Writes this gateway's log."""
        return Journal(self.gateway, self.log)

    @property
    def signer(self) -> AnswerSigner:
        """Signs answers and refusals."""
        return AnswerSigner(self.gateway, self.hosted)

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
        exchange = Exchange(statement, jws, federation.version)
        # (2)
        try:
            self.replays.claim(statement.iss, statement.id, signing_digest(jws))
            answer = await self._answer_once(exchange, content)
        except Replayed as replayed:
            if replayed.differs:
                await self.journal.alarm(exchange)
            raise await self._with_original(replayed, statement) from None
        # (10)
        return answer.signed

    async def _answer_once(self, exchange: Exchange, content: bytes) -> Signed:
        """Steps 3 to 9. Who could not answer gives the statement's id back."""
        try:
            return await self._answer_or_refuse(exchange, content)
        except BaseException:
            self.replays.give_back(exchange.statement.iss, exchange.statement.id)
            raise

    async def _with_original(self, replayed: Replayed, statement: RequestStatement) -> Replayed:
        """The same refusal with the first answer's statement, once there is one."""
        original = await self.journal.first_answer(statement)
        return Replayed(replayed.detail, original=original, differs=replayed.differs)

    async def _answer_or_refuse(self, exchange: Exchange, content: bytes) -> Signed:
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
        answer = self.signer.answer(exchange, fetched)
        # (9)
        await self.journal.answered(exchange, answer)
        return answer

    async def _refuse(self, exchange: Exchange, error: ExchangeError) -> Signed:
        """Refuse with what the asker may know. What it may not know costs it, and takes, the same as ever."""
        shown = await knowable(error, exchange, self.policy) if is_hidden(error) else error
        service = exchange.statement.aud
        if is_hidden(shown):
            before = exchange.deadline
            await self.timing.release(service, exchange.arrived, fetched=exchange.fetched, before=before)
        else:
            await self.usage.give_back(exchange.reserved)
        hosted = self.hosted.services.get(service)
        advice = partial(
            advise,
            agreement=exchange.agreement,
            service=ServiceId.parse(service),
            contact=hosted.contact if hosted else None,
        )
        refusal = self.signer.refusal(exchange, for_the_asker(shown, advice))
        await self.journal.outcome(exchange, refusal, error)
        return refusal

    def _check_meant_for_us(self, statement: RequestStatement) -> None:
        provider = ServiceId.parse(statement.aud).provider
        if statement.to != str(self.gateway) or provider not in self.hosted.subsystems:
            raise UnknownService("the statement is meant for another gateway", hop=str(self.gateway))

    async def _steps_three_to_seven(self, exchange: Exchange, content: bytes) -> Fetched:
        statement = exchange.statement
        now = int(time.time())
        check_freshness(statement.iat, statement.exp, now)
        head, body = self._open(exchange, content)
        reserved = find_reserved(self.hosted.reserved, ServiceId.parse(statement.aud))
        if reserved is not None:
            return await self._answer_reserved(reserved, exchange, head, body, now)
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
            head.consent, statement, question.subject, deadline=exchange.deadline
        )
        exchange.reserved = await self.usage.reserve(exchange, question.subject, now)
        emergency = await self.emergencies.fact(
            str(ServiceId.parse(statement.aud).member), statement.purpose, now
        )
        facts = gather(
            statement, head, service, exchange.agreement, question.subject, question.record, consent, now,
            usage=exchange.reserved.facts, emergency=emergency,
        )  # fmt: skip
        # (4)
        await self._decide(exchange, facts)
        # (5)
        if is_unsafe(service, head):
            await self.journal.accepted(exchange)
        # (6)
        return await self._fetch(exchange, facts, service, question)

    async def _answer_reserved(
        self, service: ReservedService, exchange: Exchange, head: RequestHead, body: bytes, now: int
    ) -> Fetched:
        """A reserved service in place of steps 3 to 7: membership permits, and no policy is asked."""
        question = read_reserved(exchange.statement, head, body, now)
        exchange.decision_id = MEMBERSHIP
        if service.unsafe:
            await self.journal.accepted(exchange)
        return Fetched(200, (("content-type", JSON),), dump(dict(await service.answer(question))), JSON, ())

    async def _fetch(
        self, exchange: Exchange, facts: DecisionInput, service: HostedService, question: Question
    ) -> Fetched:
        decision = _granted(exchange.decision)
        if question.record is None:
            forwarded = await self.fetching.forward(service, question, deadline=exchange.deadline)
            return replace(forwarded, headers=(*forwarded.headers, *exchange.duties.headers))
        began = time.monotonic()
        exchange.fetched = True
        outcome = await self.fetching.fetch(service, question.record, decision, deadline=exchange.deadline)
        self.timing.fetched(exchange.statement.aud, time.monotonic() - began)
        # (7)
        if isinstance(outcome, Match):  # also when the source says nothing: an area may have been needed
            await self._decide(exchange, after_fetch(facts, outcome))
            decision = _granted(exchange.decision)
        disclosed = exchange.agreement is not None and exchange.agreement.absence == "disclosed"
        return self.fetching.project(outcome, question.record, decision, exchange.duties, disclosed=disclosed)

    async def _decide(self, exchange: Exchange, facts: DecisionInput) -> None:
        """Ask policy; a refusal is raised with every reason, for the log."""
        exchange.decided = exchange.decided.then(facts) if exchange.decided else Decided(facts, facts)
        decision = await self.policy.decide(facts)
        exchange.decision = decision
        exchange.decided = exchange.decided.as_decided(decision)
        if exchange.decision_id == UNDECIDED:  # of the facts before the fetch: see `decision_id`
            exchange.decision_id = decision_id(facts, decision.policy_version)
        if not decision.allow:
            raise Refused(reasons=decision.reasons)
        exchange.duties = plan(decision, facts, self.mask_keys)

    def _open(self, exchange: Exchange, content: bytes) -> tuple[RequestHead, bytes]:
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


def _granted(decision: Decision | None) -> Decision:
    if decision is None:
        raise Refused(reasons=("policy.unavailable",))
    return decision
