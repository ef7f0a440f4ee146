"""The server's HTTP protocol: uvicorn's, with what a gateway needs and stock uvicorn lacks.

- The peer's certificate, from the TLS session, in the ASGI scope (uvicorn 0.54 hides it). It is read
  once per connection; nothing that a client writes can put it there.
- A deadline for each whole request, so that a client that drips bytes is cut off with a 408.
- Bounds on the number and size of headers.

It subclasses uvicorn's httptools protocol and touches only what is named here; the tests hold it to
the pinned version.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from gateway.doors.clients import DEVELOPMENT_CLIENT
from gateway.exchange import problems
from gateway.trust.asgi import RESPOND
from gateway.trust.tls import PEER_CERTIFICATE
from schemas.errors import ExchangeError, MalformedRequest, RequestTimeout, TooLarge
from schemas.identifiers import SubsystemId

MAX_HEADERS: Final = 100
MAX_HEADER_BYTES: Final = 64 * 1024


class GatewayHttpProtocol(HttpToolsProtocol):
    """One client connection. `request_timeout_s` and `development_client` are set per listener, on a
    subclass made by `listening_as`."""

    request_timeout_s: float = 15.0
    development_client: SubsystemId | None = None

    _extensions: dict[str, Any]
    _cut_off: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _incomplete = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the peer's certificate from the TLS session, and start the clock."""
        super().connection_made(transport)
        self.access_log = False  # whatever handlers the operator's logging has: paths hold identifiers
        session = transport.get_extra_info("ssl_object")
        certificate = session.getpeercert(binary_form=True) if session is not None else None
        self._extensions = {PEER_CERTIFICATE: certificate}
        if self.development_client is not None:
            self._extensions[DEVELOPMENT_CLIENT] = self.development_client
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Read; what is not complete now has a deadline. Most requests are, and cost no timer."""
        super().data_received(data)
        if self._incomplete and self._cut_off is None:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: give it the connection's facts."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = dict(self._extensions)
        self._header_bytes = 0
        self._incomplete = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Bound the headers; the parser stops at the first one too many."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
            raise ValueError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request begins to be served; let its application answer in one piece."""
        super().on_headers_complete()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"][RESPOND] = partial(self._respond, self.cycle)

    def on_message_complete(self) -> None:
        """The whole request has arrived in time."""
        self._incomplete = False
        self._stop_clock()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no acceptable HTTP with a problem."""
        del msg  # uvicorn's sentence; ours is a problem
        if self._header_bytes > MAX_HEADER_BYTES or (self.headers and len(self.headers) >= MAX_HEADERS):
            self._end_with(TooLarge("the request has more or longer headers than are accepted"))
        else:
            self._end_with(MalformedRequest("this is not an acceptable HTTP/1.1 request"))

    def _respond(
        self, cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Write a whole response, as uvicorn's cycle would in two pieces and after checks that the
        callers' headers have passed already; a line break in one ends the connection all the same."""
        if cycle.disconnected or cycle.response_complete:
            return
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        if head.count(b"\n") != len(headers) or cycle.response_started:
            self.transport.close()
            return
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        content = b"" if cycle.scope["method"] == "HEAD" else body
        self.transport.write(STATUS_LINE[status] + head + closing + b"\r\n" + content)
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def _start_clock(self) -> None:
        self._cut_off = self.loop.call_later(self.request_timeout_s, self._too_slow)

    def _stop_clock(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None

    def _too_slow(self) -> None:
        self._end_with(RequestTimeout())

    def _end_with(self, error: ExchangeError) -> None:
        """Write a problem, unless an answer has begun, and close."""
        self._stop_clock()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or not cycle.response_started or cycle.response_complete:
            body = problems.to_bytes(error)
            head = (
                f"HTTP/1.1 {error.status} {error.title}\r\ncontent-type: {problems.MEDIA_TYPE}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + body)
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()


def listening_as(
    *, request_timeout_s: float, development_client: SubsystemId | None = None
) -> type[GatewayHttpProtocol]:
    """The protocol class of one listener."""
    members = {"request_timeout_s": request_timeout_s, "development_client": development_client}
    return type("ListenerHttpProtocol", (GatewayHttpProtocol,), members)
