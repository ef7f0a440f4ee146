"""The client of the kinds over HTTP: bounded, to one host, without surprises.

No redirects, no proxies or credentials from the environment, no compression (a small body could
unfold into a huge one), a size limit while the body arrives, one host. An answer is parsed as JSON
with exact decimals. Causes never quote an answer.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import jiter

from adapters.http.form import HttpConnection
from adapters.source import Limits
from schemas.errors import ExchangeError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable
from schemas.strict_json import dump, parse

_JSON: Final = ("application/json", "+json")
_MAX_RETRY_AFTER_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer, small enough to hold; `received_at` is epoch seconds."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    received_at: int
    retry_after_s: float | None = None


class HttpClient:
    """Sends requests to one source. `transport` replaces the network, for offline fixtures."""

    def __init__(
        self, connection: HttpConnection, limits: Limits, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._transport = transport
        self._base = httpx.URL(connection.base_url)
        self._client: httpx.AsyncClient | None = None

    def open(self) -> None:
        """Make the client; no request is sent yet."""
        connection, places = self._connection, self._limits.concurrency
        self._client = httpx.AsyncClient(
            headers={
                "User-Agent": "isthmus",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **connection.headers,
                **connection.auth.headers,
            },
            timeout=self._limits.timeout_s,
            limits=httpx.Limits(max_connections=places, max_keepalive_connections=places),
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(cafile=connection.ca_file) if self._is_tls else False,
            transport=self._transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> HttpAnswer | Unanswered:
        """Send one request; `path` is already percent-encoded and is appended to the base URL."""
        if self._client is None:
            return Unavailable("the source is not open")
        url = httpx.URL(self._connection.base_url + path)
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            return DeniedBySource("the request would leave the source's host")
        if query:
            url = url.copy_merge_params(dict(query))
        content = None if body is None else dump(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        request = self._client.build_request(method, url, content=content, headers=headers)
        try:
            answer = await self._client.send(request, stream=True)
            try:
                return await self._receive(answer)
            finally:
                await answer.aclose()
        except httpx.TimeoutException:
            return Unavailable("the source did not answer in time", timeout=True)
        except httpx.TransportError:
            return Unavailable("the source cannot be reached, or broke off its answer")

    async def _receive(self, answer: httpx.Response) -> HttpAnswer | Unanswered:
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            return Misbehaving("the source compressed its answer unasked")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > self._limits.max_bytes:
                return Misbehaving(f"the answer is longer than {self._limits.max_bytes} bytes")
        content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        retry_after = _retry_after(answer.headers.get("Retry-After"))
        return HttpAnswer(answer.status_code, content_type, bytes(body), int(time.time()), retry_after)

    @property
    def _is_tls(self) -> bool:
        return self._base.scheme == "https"


def parse_answer(answer: HttpAnswer, max_bytes: int) -> Any | Misbehaving:
    """The JSON of an answer, decimals exact; Misbehaving when it is no acceptable JSON."""
    if not answer.content_type.endswith(_JSON):
        return Misbehaving("the answer is not JSON")
    try:
        value = parse(answer.body, max_bytes=max_bytes, what="the answer")
    except ExchangeError:
        return Misbehaving("the answer is not acceptable JSON")
    # The bounded parser gives floats; amounts need the digits as they were written.
    return jiter.from_json(answer.body, float_mode="decimal") if b"." in answer.body else value


def failure_of(answer: HttpAnswer) -> Unanswered | None:
    """What a status other than success means when no rule of the source says otherwise."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in {401, 403, 407}:
        return DeniedBySource(f"the source refused us with HTTP {status}")
    if status in {408, 425, 429} or status >= 500:
        return Unavailable(f"the source answered HTTP {status}", retry_after_s=answer.retry_after_s)
    return Misbehaving(f"the source answered HTTP {status}")


def _retry_after(text: str | None) -> float | None:
    """Seconds; a date is not read, since the source's clock may be wrong."""
    if text is None or not text.strip().isdecimal():
        return None
    return min(float(text), _MAX_RETRY_AFTER_S)
