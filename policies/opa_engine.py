"""The OPA-server engine: the same policy files on an OPA beside the gateway.

OPA is given the policy folder and the release document (`policies.sources`), by files or by bundle;
a decision that does not name its policy version is not trusted. The client library's retries are
off, one deadline covers everything, and a breaker spares a dead server and our callers' time.
Built-in errors are strict, as on the embedded engine: OPA answers 500, which denies.

Import this module only where an OPA is configured: the client library is heavy.

Left out: OPA's own decision log and its `decision_id`; the audit log is ours.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson
from opa_client.opa_async import AsyncOpaClient

from policies.breaker import CircuitBreaker
from policies.engine import RegoEngine
from schemas.errors import ConfigurationError, PolicyUnavailable

PACKAGE: Final = "isthmus.exchange"
RULE: Final = "decision"
"""Together the path `isthmus/exchange/decision`; the client puts them into the URL unescaped."""

_STRICT: Final = {"strict-builtin-errors": "true"}


@dataclass(frozen=True, slots=True)
class OpaServer:
    """Where OPA listens. Without `ca` it is plain HTTP, which only a loopback address may be.

    `certificate` is (certificate file, key file) for mutual TLS; `token` a bearer token;
    `deadline_s` counts from asking to having the whole answer.
    """

    host: str = "127.0.0.1"
    port: int = 8181
    ca: Path | None = None
    certificate: tuple[Path, Path] | None = None
    token: str | None = None
    deadline_s: float = 0.3

    def __post_init__(self) -> None:
        if self.ca is None and not _is_loopback(self.host):
            raise ConfigurationError(
                f"the OPA server {self.host} is not on this machine; name the CA of its certificate"
            )

    def __repr__(self) -> str:
        return f"OpaServer({self.host!r}, {self.port})"


class OpaEngine(RegoEngine):
    """Asks an OPA server."""

    def __init__(self, server: OpaServer, *, breaker: CircuitBreaker | None = None) -> None:
        """Read the server's CA and our certificate; nothing is asked yet.

        Raises:
            ConfigurationError: one of these files cannot be read.
        """
        self._server = server
        self._tls = _tls(server)
        self._breaker = breaker or CircuitBreaker()
        self._client: _Client | None = None
        self._version = ""

    @property
    def policy_version(self) -> str:
        """The version that OPA last said it decided by; empty before the first decision."""
        return self._version

    async def evaluate(self, input_document: bytes) -> Any:
        """As `RegoEngine.evaluate`."""
        if not self._breaker.lets_through():
            raise PolicyUnavailable("the OPA server did not answer before; it is asked again soon")
        try:
            async with asyncio.timeout(self._server.deadline_s):
                answer = await self._ask(input_document)
        except (aiohttp.ClientConnectionError, OSError, TimeoutError) as error:
            self._breaker.failed()  # an HTTP status is an answer: no asker may open the breaker with it
            raise PolicyUnavailable(f"the OPA server does not answer: {type(error).__name__}") from None
        self._breaker.succeeded()
        result = answer.get("result")
        if isinstance(result, dict) and isinstance(result.get("policy_version"), str):
            self._version = result["policy_version"]
        return result

    async def version(self) -> str | None:
        """The policy version that OPA has loaded, asked now; None when it has none or does not answer."""
        try:
            async with asyncio.timeout(self._server.deadline_s):
                answer = await (await self._connected()).query_rule(None, "release", "policy_version")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return None
        found = answer.get("result") if isinstance(answer, dict) else None
        return found if isinstance(found, str) else None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.__aexit__(None, None, None)

    async def _ask(self, input_document: bytes) -> dict[str, Any]:
        client = await self._connected()
        answer = await client.query_rule(orjson.Fragment(input_document), PACKAGE, RULE, _STRICT)
        return answer if isinstance(answer, dict) else {}

    async def _connected(self) -> _Client:
        if self._client is None:
            self._client = await _Client(self._server, self._tls).__aenter__()
        return self._client


class _Client(AsyncOpaClient):  # type: ignore[misc]
    """The library's client with no retries, our CA and our JSON writer."""

    def __init__(self, server: OpaServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            host=server.host,
            port=server.port,
            ssl=server.ca is not None,
            token=server.token,
            retries=0,
            timeout=server.deadline_s,
        )
        self._tls = tls

    async def _init_session(self) -> None:
        """The library takes no CA, so the session is ours."""
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            connector=aiohttp.TCPConnector(ssl=self._tls or True),
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            json_serialize=lambda value: orjson.dumps(value).decode(),
        )


def _tls(server: OpaServer) -> ssl.SSLContext | None:
    """TLS 1.3 with this one CA, or None for plain HTTP."""
    if server.ca is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(server.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if server.certificate is not None:
            context.load_cert_chain(*map(str, server.certificate))
    except OSError as error:
        raise ConfigurationError(
            f"the OPA server's CA or our certificate: {error}; correct the path"
        ) from None
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
