"""OAuth 2.0 client credentials (RFC 6749 section 4.4), with a secret or a signed assertion.

`oauth2_cc`: the secret goes where the token service wants it (real ones differ): form, JSON, Basic
or query. `private_key_jwt`: an assertion signed with the gateway's own key (RFC 7523 section 2.2, as
SMART Backend Services use it). The token's life is `expires_in`, else `assumed_lifetime_s`.
Not here: other grants, refresh tokens, DPoP.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.auth.contract import Authenticator, Post
from adapters.http.auth.fixed import basic
from adapters.http.auth.tokens import Token, TokenHeader, read_token
from adapters.http.outgoing import Outgoing
from adapters.pointer import find
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered
from schemas.strict_json import dump

MAX_TOKEN_BYTES: Final = 64 * 1024
ASSERTION_LIFE_S: Final = 300
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class TokenService:
    """Where tokens are fetched. `parameters` are further ones of the request; `token` and `lifetime`
    are the places in its answer."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    token: tuple[str, ...] = ("access_token",)
    lifetime: tuple[str, ...] = ("expires_in",)
    assumed_lifetime_s: float | None = None

    async def fetch(self, post: Post, request: Outgoing) -> Token | Unanswered:
        """Send a token request and read its answer; a 400 here means that we are refused."""
        answer = await post(request.with_headers({"User-Agent": "isthmus", "Accept-Encoding": "identity"}))
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status == 400:
            return DeniedBySource("the token service refused us")
        failure = failure_of(answer)
        if failure is not None:
            return failure
        document = parse_answer(answer, MAX_TOKEN_BYTES)
        if isinstance(document, Misbehaving):
            return document
        token = read_token(find(document, self.token), find(document, self.lifetime))
        if isinstance(token, Token) and token.lifetime_s is None:
            return Token(token.value, self.assumed_lifetime_s)
        return token


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """`oauth2_cc`: a client's name and secret; `place` is where they stand in the token request."""

    service: TokenService
    client_id: str
    client_secret: str = field(repr=False)
    place: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False

    def authenticator(self, post: Post) -> Authenticator:
        """As `Auth.authenticator`."""
        request = self._request()
        return TokenHeader(lambda: self.service.fetch(post, request), _bearer)

    def _request(self) -> Outgoing:
        names = {"grant_type": "client_credentials", **self.service.parameters}
        pair = {"client_id": self.client_id, "client_secret": self.client_secret}
        request = Outgoing("POST", self.service.url)
        match self.place:
            case "json":
                return Outgoing("POST", self.service.url, _JSON, dump(names | pair))
            case "query":
                return request.with_query(names | pair).with_headers({"Accept": "application/json"})
            case "basic":
                # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
                shown = basic(quote(self.client_id, safe=""), quote(self.client_secret, safe=""))
                head = {**_FORM, "Authorization": shown}
                return Outgoing("POST", self.service.url, head, urlencode(names).encode())
            case _:
                return Outgoing("POST", self.service.url, _FORM, urlencode(names | pair).encode())


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """`private_key_jwt`: a client that signs who it is. `key` is a private key, PEM or JWK."""

    service: TokenService
    client_id: str
    key: str = field(repr=False)
    algorithm: str
    key_id: str | None
    audience: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False

    def authenticator(self, post: Post) -> Authenticator:
        """As `Auth.authenticator`.

        Raises:
            ConfigurationError: the key cannot sign by the algorithm.
        """
        self.assertion(0)
        return TokenHeader(lambda: self.service.fetch(post, self._request()), _bearer)

    def assertion(self, now: int) -> str:
        """The signed JWT of one token request; `now` in epoch seconds. Raises as `authenticator`."""
        # Imported here: most gateways never need it, and memory is counted.
        from joserfc import jwk, jwt
        from joserfc.errors import JoseError

        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + ASSERTION_LIFE_S,
        }
        header = {"typ": "JWT", "alg": self.algorithm}
        if self.key_id is not None:
            header["kid"] = self.key_id
        try:
            kind: Any = jwk.ECKey if self.algorithm.startswith("ES") else jwk.RSAKey
            # The library takes a text for PEM, whatever stands in it.
            is_jwk = self.key.lstrip().startswith("{")
            key = kind.import_key(json.loads(self.key) if is_jwk else self.key)
            return str(jwt.encode(header, claims, key, algorithms=[self.algorithm]))
        except (JoseError, ValueError, TypeError):
            raise ConfigurationError(f"auth: the key cannot sign by {self.algorithm}") from None

    def _request(self) -> Outgoing:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self.assertion(int(time.time())),
            **self.service.parameters,
        }
        return Outgoing("POST", self.service.url, _FORM, urlencode(form).encode())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
