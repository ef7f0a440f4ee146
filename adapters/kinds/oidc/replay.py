"""Recorded userinfo (`adapters.http.replay`): a fixture holds the claims, as JSON.

Where the file declares signed userinfo, the claims are signed here with a key of this process, whose
public half is the provider's JWK Set: a recorded signature would not be of this moment. Encryption is
left out, and discovery, keys and introspection are answered as the file needs them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import httpx
from joserfc import jws
from joserfc.jwk import ECKey

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.oidc.form import OidcConnection
from adapters.kinds.oidc.reader import DISCOVERY, Oidc
from adapters.source import Source
from schemas.errors import ConfigurationError

USERINFO: Final = "/userinfo"
_JWKS: Final = "/jwks"
_INTROSPECTION: Final = "/introspection"


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    connection = offline(source)
    source = replace(source, connection=replace(connection, http=without_login(connection.http)))
    return source, Oidc(source, _Provider(connection, case))


def offline(source: Source) -> OidcConnection:
    """The source's connection without our key. Raises ConfigurationError when it is no provider."""
    if not isinstance(source.connection, OidcConnection):
        raise ConfigurationError(f"source {source.id} has no OpenID provider")
    return replace(source.connection, decryption_key=None)


def beside(path: str, connection: OidcConnection, at: str) -> dict[str, Any] | None:
    """What a provider at an address answers beside userinfo; None for any other path."""
    if path.endswith(DISCOVERY):
        return {
            "issuer": connection.issuer,
            "userinfo_endpoint": at + USERINFO,
            "jwks_uri": at + _JWKS,
            "introspection_endpoint": at + _INTROSPECTION,
        }
    if path.endswith(_JWKS):
        return {"keys": [_key().as_dict(private=False)]}
    if path.endswith(_INTROSPECTION):
        return {"active": True, "client_id": next(iter(connection.clients), None)}
    return None


def as_told(connection: OidcConnection, text: str) -> str:
    """Recorded claims as the provider sends them: signed where the file says so. Errors stay."""
    claims = _claims(text)
    if connection.answers != "jwt" or claims is None:
        return text
    told = {"iss": connection.issuer, "aud": connection.client_id, **claims}
    key = _key()
    return jws.serialize_compact({"alg": "ES256", "kid": key.kid}, json.dumps(told), key, ["ES256"])


def as_sent(case: Mapping[str, Any], connection: OidcConnection) -> dict[str, Any]:
    """A case whose signed answers say that they are."""
    answer = case.get("answer", {})
    body = answer.get("body", "")
    is_signed = connection.answers == "jwt" and _claims(body if isinstance(body, str) else json.dumps(body))
    if not is_signed:
        return dict(case)
    headers = {"Content-Type": "application/jwt", **answer.get("headers", {})}
    return {**case, "answer": {**answer, "headers": headers}}


@lru_cache(maxsize=1)
def _key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "kid": "recorded"})


def _claims(text: str) -> dict[str, Any] | None:
    try:
        claims = json.loads(text)
    except ValueError:
        return None
    return claims if isinstance(claims, dict) and "sub" in claims else None


class _Provider(httpx.AsyncBaseTransport):
    """A network that holds one provider."""

    def __init__(self, connection: OidcConnection, case: Mapping[str, Any]) -> None:
        self._connection = connection
        self._recorded = replaying_network(
            as_sent(case, connection), lambda _, text: as_told(connection, text)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As `AsyncBaseTransport.handle_async_request`."""
        at = f"{request.url.scheme}://{request.url.netloc.decode()}"
        known = beside(request.url.path, self._connection, at)
        if known is None:
            return await self._recorded.handle_async_request(request)
        stream = httpx.ByteStream(json.dumps(known).encode())
        return httpx.Response(200, headers={"Content-Type": "application/json"}, stream=stream)
