"""The door at which systems call us: `/v1/sources/{source}/events`, plain ASGI.

It bounds and hands over; who is believed is decided by the source's kind (`adapters.receiving`). A source
that takes no calls, and one that does not exist, are the same 404. Bodies are bounded before they are
read, calls are bounded by source and second, and nothing of a call is logged. An answer below 300 is
given only after the event is kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from adapters.receiving import Call, Receiver, Reply
from gateway.doors.clients import Clients
from gateway.exchange import problems
from gateway.trust.asgi import ClientGone, Receive, Scope, Send, read_body, respond
from gateway.trust.failures import describe
from gateway.trust.meters import Meters
from schemas.errors import ExchangeError, GatewayError, MalformedRequest, Unauthenticated, UnknownService

PREFIX: Final = "/v1/sources/"
PER_SECOND: Final = 50
"""Calls of one source that a process takes in a second; more are told to come back."""

_SUFFIX: Final = "/events"
_MAX_QUERY: Final = 2048
_UNAUTHORIZED: Final = 401
_logger = logging.getLogger(__name__)


class Allowance:
    """At most so many calls in each second."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._left = per_second

    def take(self, now: float) -> bool:
        """Whether one more is allowed."""
        if int(now) != self._second:
            self._second, self._left = int(now), self._per_second
        self._left -= 1
        return self._left >= 0


@dataclass(frozen=True, slots=True)
class SourceEventsDoor:
    """Takes the calls of sources; `receivers` are by source id."""

    receivers: Mapping[str, Receiver]
    clients: Clients
    meters: Meters
    gateway: str
    allowances: dict[str, Allowance] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._serve(scope, receive, send)
        except ClientGone:
            return
        except ExchangeError as error:
            await self._fail(error, scope, send)
        except Exception as error:  # noqa: BLE001  told without its message, which may quote a person
            _logger.error("a source's call could not be taken: %s", describe(error))  # noqa: TRY400
            await self._fail(GatewayError("the event could not be kept; send it again"), scope, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        source = scope["path"].removeprefix(PREFIX).removesuffix(_SUFFIX)
        receiver = self.receivers.get(source)
        if receiver is None or not scope["path"].endswith(_SUFFIX):
            raise UnknownService("no source here takes calls under this name")
        allowance = self.allowances.setdefault(source, Allowance(PER_SECOND))
        if not allowance.take(time.monotonic()):
            self.meters.source_event(source, "delayed")
            await respond(scope, send, 429, [("retry-after", "1")], b"")
            return
        body = await read_body(scope, receive, receiver.max_body)
        reply = await receiver.take(self._call(scope, body))
        self.meters.source_event(source, reply.result)
        if reply.status == _UNAUTHORIZED and not reply.body:
            raise Unauthenticated("nobody we know vouches for this event")
        await respond(scope, send, reply.status, _headers(reply), reply.body)

    def _call(self, scope: Scope, body: bytes) -> Call:
        query = scope["query_string"].decode("latin-1")
        if len(query) > _MAX_QUERY:
            raise MalformedRequest("the query is too long")
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            # What stands twice is believed by nobody.
            text = name.decode("latin-1").lower()
            headers[text] = "" if text in headers else value.decode("latin-1")
        try:
            client: str | None = str(self.clients.identify(scope))
        except ExchangeError:
            client = None
        return Call(scope["method"], dict(parse_qsl(query, keep_blank_values=True)), headers, body, client)

    async def _fail(self, error: ExchangeError, scope: Scope, send: Send) -> None:
        body = problems.to_bytes(error, hop=self.gateway)
        headers = [("content-type", problems.MEDIA_TYPE), ("cache-control", "no-store")]
        await respond(scope, send, error.status, headers, body)


def _headers(reply: Reply) -> list[tuple[str, str]]:
    headers = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    return [*headers, ("content-type", reply.type)] if reply.body else headers
