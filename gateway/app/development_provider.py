"""The development identity provider: a small OpenID provider that asks nobody for a password.

For trying out and demonstrating the admin port without a real provider. It lists fictional persons by their
roles and lets whoever reaches it be any of them; so it binds to loopback only, and serves only a gateway
whose admin port is on loopback too. Authorization code with PKCE (S256 required), ID tokens in ES256 by a key
that lives as long as the process. Nothing else of OpenID Connect is here.
"""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gateway.app.people import registration_of
from gateway.people.oidc.provider import Registration
from gateway.people.person import Role
from gateway.settings import Settings
from gateway.trust.asgi import read_body
from schemas.addresses import is_loopback
from schemas.encoding import b64url
from schemas.errors import ConfigurationError
from schemas.identifiers import MemberId

CODE_FOR_S: Final = 60
TOKEN_FOR_S: Final = 300
_MAX_CODES: Final = 1000
_MAX_FORM: Final = 16 * 1024
_KID: Final = "development"


@dataclass(frozen=True, slots=True)
class Fictional:
    """Somebody to sign in as: what the token calls them, what the page calls them, and more claims."""

    subject: str
    label: str
    claims: Mapping[str, str] = field(default_factory=dict)
    role: Role | None = None
    member: MemberId | None = None


@dataclass(frozen=True, slots=True)
class _Code:
    person: Fictional
    redirect_uri: str
    nonce: str | None
    challenge: str
    expires: float


def fictional_persons(settings: Settings, citizens: Sequence[str] = ()) -> list[Fictional]:
    """Two of each role of each hosted member, since some acts need two; and citizens by their identifier."""
    found = [
        Fictional(f"{number}-{role}@{member}", f"{number} {role} of {member}", role=role, member=member)
        for member in settings.member_ids()
        for role in Role
        for number in ("first", "second")
    ]
    claim = settings.sign_in.citizen_claim if settings.sign_in is not None else None
    if citizens and claim is None:
        raise ConfigurationError("sign_in.citizen_claim: name the claim that says who a citizen is")
    return found + [
        Fictional(f"citizen-{value}", f"citizen {value}", {str(claim): value}) for value in citizens
    ]


def check_development(settings: Settings, host: str) -> Registration:
    """The gateway's registration, if this provider may serve it from `host`. Raises ConfigurationError."""
    if not is_loopback(host):
        raise ConfigurationError(f"{host}: the development provider listens on loopback only (127.0.0.1)")
    if not is_loopback(settings.admin.host):
        raise ConfigurationError("admin.host: is not on loopback, so this gateway needs a real provider")
    registration = registration_of(settings)
    if registration is None or not registration.development:
        raise ConfigurationError("sign_in.development: set it to true to use the development provider")
    parts = urlsplit(registration.issuer)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or parts.port is None:
        raise ConfigurationError("sign_in.issuer: the development provider is http://127.0.0.1:PORT")
    return registration


class DevelopmentProvider:
    """The provider of one gateway."""

    def __init__(self, client: Registration, persons: Sequence[Fictional]) -> None:
        self._client = client
        self._persons = persons
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._codes: dict[str, _Code] = {}

    def metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0."""
        issuer = self._client.issuer.rstrip("/")
        return {
            "issuer": self._client.issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> dict[str, Any]:
        """The key that signs, as a JWK set."""
        numbers = self._key.public_key().public_numbers()
        x, y = (b64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        key = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": _KID, "use": "sig", "alg": "ES256"}
        return {"keys": [key]}

    def accepts(self, query: Mapping[str, str]) -> bool:
        """Whether an authorization request is this gateway's, and has PKCE."""
        return (
            query.get("response_type") == "code"
            and query.get("client_id") == self._client.client_id
            and query.get("redirect_uri") == self._client.redirect_uri
            and "openid" in query.get("scope", "").split()
            and query.get("code_challenge_method") == "S256"
            and len(query.get("code_challenge", "")) == 43
        )

    def page(self, query: Mapping[str, str]) -> str:
        """The page that lists whom one may be."""
        rows = "".join(
            f'<li><a href="/authorize/{number}?{escape(urlencode(query))}">{escape(person.label)}</a></li>'
            for number, person in enumerate(self._persons)
        )
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Development sign-in</title>'
            "<h1>Sign in as</h1><p>A development provider: nobody is asked for a password. "
            f"Fictional persons of Lumeria.</p><ul>{rows}</ul></html>"
        )

    def choose(self, number: int, query: Mapping[str, str]) -> str | None:
        """Where the browser goes as the chosen person; None if there is no such person."""
        if not 0 <= number < len(self._persons) or not self.accepts(query):
            return None
        now = time.monotonic()
        self._codes = {text: code for text, code in self._codes.items() if code.expires > now}
        if len(self._codes) >= _MAX_CODES:
            return None
        text = secrets.token_urlsafe(32)
        self._codes[text] = _Code(
            self._persons[number],
            query["redirect_uri"],
            query.get("nonce"),
            query["code_challenge"],
            now + CODE_FOR_S,
        )
        answer = {"code": text, "state": query.get("state", ""), "iss": self._client.issuer}
        return f"{query['redirect_uri']}?{urlencode(answer, quote_via=quote)}"

    def redeem(self, form: Mapping[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """The token endpoint: status and document. A code is good once."""
        if not self._knows_client(form, authorization):
            return 401, {"error": "invalid_client"}
        code = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if (
            form.get("grant_type") != "authorization_code"
            or code is None
            or code.expires <= time.monotonic()
            or form.get("redirect_uri") != code.redirect_uri
            or b64url(sha256(verifier.encode()).digest()) != code.challenge
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": TOKEN_FOR_S,
            "id_token": self._id_token(code),
        }

    def _knows_client(self, form: Mapping[str, str], authorization: str | None) -> bool:
        secret = self._client.client_secret
        if secret is None:
            return form.get("client_id") == self._client.client_id
        scheme, _, encoded = (authorization or "").partition(" ")
        try:
            name, _, shown = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return False
        known = unquote(name) == self._client.client_id
        return scheme.lower() == "basic" and known and hmac.compare_digest(unquote(shown), secret)

    def _id_token(self, code: _Code) -> str:
        import jwt

        now = int(time.time())
        claims = {
            **code.person.claims,
            "iss": self._client.issuer,
            "sub": code.person.subject,
            "aud": self._client.client_id,
            "iat": now,
            "exp": now + TOKEN_FOR_S,
        }
        if code.nonce is not None:
            claims["nonce"] = code.nonce
        return jwt.encode(claims, self._key, "ES256", {"kid": _KID})


def development_api(provider: DevelopmentProvider) -> FastAPI:
    """The provider as an application."""
    api = FastAPI(title="Isthmus development identity provider", docs_url=None, redoc_url=None)

    @api.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return provider.metadata()

    @api.get("/jwks")
    async def jwks() -> dict[str, Any]:
        return provider.jwks()

    @api.get("/authorize")
    async def authorize(request: Request) -> Response:
        query = dict(request.query_params)
        if not provider.accepts(query):
            return HTMLResponse("not an authorization request of this gateway", 400)
        return HTMLResponse(provider.page(query), headers={"cache-control": "no-store"})

    @api.get("/authorize/{number}")
    async def choose(number: int, request: Request) -> Response:
        location = provider.choose(number, dict(request.query_params))
        if location is None:
            return HTMLResponse("not an authorization request of this gateway", 400)
        return RedirectResponse(location, 303)

    @api.post("/token")
    async def token(request: Request) -> JSONResponse:
        body = await read_body(request.scope, request.receive, _MAX_FORM)
        form = dict(parse_qsl(body.decode("ascii", "replace")))
        status, document = provider.redeem(form, request.headers.get("authorization"))
        return JSONResponse(document, status, {"cache-control": "no-store"})

    return api
