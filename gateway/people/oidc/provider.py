"""The identity provider as the relying party sees it: discovery, keys, and the token endpoint.

Only the configured issuer is asked, at the addresses its own metadata names (OpenID Connect Discovery 1.0);
each fetch is bounded in time and size, follows no redirect and reads no proxy settings. Addresses are HTTPS;
plain HTTP is accepted on loopback for the development provider alone.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from gateway.people.oidc.id_token import fitting_key
from schemas.addresses import is_loopback
from schemas.errors import ConfigurationError, GatewayError, MalformedRequest, TooLarge, Unauthenticated
from schemas.strict_json import parse_object

if TYPE_CHECKING:
    import httpx

TIMEOUT_S: Final = 5.0
MAX_BYTES: Final = 256 * 1024
METADATA_FOR_S: Final = 3600.0
KEYS_FOR_S: Final = 600.0
KEYS_AGAIN_S: Final = 10.0
"""How soon an unknown key may make us ask for the keys again."""
_MAX_KEYS: Final = 64


@dataclass(frozen=True, slots=True)
class Registration:
    """How this gateway is known to the provider; without a secret, as a public client."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_uri: str
    ca: Path | None = None
    development: bool = False
    """Accept plain HTTP on loopback."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says about itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    names_itself: bool
    """Whether it sends `iss` with its answers (RFC 9207)."""


class Provider:
    """One identity provider; what it says is kept for a while."""

    def __init__(self, registration: Registration) -> None:
        check_address(registration.issuer, development=registration.development)
        self.registration = registration
        self._transport: httpx.AsyncBaseTransport | None = None
        self._client: httpx.AsyncClient | None = None
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Sequence[Mapping[str, Any]]] | None = None

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()

    async def metadata(self) -> Metadata:
        """The provider's metadata. Raises GatewayError when it cannot be had, or is another issuer's."""
        if self._metadata is None or time.monotonic() - self._metadata[0] > METADATA_FOR_S:
            url = self.registration.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._metadata = (time.monotonic(), self._read_metadata(await self._fetch("GET", url)))
        return self._metadata[1]

    async def key_of(self, token: str) -> Mapping[str, Any]:
        """The key that may have signed a token; the keys are fetched anew when none is known.

        Raises:
            Unauthenticated: there is none, or no telling which. GatewayError: the keys cannot be had.
        """
        key = fitting_key(token, await self._known_keys(KEYS_FOR_S))
        if key is None:
            key = fitting_key(token, await self._known_keys(KEYS_AGAIN_S))
        if key is None:
            raise Unauthenticated(
                "the identity provider's token was not accepted: key", reasons=("sign_in.token",)
            )
        return key

    async def redeem(self, code: str, verifier: str) -> str:
        """The ID token for an authorization code. Raises Unauthenticated when the provider refuses it."""
        metadata, registration = await self.metadata(), self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": registration.redirect_uri,
            "code_verifier": verifier,
        }
        login: tuple[str, str] | None = None
        if registration.client_secret is None or metadata.secret_in_body:
            form["client_id"] = registration.client_id
        if registration.client_secret is not None:
            if metadata.secret_in_body:
                form["client_secret"] = registration.client_secret
            else:  # RFC 6749 section 2.3.1: form-encoded before Basic
                login = (quote(registration.client_id, safe=""), quote(registration.client_secret, safe=""))
        answer = await self._fetch("POST", metadata.token_endpoint, form, login)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _misbehaved("its token endpoint gave no ID token")
        return token

    async def _known_keys(self, max_age_s: float) -> Sequence[Mapping[str, Any]]:
        if self._keys is None or time.monotonic() - self._keys[0] > max_age_s:
            document = await self._fetch("GET", (await self.metadata()).jwks_uri)
            keys = document.get("keys")
            if not isinstance(keys, list) or len(keys) > _MAX_KEYS:
                raise _misbehaved("its key set is none")
            self._keys = (time.monotonic(), [key for key in keys if isinstance(key, dict)])
        return self._keys[1]

    def _read_metadata(self, document: Mapping[str, Any]) -> Metadata:
        if document.get("issuer") != self.registration.issuer:
            raise _misbehaved("its metadata names another issuer")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        in_body = isinstance(methods, list) and "client_secret_basic" not in methods
        named = document.get("authorization_response_iss_parameter_supported") is True
        return Metadata(
            self._address(document, "authorization_endpoint"),
            self._address(document, "token_endpoint"),
            self._address(document, "jwks_uri"),
            secret_in_body=in_body,
            names_itself=named,
        )

    def _address(self, document: Mapping[str, Any], name: str) -> str:
        address = document.get(name)
        try:
            check_address(str(address), development=self.registration.development)
        except ConfigurationError:
            raise _misbehaved("its metadata names no HTTPS address where it should") from None
        return str(address)

    async def _fetch(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """One JSON object from the provider, bounded."""
        import httpx

        headers = {"accept": "application/json", "accept-encoding": "identity"}
        try:
            async with self._connected().stream(
                method, url, data=form, auth=login, headers=headers
            ) as response:
                content = b""
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_BYTES:
                        raise _misbehaved("its answer is too long")
        except (httpx.HTTPError, ssl.SSLError):
            raise GatewayError(
                "the identity provider could not be reached", reasons=("identity_provider.unavailable",)
            ) from None
        if form is not None and response.status_code in {400, 401}:
            raise Unauthenticated("the identity provider refused this sign-in", reasons=("sign_in.refused",))
        if response.status_code != 200:
            raise _misbehaved(f"it answered {response.status_code}")
        try:
            return parse_object(content, max_bytes=MAX_BYTES, what="its answer")
        except (MalformedRequest, TooLarge):
            raise _misbehaved("its answer is not JSON") from None

    def _connected(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            ca = self.registration.ca
            context = ssl.create_default_context(cafile=str(ca) if ca else None)
            self._client = httpx.AsyncClient(
                transport=self._transport,
                verify=context,
                timeout=TIMEOUT_S,
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


def check_address(url: str, *, development: bool) -> None:
    """Raise ConfigurationError unless the URL is HTTPS, or plain on loopback for development."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.fragment:
        return
    if development and parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    raise ConfigurationError("an identity provider's address must be https://…")


def _misbehaved(why: str) -> GatewayError:
    return GatewayError(
        f"the identity provider does not do as it should: {why}", reasons=("identity_provider.misbehaved",)
    )
