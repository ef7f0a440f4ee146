"""A sign-in from the first redirect to the session.

`begin` makes state, nonce and PKCE verifier and seals them into a cookie: nothing is kept for strangers.
`finish` takes the answer, which must carry the same state, redeems the code, checks the ID token, and opens a
session, which uses the state up. Of the token it reads `iss`, `sub` and, where configured, the one claim that
says who a citizen is.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.people.oidc.id_token import Expected, check_id_token
from gateway.people.oidc.provider import Provider
from gateway.people.pseudonym import pseudonym
from gateway.people.sessions import Opened, Sessions
from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest, Unauthenticated
from schemas.record import Subject, parse_subject
from schemas.strict_json import dump, parse_object

VALID_FOR_S: Final = 600
"""How long somebody may take at the identity provider."""
HOME: Final = "/v1/admin/me"
_NONCE: Final = 12
_LABEL: Final = b"isthmus/sign-in/v1"
_MAX_COOKIE: Final = 4096
_MAX_PARAMETER: Final = 2048
_OWN_PATH: Final = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,512}")


@dataclass(frozen=True, slots=True)
class CitizenClaim:
    """The claim that names a citizen, and the identifier type its value has."""

    name: str
    type: str = "national_id"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the cookie it brings back."""

    location: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The session, and the path of this gateway to go to."""

    session: Opened
    path: str


class SignIn:
    """The sign-in of people at one identity provider."""

    def __init__(
        self, provider: Provider, sessions: Sessions, people_key: bytes, citizen: CitizenClaim | None = None
    ) -> None:
        self.provider = provider
        self._sessions = sessions
        self._people_key = people_key
        self._citizen = citizen
        self._seal = AESGCM(hmac.digest(people_key, _LABEL, sha256))

    async def begin(self, path: str = HOME) -> Begun:
        """Start a sign-in that ends at a path of this gateway.

        Raises:
            MalformedRequest: `path` could lead elsewhere. GatewayError: no provider to go to.
        """
        if _OWN_PATH.fullmatch(path) is None:
            raise MalformedRequest("return_to is not a path of this gateway", reasons=("sign_in.return_to",))
        registration, metadata = self.provider.registration, await self.provider.metadata()
        state, nonce, verifier = (b64url(secrets.token_bytes(32)) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": registration.redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": b64url(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        under_way = {
            "state": state, "nonce": nonce, "verifier": verifier, "path": path,
            "expires": int(time.time()) + VALID_FOR_S,
        }  # fmt: skip
        mark = "&" if "?" in metadata.authorization_endpoint else "?"
        return Begun(metadata.authorization_endpoint + mark + urlencode(query), self._sealed(under_way))

    async def finish(self, cookie: str | None, answer: Mapping[str, str]) -> Finished:
        """End a sign-in with the parameters that the browser brought from the provider.

        Raises:
            Unauthenticated: not the sign-in that this browser began, used before, refused, or a token that
            does not hold. GatewayError: the provider cannot be asked. AuditUnavailable: nothing was opened.
        """
        begun = self._opened(cookie)
        state = str(begun["state"])
        if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
            raise Unauthenticated("this is not the sign-in that was begun here", reasons=("sign_in.state",))
        if await self._sessions.state_used(state):
            raise Unauthenticated("this sign-in was completed before", reasons=("sign_in.replayed",))
        claims = await self._claims(answer, begun)
        registration = self.provider.registration
        person = pseudonym(self._people_key, registration.issuer, claims["sub"])
        session = await self._sessions.open(person, self._citizen_of(claims), state, int(begun["expires"]))
        return Finished(session, str(begun["path"]))

    async def _claims(self, answer: Mapping[str, str], begun: Mapping[str, Any]) -> Mapping[str, Any]:
        registration, metadata = self.provider.registration, await self.provider.metadata()
        issuer = answer.get("iss")
        if (issuer is not None or metadata.names_itself) and issuer != registration.issuer:
            raise Unauthenticated("another identity provider has answered", reasons=("sign_in.issuer",))
        code = answer.get("code", "")
        if "error" in answer or not 0 < len(code) <= _MAX_PARAMETER:
            raise Unauthenticated("the identity provider refused this sign-in", reasons=("sign_in.refused",))
        token = await self.provider.redeem(code, str(begun["verifier"]))
        expected = Expected(registration.issuer, registration.client_id, str(begun["nonce"]))
        return check_id_token(token, await self.provider.key_of(token), expected)

    def _citizen_of(self, claims: Mapping[str, Any]) -> Subject | None:
        """Whom the token says the citizen is; nobody, where it has no such claim."""
        if self._citizen is None or self._citizen.name not in claims:
            return None
        try:
            return parse_subject({"type": self._citizen.type, "value": claims[self._citizen.name]})
        except MalformedRequest:
            raise Unauthenticated(
                "the identity provider's token was not accepted: citizen", reasons=("sign_in.token",)
            ) from None

    def _sealed(self, document: Mapping[str, Any]) -> str:
        nonce = os.urandom(_NONCE)
        return b64url(nonce + self._seal.encrypt(nonce, dump(document), _LABEL))

    def _opened(self, cookie: str | None) -> Mapping[str, Any]:
        try:
            if cookie is None or len(cookie) > _MAX_COOKIE:
                raise _not_begun()
            sealed = unb64url(cookie)
            opened = self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], _LABEL)
        except (MalformedRequest, InvalidTag, ValueError):
            raise _not_begun() from None
        document = parse_object(opened, max_bytes=_MAX_COOKIE, what="a sign-in")
        if document["expires"] <= time.time():
            raise _not_begun()
        return document


def _not_begun() -> Unauthenticated:
    return Unauthenticated("this sign-in was not begun here, or too long ago", reasons=("sign_in.state",))
