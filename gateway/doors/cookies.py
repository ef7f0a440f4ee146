"""The two cookies of the admin port, and what keeps another site from using them.

Both are HttpOnly and SameSite=Lax, and over HTTPS Secure with the prefix `__Host-` (RFC 6265bis). Unsafe
requests of a session also carry `Isthmus-CSRF`, and an `Origin` that is our own where a browser sends one.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from gateway.people.oidc.sign_in import VALID_FOR_S
from gateway.people.sessions import LIFETIME_S, csrf_token
from schemas.errors import NotPermitted

CSRF_HEADER: Final = "isthmus-csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of an admin port that browsers reach at `origin`, such as `https://gateway.example`."""

    origin: str

    @property
    def _secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def session_name(self) -> str:
        """The session's cookie."""
        return "__Host-isthmus-session" if self._secure else "isthmus-session"

    @property
    def sign_in_name(self) -> str:
        """The cookie of a sign-in under way."""
        return "__Host-isthmus-sign-in" if self._secure else "isthmus-sign-in"

    def session(self, request: Request) -> str | None:
        """The session's text, if the browser brought one."""
        return request.cookies.get(self.session_name)

    def set_session(self, response: Response, text: str) -> None:
        """Give the browser its session."""
        self._set(response, self.session_name, text, LIFETIME_S)

    def set_sign_in(self, response: Response, text: str) -> None:
        """Give the browser what it has to bring back."""
        self._set(response, self.sign_in_name, text, VALID_FOR_S)

    def clear(self, response: Response, name: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="lax")

    def check_csrf(self, request: Request, session: str) -> None:
        """Raise NotPermitted for an unsafe request that another site may have made."""
        if request.method in _SAFE:
            return
        origin = request.headers.get("origin")
        shown = request.headers.get(CSRF_HEADER, "")
        genuine = hmac.compare_digest(shown.encode(), csrf_token(session).encode())
        if not genuine or (origin is not None and origin != self.origin):
            raise NotPermitted("this request does not come from a page of this gateway", reasons=("csrf",))

    def _set(self, response: Response, name: str, text: str, age_s: int) -> None:
        response.set_cookie(
            name, text, max_age=age_s, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
