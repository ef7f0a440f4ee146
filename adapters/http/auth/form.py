"""`auth:` of a source file, read into values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from adapters.http.auth.contract import Auth
from adapters.http.auth.fixed import fixed
from adapters.http.auth.mtls import ClientCertificate
from adapters.http.auth.oauth2 import ClientAssertion, ClientCredentials, TokenService
from adapters.http.auth.session import SessionLogin
from adapters.http.auth.signature import PARTS, SHOWN, WORD, Hmac
from adapters.http.outgoing import Outgoing
from adapters.pointer import parse
from schemas.errors import ConfigurationError
from schemas.strict_json import dump

FORWARDED: Final = frozenset({"none", "basic", "bearer", "api_key"})
"""Kinds whose headers are known ahead, so that pass-through services can be forwarded with them."""

_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,8192}")

Word = tuple[Literal["signs", "headers"], str]


def read_auth(auth: Mapping[str, Any], base_url: str) -> Auth:
    """The credentials of a file whose secrets are resolved.

    Raises:
        ConfigurationError: a secret cannot stand where it must.
    """
    match auth["kind"]:
        case "oauth2_cc":
            return ClientCredentials(
                _token_service(auth, base_url),
                auth["client_id"],
                auth["client_secret"],
                auth.get("place", "form"),
            )
        case "private_key_jwt":
            service = _token_service(auth, base_url)
            return ClientAssertion(
                service,
                auth["client_id"],
                auth["key"],
                auth.get("algorithm", "ES256"),
                auth.get("key_id"),
                auth.get("audience", service.url),
            )
        case "session_login":
            return _login(auth, base_url)
        case "mtls":
            return ClientCertificate(auth["certificate"], auth["key"])
        case "hmac":
            return _hmac(auth)
        case _:
            known = fixed(auth)
            if not all(_HEADER_VALUE.fullmatch(value) for value in known.headers.values()):
                raise ConfigurationError("a secret of `auth` cannot stand in an HTTP header")
            return known


def unknown_words(auth: Mapping[str, Any]) -> Iterator[Word]:
    """Words of `hmac` templates that stand for nothing, with the member they stand in."""
    for word in WORD.findall(auth.get("signs", "")):
        if word not in PARTS:
            yield "signs", word
    for value in auth.get("headers", {}).values():
        for word in WORD.findall(value):
            if word not in SHOWN:
                yield "headers", word


def address(text: str, base_url: str) -> str:
    """A whole URL, or a path below the base URL."""
    return base_url + text if text.startswith("/") else text


def _token_service(auth: Mapping[str, Any], base_url: str) -> TokenService:
    scope = {"scope": auth["scope"]} if "scope" in auth else {}
    return TokenService(
        address(auth["token_url"], base_url),
        scope | auth.get("parameters", {}),
        parse(auth.get("token", "access_token")),
        parse(auth.get("lifetime", "expires_in")),
        auth.get("assumed_lifetime_s"),
    )


def _login(auth: Mapping[str, Any], base_url: str) -> SessionLogin:
    login = auth["request"]
    headers = {"User-Agent": "isthmus", "Accept": "application/json", "Accept-Encoding": "identity"}
    if "form" in login:
        content = urlencode(login["form"]).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    else:
        content = dump(login["body"])
        headers["Content-Type"] = "application/json"
    url = address(login["url"], base_url)
    cookie = auth.get("cookie")
    return SessionLogin(
        request=Outgoing("POST", url, {**headers, **login.get("headers", {})}, content),
        token=parse(auth["token"]) if "token" in auth else None,
        cookie=cookie,
        header=auth.get("header", "Authorization" if cookie is None else "Cookie"),
        value=auth.get("value", "Bearer {token}" if cookie is None else cookie + "={token}"),
        lifetime_s=auth.get("assumed_lifetime_s"),
    )


def _hmac(auth: Mapping[str, Any]) -> Hmac:
    return Hmac(
        key=auth["key"].encode(),
        key_id=auth.get("key_id", ""),
        algorithm=auth.get("algorithm", "sha256"),
        encoding=auth.get("encoding", "hex"),
        signs=auth["signs"],
        shows=auth["headers"],
    )
