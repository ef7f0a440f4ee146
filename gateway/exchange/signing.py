"""Signing answers and refusals: step 8 of the answering side.

Both are statements about a head and a body, signed by the member that offers the service. A refusal's
body is a problem, and says to the asker only what the asker may know; the log has every reason.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from gateway.exchange import problems
from gateway.exchange.fetching import Fetched
from gateway.exchange.ports import Hosted
from gateway.exchange.under_way import Exchange
from schemas.errors import ExchangeError
from schemas.identifiers import GatewayId, ServiceId
from schemas.statement import LIFETIME_S, AnswerStatement, BodyDigest, HeadDigest, jws_digest
from schemas.wire import AnswerHead, frame


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """What goes back to the asking gateway: a statement, and head and body framed."""

    jws: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """An answer or refusal, ready to be logged and sent."""

    statement: AnswerStatement
    jws: str
    head: bytes
    signed: SignedAnswer


@dataclass(frozen=True, slots=True)
class AnswerSigner:
    """Signs for the members hosted here."""

    gateway: GatewayId
    hosted: Hosted

    def answer(self, exchange: Exchange, fetched: Fetched) -> Signed:
        """Sign what may leave."""
        head = AnswerHead(fetched.status, fetched.headers)
        return self._sign(exchange, "answer", head, fetched.body, fetched.media_type, fetched.fields)

    def refusal(self, exchange: Exchange, shown: ExchangeError) -> Signed:
        """Sign a refusal; `shown` is what the asker may know of it (`refusals.for_the_asker`)."""
        body = problems.to_bytes(shown, exchange=exchange.statement.id, hop=str(self.gateway))
        head = AnswerHead(shown.status, (("content-type", problems.MEDIA_TYPE),))
        return self._sign(exchange, "refusal", head, body, problems.MEDIA_TYPE, ())

    def _sign(
        self,
        exchange: Exchange,
        typ: Literal["answer", "refusal"],
        read: AnswerHead,
        body: bytes,
        media_type: str,
        fields: tuple[str, ...],
    ) -> Signed:
        request, head = exchange.statement, read.to_bytes()
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
            status=read.status,
            decision=exchange.decision_id,
            fields=fields,
            iat=now,
            exp=now + LIFETIME_S,
            snapshot=exchange.snapshot,
        )
        member = ServiceId.parse(request.aud).member
        jws = self.hosted.signers[str(member)].sign(statement.to_payload(), now)
        return Signed(statement, jws, head, SignedAnswer(jws, frame(head, body)))
