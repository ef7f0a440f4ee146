"""Kind `oidc`: userinfo of the citizen who is present (OpenID Connect Core 5.3, Discovery 1.0).

The subject of a question is the citizen's own access token, and the answer is what the provider tells
about that citizen: there is no way to ask about anybody else. The token is shown to the registered
provider only, and kept nowhere; what the provider said is kept nowhere either, so the next question
asks again. Expired, revoked and foreign tokens are refusals, never "not found". Not here: getting a
token (the portal's sign-in does that), DPoP, refresh, distributed claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.client import HttpClient
from adapters.http.kind import OverHttp
from adapters.http.outgoing import Outgoing
from adapters.kinds import Kind, Raw
from adapters.kinds.oidc.bearer import BEARER, refused, words_of
from adapters.kinds.oidc.form import OidcConnection
from adapters.kinds.oidc.keys import ProviderKeys
from adapters.kinds.oidc.signed import Expected, private_key, verified
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError, RequestMismatch
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered
from schemas.record import Subject

DISCOVERY: Final = "/.well-known/openid-configuration"
_JWT: Final = "application/jwt"
_JSON: Final = "application/json"
_UNAUTHORIZED: Final = 401
_COMMON: Final = {"User-Agent": "isthmus", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Provider:
    """Addresses of a provider, as its discovery document names them."""

    userinfo: str
    jwks: str | None = None
    introspection: str | None = None


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Oidc(source)


class Oidc(OverHttp):
    """Asks userinfo. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, OidcConnection):
            raise ConfigurationError(f"source {source.id} has no OpenID provider")
        self._connection = source.connection
        self._limits = source.limits
        self._client = HttpClient(source.connection.http, source.limits, transport)
        self._keys = ProviderKeys(self._fetch_keys)
        self._provider: Provider | None = None
        self._expected: Expected | None = None

    async def open(self) -> None:
        """As `Kind.open`; nothing is asked yet."""
        connection = self._connection
        if connection.answers == "jwt":
            pem = connection.decryption_key
            key = None if pem is None else private_key(pem)
            self._expected = Expected(connection.issuer, connection.client_id or "", key)
        self._client.open()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the discovery document is there, and is the registered issuer's."""
        found = await self._discovered()
        return None if isinstance(found, Provider) else found

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the provider decides which claims the token opens."""
        del fields
        token = str(service.subject_value(subject))
        if BEARER.fullmatch(token) is None:
            raise RequestMismatch("subject.value does not have the form of a bearer token")
        words = words_of(token)
        refusal = refused(words, self._connection.issuer)
        if refusal is not None:
            return refusal
        provider = self._provider or await self._discovered()
        if not isinstance(provider, Provider):
            return provider
        self._provider = provider
        sub = words.get("sub")
        if self._connection.clients:
            told = await self._introspected(provider, token)
            if not isinstance(told, Mapping):
                return told
            sub = told.get("sub", sub)
        claims = await self._userinfo(provider, token)
        if not isinstance(claims, Mapping):
            return claims
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            return Misbehaving("the userinfo does not say whose it is")
        if sub is not None and claims["sub"] != sub:
            return Misbehaving("the userinfo is of somebody else than the token")
        return [claims]

    async def _userinfo(self, provider: Provider, token: str) -> Mapping[str, Any] | Unanswered:
        accept = _JSON if self._expected is None else _JWT
        headers = {**_COMMON, "Accept": accept, "Authorization": f"Bearer {token}"}
        answer = await self._client.exchange(Outgoing("GET", provider.userinfo, headers))
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status == _UNAUTHORIZED:
            return _refusal(answer)
        failure = failure_of(answer)
        if failure is not None:
            return failure
        if self._expected is None:
            return _object(parse_answer(answer, self._limits.max_bytes))
        if answer.content_type != _JWT:
            return Misbehaving("the userinfo is not signed")
        return await verified(answer.body, self._expected, self._keys, self._limits.max_bytes)

    async def _introspected(self, provider: Provider, token: str) -> Mapping[str, Any] | Unanswered:
        """RFC 7662: whose token it is, and that it was issued to a client of the file."""
        if provider.introspection is None:
            return Misbehaving("the provider has no introspection")
        headers = {
            **_COMMON,
            **self._connection.http.auth.headers,
            "Accept": _JSON,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        answer = await self._client.exchange(Outgoing("POST", provider.introspection, headers, form))
        if not isinstance(answer, HttpAnswer):
            return answer
        told = failure_of(answer) or _object(parse_answer(answer, self._limits.max_bytes))
        if not isinstance(told, Mapping):
            return told
        if told.get("active") is not True:
            return DeniedBySource("the provider says that the token is not active")
        if told.get("client_id") not in self._connection.clients:
            return DeniedBySource("the token was issued to a client that the file does not name")
        return refused(told, self._connection.issuer) or told

    async def _discovered(self) -> Provider | Unanswered:
        """The discovery document, from the registered address only."""
        document = await self._json(self._connection.http.base_url + DISCOVERY)
        if not isinstance(document, Mapping):
            return document
        if document.get("issuer") != self._connection.issuer:
            return Misbehaving("the discovery document is of another issuer")
        places = [document.get(f"{name}_endpoint") for name in ("userinfo", "introspection")]
        userinfo, introspection = (place if isinstance(place, str) else None for place in places)
        jwks = document.get("jwks_uri")
        if userinfo is None:
            return Misbehaving("the provider has no userinfo")
        return Provider(userinfo, jwks if isinstance(jwks, str) else None, introspection)

    async def _fetch_keys(self) -> Any | Unanswered:
        if self._provider is None or self._provider.jwks is None:
            return Misbehaving("the provider names no keys")
        return await self._json(self._provider.jwks)

    async def _json(self, url: str) -> Mapping[str, Any] | Unanswered:
        answer = await self._client.exchange(Outgoing("GET", url, {**_COMMON, "Accept": _JSON}))
        if not isinstance(answer, HttpAnswer):
            return answer
        return failure_of(answer) or _object(parse_answer(answer, self._limits.max_bytes))


def _object(document: Any) -> Mapping[str, Any] | Unanswered:
    if isinstance(document, (Mapping, Misbehaving)):
        return document
    return Misbehaving("the provider's answer is no JSON object")


def _refusal(answer: HttpAnswer) -> DeniedBySource:
    """A 401 is about the token (RFC 6750 section 3): expired, revoked, or of a kind we cannot show."""
    if "dpop" in answer.headers.get("www-authenticate", "").lower():
        return DeniedBySource("the provider asks for DPoP, which is not supported")
    return DeniedBySource("the provider does not take the token: it has expired, or is not for this")
