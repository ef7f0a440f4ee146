"""The X-Road door: `/r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE[/path]`, unchanged for its clients.

X-Road message protocol for REST (PR-REST 4), as plain ASGI. It reads the headers once, asks, and
writes X-Road's headers back. Differences that a client may notice: `X-Road-Client` must match the
client's certificate; purpose and legal basis come from `Isthmus-Purpose` and `Isthmus-Legal-Basis`
or from the agreement's defaults; every answer carries `Isthmus-Receipt`. SOAP is not spoken here.
"""

from __future__ import annotations

import logging
import re
import time
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha512
from typing import Final

from gateway.doors.clients import Clients
from gateway.doors.metaservices import Listing, Metaservices
from gateway.doors.xroad_errors import error_response
from gateway.exchange.asking import AskingSide
from gateway.exchange.request import ExchangeAnswer, Officer, OutgoingRequest
from gateway.exchange.target import canonical_path, canonical_query
from gateway.trust.asgi import ClientGone, Receive, Scope, Send, header, read_body, respond
from gateway.trust.failures import describe
from gateway.trust.meters import Meters
from schemas.errors import ExchangeError, GatewayError, MalformedRequest, UnknownService
from schemas.exchange_id import check_exchange_id
from schemas.identifiers import MemberId, ServiceId, SubsystemId, parse_part
from schemas.wire import Headers, end_to_end

_logger = logging.getLogger(__name__)

RECEIPT: Final = "Isthmus-Receipt"
_LABEL = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class XRoadDoor:
    """The ASGI application behind `/r1`. `max_body` is in bytes, `timeout_s` bounds an exchange."""

    side: AskingSide
    clients: Clients
    metaservices: Metaservices
    meters: Meters
    max_body: int
    timeout_s: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._serve(scope, receive, send)
        except ClientGone:
            return
        except ExchangeError as error:
            await self._fail(error, scope, send)
        except Exception as error:  # noqa: BLE001  whatever breaks, the client gets an error and no data
            _logger.error("the X-Road door failed: %s", describe(error))  # noqa: TRY400  no traceback: it may quote data
            await self._fail(GatewayError("the gateway failed; its log says why"), scope, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline = time.monotonic() + self.timeout_s
        raw_path = scope["raw_path"].decode("latin-1")
        client = self.clients.identify(scope, _named_client(scope))
        if raw_path == "/listClients":
            await _respond_listing(scope, send, self.metaservices.list_clients(client, scope))
            return
        provider, code, below = _split(raw_path)
        if code in self.metaservices.names:
            await _respond_listing(scope, send, self.metaservices.answer(code, provider, client, scope))
            return
        body = await read_body(scope, receive, self.max_body)
        request = self._request(scope, client, provider, code, below, body, deadline)
        started = time.perf_counter()
        answer = await self.side.ask(request)
        result = "refused" if answer.problem else "answered"
        self.meters.exchange("asking", str(request.service), result, time.perf_counter() - started)
        if answer.problem is not None:
            await self._fail(answer.problem, scope, send, request, answer)
            return
        await respond(scope, send, answer.status, _answer_headers(scope, request, body, answer), answer.body)

    def _request(
        self,
        scope: Scope,
        client: SubsystemId,
        provider: SubsystemId,
        code: str,
        below: str,
        body: bytes,
        deadline: float,
    ) -> OutgoingRequest:
        service, path = self._service(provider, code, below)
        headers = end_to_end((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"])
        retry_of = header(scope, b"isthmus-retry-of")
        conversation = header(scope, b"isthmus-conversation")
        return OutgoingRequest(
            client=client,
            service=service,
            method=scope["method"],
            path=path,
            query=canonical_query(scope["query_string"].decode("latin-1")),
            headers=headers,
            body=body,
            deadline=deadline,
            media_type=header(scope, b"content-type") or "",
            purpose=_label(scope, b"isthmus-purpose"),
            basis=_label(scope, b"isthmus-legal-basis"),
            consent=header(scope, b"isthmus-consent"),
            user=Officer(
                _label(scope, b"x-road-userid"),
                _label(scope, b"isthmus-user-role"),
                _label(scope, b"isthmus-user-area"),
                _label(scope, b"isthmus-user-assurance"),
            ),
            represents=_represented(scope, client),
            issue=_label(scope, b"x-road-issue"),
            cid=check_exchange_id(conversation) if conversation else None,
            retry_of=check_exchange_id(retry_of) if retry_of else None,
            label=_label(scope, b"x-road-id"),
        )

    def _service(self, provider: SubsystemId, code: str, below: str) -> tuple[ServiceId, str]:
        """The service, with its version if the next segment is one, and the path below it."""
        plain = provider.service(code)
        version, _, rest = below.removeprefix("/").partition("/")
        federation = self.side.federation.current()
        if version and federation.service(plain) is None:
            versioned = provider.service(code, parse_part(version))
            if federation.service(versioned) is not None:
                return versioned, canonical_path("/" + rest)
        if federation.service(plain) is None:
            raise UnknownService("no active member of the federation offers this service")
        return plain, canonical_path(below or "/")

    async def _fail(
        self,
        error: ExchangeError,
        scope: Scope,
        send: Send,
        request: OutgoingRequest | None = None,
        answer: ExchangeAnswer | None = None,
    ) -> None:
        status, headers, body = error_response(
            error,
            str(self.side.gateway),
            answer.id if answer else error.exchange,
            by_provider=answer is not None,
        )
        if request is not None and answer is not None:
            headers = (*headers, ("X-Road-Client", str(request.client)), (RECEIPT, answer.id))
        elif error.exchange is not None:
            headers = (*headers, (RECEIPT, error.exchange))
        await respond(scope, send, status, headers, body)


async def _respond_listing(scope: Scope, send: Send, listing: Listing) -> None:
    await respond(scope, send, 200, (("content-type", listing.media_type),), listing.body)


def _split(raw_path: str) -> tuple[SubsystemId, str, str]:
    """Provider, service code and the rest of `/r1/I/C/M/S/code/rest`."""
    parts = raw_path.split("/", 7)
    if len(parts) < 7:
        raise MalformedRequest("the path must be /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE")
    provider = SubsystemId.parse("/".join(parts[2:6]))
    below = "/" + parts[7] if len(parts) == 8 else ""
    return provider, parse_part(parts[6]), below


def _named_client(scope: Scope) -> SubsystemId:
    """The mandatory X-Road-Client; the last one counts if it is repeated, as in X-Road."""
    found = [value for name, value in scope["headers"] if name == b"x-road-client"]
    if not found:
        raise MalformedRequest("the header X-Road-Client is missing")
    return SubsystemId.parse(found[-1].decode("latin-1"))


def _label(scope: Scope, name: bytes) -> str | None:
    """A header that only labels: printable ASCII, at most 255 characters."""
    value = header(scope, name)
    if value is not None and _LABEL.fullmatch(value) is None:
        raise MalformedRequest(f"the header {name.decode('ascii')} is too long or not printable")
    return value


def _represented(scope: Scope, client: SubsystemId) -> str | None:
    """`X-Road-Represented-Party: [CLASS/]MEMBER` as a member of the client's instance."""
    value = _label(scope, b"x-road-represented-party")
    if value is None:
        return None
    member_class, slash, code = value.rpartition("/")
    decoded = parse_part(member_class) if slash else client.member_class
    return str(MemberId(client.instance, decoded, parse_part(code)))


def _answer_headers(scope: Scope, request: OutgoingRequest, body: bytes, answer: ExchangeAnswer) -> Headers:
    return (
        *answer.headers,
        ("X-Road-Client", str(request.client)),
        ("X-Road-Service", str(request.service)),
        ("X-Road-Id", request.label or answer.id),
        ("X-Road-Request-Id", answer.id),
        ("X-Road-Request-Hash", _request_hash(scope, request, body)),
        (RECEIPT, answer.id),
    )


def _request_hash(scope: Scope, request: OutgoingRequest, body: bytes) -> str:
    """base64(SHA512(SHA512(headers) ‖ SHA512(body))), or of the headers alone without a body. The
    headers are the request line and the end-to-end headers, one `name:value` a line."""
    target = scope["raw_path"].decode("latin-1") + (f"?{request.query}" if request.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}:{value}" for name, value in request.headers)]
    digest = sha512("\r\n".join(lines).encode("latin-1")).digest()
    if body:
        digest = sha512(digest + sha512(body).digest()).digest()
    return b64encode(digest).decode("ascii")
