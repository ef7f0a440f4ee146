"""The network below the kinds over HTTP: which addresses a source's names may lead to.

The address that is checked is the address that is connected to, so a name that is pointed at
another machine between check and connection (DNS rebinding) gains nothing. Which addresses are
allowed, and why: `docs/decisions/2026-11-23-addresses-of-sources.md`. No proxies, no redirects, no
cookies, no decompression.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from ssl import SSLContext
from typing import Any, Final

import httpcore
import httpx

from adapters.http.reach import Reach

_TRIED: Final = 4
"""Addresses of one name that are tried before it counts as unreachable."""


class ForbiddenAddress(httpcore.ConnectError):
    """A name leads only to addresses that may not be called; the text names none of them."""


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses within reach only."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore says: resolve, check, connect to what was checked."""
        allowed = [a for a in await _resolve(host, port, timeout) if self._reach.allows(host, a)]
        failure: httpcore.ConnectError = ForbiddenAddress()
        for address in allowed[:_TRIED]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure


class HttpNetwork(httpx.AsyncBaseTransport):
    """HTTP/1.1 over checked connections; what goes wrong is an error of httpcore."""

    def __init__(self, reach: Reach, context: SSLContext | None, places: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=places,
            max_keepalive_connections=places,
            keepalive_expiry=5.0,
            network_backend=CheckedNetwork(reach),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request as it stands."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _resolve(host: str, port: int, timeout_s: float | None) -> list[str]:
    try:
        async with asyncio.timeout(timeout_s):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise httpcore.ConnectTimeout from None
    except (OSError, UnicodeError):
        raise httpcore.ConnectError from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
