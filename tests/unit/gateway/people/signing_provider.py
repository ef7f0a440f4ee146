"""An OpenID provider in the test's own hands: it says and signs whatever a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.trust.asgi import Receive, Scope, Send, read_body

ISSUER = "http://127.0.0.1:4444"
CLIENT = "isthmus"


@dataclass
class SigningProvider:
    """Plain ASGI. `claims` are laid over the honest ones (None takes one away), `sign` makes the token."""

    subject: str = "first"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    raw: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    """By path: an answer in place of the honest one."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    nonce: str = ""

    def authorize(self, location: str) -> dict[str, str]:
        """What the browser brings back from the address it was sent to."""
        query = dict(parse_qsl(urlsplit(location).query))
        assert query["code_challenge_method"] == "S256"
        self.nonce = query["nonce"]
        return {"code": "code", "state": query["state"]}

    def jwk(self) -> dict[str, Any]:
        """The public key."""
        return {**jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": "1"}

    def token(self) -> str:
        """The ID token."""
        now = int(time.time())
        honest = {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode(claims, self.key, "ES256", {"kid": "1", **self.headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        self.asked.append(path)
        body = await read_body(scope, receive, 64 * 1024)
        status, headers, content = self.raw.get(path) or (200, {}, orjson.dumps(self._document(path, body)))
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})

    def _document(self, path: str, body: bytes) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/jwks",
                **self.metadata,
            }
        if path == "/jwks":
            return {"keys": [self.jwk()]}
        self.forms.append(dict(parse_qsl(body.decode())))
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.token()}
