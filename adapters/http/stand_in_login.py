"""The sign-in of a stand-in: where a connection fetches its token, and what it is given there."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.http.auth.contract import Auth
from adapters.http.auth.fixed import Fixed
from adapters.http.auth.oauth2 import ClientAssertion, ClientCredentials
from adapters.http.auth.session import SessionLogin
from adapters.http.loopback import HttpReply

_LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class Login:
    """Where tokens are fetched: a path; and where in its answer a token stands, or in which cookie."""

    path: str
    token: tuple[str, ...] = ()
    lifetime: tuple[str, ...] = ()
    cookie: str | None = None

    def reply(self, number: int) -> HttpReply:
        """A new token."""
        token = f"stand-in-token-{number}"
        headers = {"Content-Type": "application/json"}
        if self.cookie is not None:
            headers["Set-Cookie"] = f"{self.cookie}={token}; HttpOnly"
        document: dict[str, Any] = {}
        _put(document, self.token, token)
        _put(document, self.lifetime, _LIFE_S)
        return HttpReply(200, headers, json.dumps(document).encode())


def login_of(auth: Auth) -> Login | None:
    """Where credentials fetch their token; None when they are shown as they are."""
    if isinstance(auth, (ClientCredentials, ClientAssertion)):
        service = auth.service
        return Login(urlsplit(service.url).path, service.token, service.lifetime)
    if isinstance(auth, SessionLogin):
        return Login(urlsplit(auth.request.url).path, auth.token or (), cookie=auth.cookie)
    return None


def auth_pointed_at(auth: Auth, url: str) -> Auth:
    """Credentials that fetch their token at another server. A key is replaced by one of the same
    kind, since a placeholder signs nothing; a client certificate is left out."""
    match auth:
        case ClientCredentials():
            return replace(auth, service=replace(auth.service, url=_moved(auth.service.url, url)))
        case ClientAssertion():
            return replace(
                auth,
                service=replace(auth.service, url=_moved(auth.service.url, url)),
                key=_key(auth.algorithm),
            )
        case SessionLogin():
            return replace(auth, request=replace(auth.request, url=_moved(auth.request.url, url)))
        case _:
            return auth if auth.is_ahead else Fixed(auth.headers)


def _moved(address: str, url: str) -> str:
    parts = urlsplit(address)
    return url + parts.path + (f"?{parts.query}" if parts.query else "")


def _key(algorithm: str) -> str:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if algorithm.startswith("ES"):
        key = ec.generate_private_key(ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1())
    else:
        key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _put(document: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        document = document.setdefault(name, {})
    if place:
        document[place[-1]] = value


def is_login(login: Login | None, target: str) -> bool:
    """Whether a request goes to where tokens are fetched."""
    return login is not None and urlsplit(target).path == login.path
