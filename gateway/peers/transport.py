"""The gateway's own HTTP/1.1 client for peers and pass-through sources.

Small because it does one thing: send bytes to a registered address over a kept-alive connection,
and get status, headers and body back, within a deadline and a size. No redirects, no proxies, no
decompression, no cookies. Why it is ours: `docs/decisions/` (the libraries measured cannot show the
peer's certificate, which the protocol must bind to the federation, and cost several times as much).

A connection carries one request at a time, is reused last-used-first, and is discarded after any
error, timeout or cancellation. A request is never repeated here. The resolved address, not the
name, is checked before connecting, so that a name cannot be re-pointed at the inside of a network.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httptools

from gateway.trust.tls import certificate_digest
from schemas.errors import ConfigurationError

IDLE_LIMIT_S: Final = 50.0
"""Idle connections are closed sooner than the server (75 s) would, so none is met half-closed."""
CONNECT_TIMEOUT_S: Final = 5.0
MAX_CONNECTIONS: Final = 64
"""Per origin; a further request waits for a free one."""
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 128

Network = IPv4Network | IPv6Network


class TransportError(Exception):
    """The other side could not be reached, or did not answer in HTTP within the limits.

    `sent` says whether any byte of the request may have arrived."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a registered address; the path stays with the caller. With
    `certificates` (SHA-256, base64url), the peer must show one of them."""

    host: str
    port: int
    tls: bool
    certificates: frozenset[str] | None = None

    @classmethod
    def of(cls, url: str, certificates: frozenset[str] | None = None) -> Origin:
        """The origin of an `http` or `https` URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigurationError("an address must be an http or https URL without credentials")
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, certificates)

    @property
    def authority(self) -> str:
        """`host:port`, as the Host header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header that must not repeat; None if it is absent or repeated."""
        values = [value for candidate, value in self.headers if candidate == name]
        return values[0] if len(values) == 1 else None


class HttpTransport:
    """Pools of connections to registered origins. One per process and event loop."""

    def __init__(self, context: ssl.SSLContext | None, allowed_networks: Iterable[Network] = ()) -> None:
        """`context` is for connections over TLS; without it, only plain HTTP works.
        Addresses that are not global are refused unless a network here holds them."""
        self._context = context
        self._allowed = tuple(allowed_networks)
        self._pools: dict[Origin, _Pool] = {}

    async def send(self, origin: Origin, request: bytes, *, deadline: float, max_body: int) -> Response:
        """Send one request's bytes, head and body, and read its response.

        `deadline` is a moment of `time.monotonic`; `max_body` is in bytes.

        Raises:
            TransportError: no connection, a broken or oversize response.
            TimeoutError: the deadline passed.
        """
        pool = self._pools.get(origin) or self._pools.setdefault(origin, _Pool())
        connection = pool.take()
        if connection is None:
            async with asyncio.timeout(deadline - time.monotonic()):
                connection = await pool.wait() or await self._connect_in(pool, origin)
        try:
            response = await connection.exchange(request, max_body, deadline - time.monotonic())
        except BaseException:
            connection.discard()
            pool.give_back(None)
            raise
        pool.give_back(connection)
        return response

    async def _connect_in(self, pool: _Pool, origin: Origin) -> _Connection:
        try:
            return await self._connect(origin)
        except BaseException:
            pool.give_back(None)
            raise

    async def close(self) -> None:
        """Close every idle connection."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)

    async def _connect(self, origin: Origin) -> _Connection:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                return await self._open(origin)
        except TimeoutError:
            raise TransportError("no connection within 5 s", sent=False) from None
        except OSError as error:
            raise TransportError(f"no connection: {type(error).__name__}", sent=False) from None

    async def _open(self, origin: Origin) -> _Connection:
        loop = asyncio.get_running_loop()
        address = await self._resolve(origin)
        context = None
        if origin.tls:
            if self._context is None:
                raise TransportError("no TLS settings for this origin", sent=False)
            context = self._context
        _, protocol = await loop.create_connection(
            _Connection,
            address,
            origin.port,
            ssl=context,
            server_hostname=origin.host if context else None,
        )
        connection = protocol
        if origin.certificates is not None:
            shown = connection.peer_certificate()
            if shown is None or certificate_digest(shown) not in origin.certificates:
                connection.discard()
                raise TransportError("the peer showed a certificate that is not registered", sent=False)
        return connection

    async def _resolve(self, origin: Origin) -> str:
        """One address of the host that may be called."""
        found = await asyncio.get_running_loop().getaddrinfo(
            origin.host, origin.port, type=socket.SOCK_STREAM
        )
        for *_, place in found:
            if self._may_call(str(place[0])):
                return str(place[0])
        raise TransportError("the address is in a private range that is not allowed", sent=False)

    def _may_call(self, address: str) -> bool:
        number = ip_address(address.split("%", 1)[0])
        return number.is_global or any(number in network for network in self._allowed)


@dataclass(slots=True)
class _Pool:
    """The connections to one origin. A place is the right to use one connection, idle or new."""

    idle: deque[tuple[_Connection, float]] = field(default_factory=deque)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    places: int = MAX_CONNECTIONS

    def take(self) -> _Connection | None:
        """A place with an idle connection, at once, or nothing at all."""
        if self.places == 0:
            return None
        connection = self._idle_connection()
        if connection is not None:
            self.places -= 1
        return connection

    async def wait(self) -> _Connection | None:
        """A place, when there is one, with an idle connection or without."""
        if self.places == 0:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self.give_back(None)  # the place had just been handed over
                raise
        else:
            self.places -= 1
        return self._idle_connection()

    def give_back(self, connection: _Connection | None) -> None:
        """Give a place back, with its connection if that may carry another request."""
        if connection is not None:
            if connection.usable:
                self.idle.append((connection, time.monotonic()))
            else:
                connection.discard()
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.places += 1
        if self.idle and time.monotonic() - self.idle[0][1] >= IDLE_LIMIT_S:
            self.idle.popleft()[0].discard()

    def close(self) -> None:
        """Close every idle connection."""
        while self.idle:
            self.idle.pop()[0].discard()

    def _idle_connection(self) -> _Connection | None:
        """The connection used last, if it is still good; stale ones are dropped on the way."""
        now = time.monotonic()
        while self.idle:
            connection, since = self.idle.pop()
            if connection.usable and now - since < IDLE_LIMIT_S:
                return connection
            connection.discard()
        return None


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._waiter: asyncio.Future[Response] | None = None
        self._closed = False
        self._keep_alive = True

    @property
    def usable(self) -> bool:
        return not self._closed and self._keep_alive and not self._transport.is_closing()

    def peer_certificate(self) -> bytes | None:
        session: Any = self._transport.get_extra_info("ssl_object")
        certificate: bytes | None = session.getpeercert(binary_form=True) if session else None
        return certificate

    async def exchange(self, request: bytes, max_body: int, timeout_s: float) -> Response:
        loop = asyncio.get_running_loop()
        self._begin(max_body)
        self._without_body = request.startswith(b"HEAD ")
        waiter: asyncio.Future[Response] = loop.create_future()
        self._waiter = waiter
        clock = loop.call_later(max(0.0, timeout_s), self._expire, waiter)
        self._transport.write(request)
        try:
            return await waiter
        finally:
            clock.cancel()

    @staticmethod
    def _expire(waiter: asyncio.Future[Response]) -> None:
        if not waiter.done():
            waiter.set_exception(TimeoutError())

    def discard(self) -> None:
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    # The asyncio protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.discard()  # it spoke without being asked
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("the response is not HTTP, or larger than allowed")

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._closed = True
        self._fail("the connection was closed before the response was complete")

    # The parser's calls. An exception here reaches `data_received` as an HttpParserError.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self._headers) >= MAX_HEADERS:
            raise ValueError
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self._without_body:  # its length is that of a body which does not follow
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body:
            raise ValueError
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._headers.clear()
            return
        self._keep_alive = self._parser.should_keep_alive()
        if self._waiter is not None and not self._waiter.done():
            body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            self._waiter.set_result(Response(status, tuple(self._headers), body))
        self._waiter = None

    def _begin(self, max_body: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._header_bytes = self._body_bytes = 0
        self._max_body = max_body

    def _fail(self, cause: str) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(TransportError(cause, sent=True))
        self._closed = True
