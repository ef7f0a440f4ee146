"""The client of the kinds over HTTP: bounded, to the hosts its file names, without surprises.

No redirects, no proxies or credentials from the environment, no compression (a small body could
unfold into a huge one), a size limit while the body arrives, checked addresses
(`adapters.http.network`). What an answer means is in `adapters.http.answers`.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpcore
import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer, retry_after
from adapters.http.auth.contract import Authenticator
from adapters.http.form import HttpConnection
from adapters.http.listening import LISTENER, Heard
from adapters.http.network import ForbiddenAddress, HttpNetwork
from adapters.http.outgoing import Content, Outgoing
from adapters.http.reach import Reach
from adapters.http.tls import tls_context
from adapters.source import Limits
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable
from schemas.strict_json import dump

__all__ = ["Content", "HttpAnswer", "HttpClient", "failure_of", "parse_answer"]

MAX_HEADERS: Final = 128
_UNAUTHORIZED: Final = 401
_OK: Final = 200

QueryValues = Mapping[str, str | Sequence[str]]
"""Query parameters by name; a list repeats the parameter."""


class HttpClient:
    """Sends requests to one source. `transport` replaces the network, for offline fixtures."""

    def __init__(
        self, connection: HttpConnection, limits: Limits, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._replaced = transport
        self._origins = frozenset(_origin(httpx.URL(url)) for url in connection.origins)
        self._timeout = dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout_s)
        self._headers: dict[str, str] = {}
        self._network: httpx.AsyncBaseTransport | None = None
        self._authenticator: Authenticator | None = None

    def open(self) -> None:
        """Make the client; no request is sent yet.

        Raises:
            ConfigurationError: a certificate or key cannot be used.
        """
        connection = self._connection
        self._headers = {
            "User-Agent": "isthmus",
            "Accept-Encoding": "identity",
            **connection.headers,
            **connection.auth.headers,
        }
        self._authenticator = connection.auth.authenticator(self.exchange)
        self._network = self._replaced or HttpNetwork(
            Reach(connection.allow_private), tls_context(connection), self._limits.concurrency
        )

    async def close(self) -> None:
        """Close the connections."""
        network, self._network = self._network, None
        if network is not None:
            await network.aclose()

    async def send(
        self,
        method: str,
        path: str,
        query: QueryValues | None = None,
        body: Any = None,
        *,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = "application/json",
        into: Callable[[bytes], None] | None = None,
    ) -> HttpAnswer | Unanswered:
        """Send one request, with the source's credentials; once more when they had expired.

        `path` is already percent-encoded, may end in `?query`, and is appended to the base URL.
        `body` is a JSON value; `content` is sent as it stands in its place. With `into`, the body of a
        200 is not held: every piece goes there, and what it raises ends the answer.
        """
        if body is not None:
            content = Content(dump(body), "application/json")
        given = {**self._headers, "Accept": accept, **(headers or {})}
        if content is not None:
            given["Content-Type"] = content.type
        url = self._connection.base_url + path
        if query:
            url += ("&" if "?" in path else "?") + urlencode(query, doseq=True, quote_via=quote, safe="")
        request = Outgoing(method, url, given, None if content is None else content.data, into)
        answer = await self._authenticated(request)
        listener = LISTENER.get()
        if listener is not None and isinstance(answer, HttpAnswer):
            listener(Heard(f"{method} {httpx.URL(url).raw_path.decode()}", answer))
        return answer

    async def exchange(self, request: Outgoing) -> HttpAnswer | Unanswered:
        """Send one request exactly as it stands, to an allowed host."""
        if self._network is None:
            return Unavailable("the source is not open")
        try:
            url = httpx.URL(request.url)
            if _origin(url) not in self._origins or url.userinfo:
                return DeniedBySource("the request would leave the source's hosts; see `allow_hosts`")
            outgoing = httpx.Request(
                request.method,
                url,
                headers=dict(request.headers),
                content=request.content,
                extensions={"timeout": self._timeout},
            )
        except (httpx.InvalidURL, UnicodeError):
            return DeniedBySource("the question cannot be written as a request")
        try:
            return await self._received(self._network, outgoing, request.into)
        except (httpx.TimeoutException, httpcore.TimeoutException):
            return Unavailable("the source did not answer in time", timeout=True)
        except ForbiddenAddress:
            return Unavailable("the source's name leads to an address that is not in `allow_private`")
        except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return Unavailable(_unreached(error))

    async def probe(self) -> Unanswered | None:
        """None when the source can be asked now: its health request is answered as the file says;
        without one, `/` is answered by anything below 500 but 401."""
        probe = self._connection.health
        answer = await self.send(probe.method, probe.path)
        if not isinstance(answer, HttpAnswer):
            return answer
        if probe.expect is not None:
            wrong = answer.status not in probe.expect
            return failure_of(answer) or _unexpected(answer) if wrong else None
        failure = failure_of(answer)
        # 403 and 404 may be about `/` alone; 401 is about us.
        ours = isinstance(failure, Unavailable) or answer.status == _UNAUTHORIZED
        return failure if ours else None

    async def _authenticated(self, request: Outgoing) -> HttpAnswer | Unanswered:
        authenticator = self._authenticator
        if authenticator is None:
            return await self.exchange(request)
        signed = await authenticator.sign(request)
        if not isinstance(signed, Outgoing):
            return signed
        answer = await self.exchange(signed)
        refused = isinstance(answer, HttpAnswer) and answer.status == _UNAUTHORIZED
        if not refused or not authenticator.renews(signed):
            return answer
        signed = await authenticator.sign(request)
        return await self.exchange(signed) if isinstance(signed, Outgoing) else signed

    async def _received(
        self, network: httpx.AsyncBaseTransport, request: httpx.Request, into: Callable[[bytes], None] | None
    ) -> HttpAnswer | Unanswered:
        answer = await network.handle_async_request(request)
        try:
            return await self._read(answer, into if answer.status_code == _OK else None)
        finally:
            await answer.aclose()

    async def _read(
        self, answer: httpx.Response, into: Callable[[bytes], None] | None
    ) -> HttpAnswer | Unanswered:
        raw = answer.headers.raw
        if len(raw) > MAX_HEADERS:
            return Misbehaving(f"the answer has more than {MAX_HEADERS} headers")
        headers: dict[str, str] = {}
        for name_bytes, value_bytes in raw:
            name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if headers.get("content-encoding", "identity").lower() != "identity":
            return Misbehaving("the source compressed its answer unasked")
        limit = self._limits.max_bytes
        too_long = Misbehaving(f"the answer is longer than {limit} bytes")
        declared = headers.get("content-length", "")
        if into is None and declared.isdecimal() and len(declared) < 20 and int(declared) > limit:
            return too_long
        body = bytearray()
        stream: Any = answer.stream
        async for chunk in stream:
            if into is not None:
                into(chunk)
                continue
            body += chunk
            if len(body) > limit:
                return too_long
        return HttpAnswer(
            answer.status_code,
            headers.get("content-type", "").partition(";")[0].strip().lower(),
            bytes(body),
            int(time.time()),
            retry_after(headers.get("retry-after")),
            headers,
            _cookies(answer.headers) if "set-cookie" in headers else {},
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _cookies(headers: httpx.Headers) -> dict[str, str]:
    """Names and values only: cookies are read for a login, never kept."""
    cookies: dict[str, str] = {}
    for line in headers.get_list("set-cookie"):
        try:
            cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue
    return cookies


def _unexpected(answer: HttpAnswer) -> Unanswered:
    return Misbehaving(
        f"the health request was answered HTTP {answer.status}, which the file does not expect"
    )


def _unreached(error: Exception) -> str:
    """Why there was no whole answer; a certificate is the commonest reason, and can be cured."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "the source's certificate is not accepted; a private CA is named in `ca_file`"
        if isinstance(cause, ssl.SSLError):
            return "the source and the gateway do not agree on TLS"
        cause = cause.__cause__ or cause.__context__
    return "the source cannot be reached, or broke off its answer"
