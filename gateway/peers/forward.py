"""Forwards pass-through requests to their source, exactly as policy saw them.

The source's address and credentials come from its file; the client's own end-to-end headers travel
(an `Authorization` of the client's gives way to the source's credentials, if the source has any).
Redirects are answers, never followed.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.upstream import Upstream
from gateway.exchange.ports import UpstreamReply
from gateway.peers.transport import HttpTransport, Network, Origin, Response, TransportError
from schemas.errors import ExchangeError, MalformedRequest, SourceMisbehaved, SourceTooSlow, SourceUnavailable
from schemas.wire import Headers, end_to_end

_PLAIN: Final = Path("plain")


@dataclass(frozen=True, slots=True)
class HttpForward:
    """A `Forward` over the gateway's own HTTP client. `networks` are those in which sources may be
    called; a source trusts its own CA file where it names one, else the public authorities."""

    networks: tuple[Network, ...]
    _transports: dict[Path | None, HttpTransport] = field(default_factory=dict)
    _known: dict[str, tuple[Origin, str]] = field(default_factory=dict)

    async def __call__(
        self, upstream: Upstream, method: str, target: str, headers: Headers, body: bytes, *, deadline: float
    ) -> UpstreamReply:
        """As `Forward.__call__`."""
        origin, base_path = self._origin(upstream)
        own = upstream.headers
        overridden = {name.lower() for name in own}
        lines = [f"{method} {base_path}{target} HTTP/1.1", f"Host: {origin.authority}"]
        lines += [f"{name}: {value}" for name, value in headers if name not in overridden]
        lines += [f"{name}: {value}" for name, value in own.items()]
        if body or method not in ("GET", "HEAD"):
            lines.append(f"Content-Length: {len(body)}")
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        deadline = min(deadline, time.monotonic() + upstream.timeout_s)
        try:
            response = await self._transport(upstream, origin).send(
                origin, request, deadline=deadline, max_body=upstream.max_bytes
            )
        except TimeoutError:
            raise SourceTooSlow(reasons=("source.timeout",)) from None
        except TransportError as error:
            raise _failure(error) from None
        return UpstreamReply(response.status, _usable_headers(response), response.body)

    async def close(self) -> None:
        """Close every idle connection."""
        for transport in self._transports.values():
            await transport.close()

    def _transport(self, upstream: Upstream, origin: Origin) -> HttpTransport:
        """One client per CA file; plain HTTP needs none, and loading all public CAs takes megabytes."""
        trust = upstream.ca_file if origin.tls else _PLAIN
        transport = self._transports.get(trust)
        if transport is None:
            context = ssl.create_default_context(cafile=upstream.ca_file) if origin.tls else None
            transport = self._transports[trust] = HttpTransport(context, self.networks)
        return transport

    def _origin(self, upstream: Upstream) -> tuple[Origin, str]:
        known = self._known.get(upstream.base_url)
        if known is None:
            path = "/" + upstream.base_url.split("://", 1)[1].partition("/")[2]
            known = self._known[upstream.base_url] = (Origin.of(upstream.base_url), path.rstrip("/"))
        return known


def _usable_headers(response: Response) -> Headers:
    """The headers that travel; a source whose answer no head can carry has misbehaved."""
    try:
        headers = end_to_end(response.headers)
    except MalformedRequest:
        raise SourceMisbehaved(
            "the source's headers cannot travel", reasons=("source.misbehaving",)
        ) from None
    if not 200 <= response.status <= 599:
        raise SourceMisbehaved("the source's status is none of HTTP", reasons=("source.misbehaving",))
    return headers


def _failure(error: TransportError) -> ExchangeError:
    if error.sent:
        return SourceMisbehaved(
            f"the source's answer cannot be used: {error.cause}", reasons=("source.misbehaving",)
        )
    return SourceUnavailable(f"the source is not reached: {error.cause}", reasons=("source.unavailable",))
