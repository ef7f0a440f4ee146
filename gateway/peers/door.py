"""The peer door: `POST /peer/v1/exchange`, for federation peers only.

Plain ASGI. The certificate comes from the TLS session. A new answer or refusal is always 200 with
its statement; what fails before a statement is bound to the federation is an unsigned problem.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from gateway.exchange import problems
from gateway.exchange.answering import AnsweringSide
from gateway.peers.link import PATH, STATEMENT_HEADER
from gateway.trust.asgi import ClientGone, Receive, Scope, Send, header, read_body, respond
from gateway.trust.failures import describe
from gateway.trust.meters import Meters
from gateway.trust.tls import peer_certificate
from schemas.errors import (
    ExchangeError,
    GatewayError,
    MalformedRequest,
    MethodNotAllowed,
    Unauthenticated,
    UnknownService,
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PeerDoor:
    """The ASGI application of the peer port's exchange path. `max_content` is in bytes."""

    side: AnsweringSide
    meters: Meters
    max_content: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._exchange(scope, receive, send)
        except ClientGone:
            return
        except ExchangeError as error:
            await self._refuse(error, scope, send)
        except Exception as error:  # noqa: BLE001  whatever breaks, the peer gets a problem and no data
            _logger.error("the peer door failed: %s", describe(error))  # noqa: TRY400  no traceback: it may quote data
            await self._refuse(GatewayError("the gateway failed; its log says why"), scope, send)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        certificate = peer_certificate(scope)
        if certificate is None:
            raise Unauthenticated("a peer must show its TLS certificate")
        if scope["path"] != PATH:
            raise UnknownService("the peer port has no such path")
        if scope["method"] != "POST":
            raise MethodNotAllowed("an exchange is posted")
        statement = header(scope, STATEMENT_HEADER.encode())
        if statement is None or not statement.isascii():
            raise MalformedRequest("the header Isthmus-Statement is missing or not ASCII")
        content = await read_body(scope, receive, self.max_content)
        answer = await self.side.answer(statement, content, certificate)
        headers = ((STATEMENT_HEADER, answer.jws), ("content-type", "application/vnd.isthmus.exchange"))
        await respond(scope, send, 200, headers, answer.content)

    async def _refuse(self, error: ExchangeError, scope: Scope, send: Send) -> None:
        self.meters.unsigned_problem(error.slug)
        body = problems.to_bytes(error, hop=str(self.side.gateway))
        await respond(scope, send, error.status, (("content-type", problems.MEDIA_TYPE),), body)
