"""Tokens that are fetched: kept until shortly before their end, fetched once for all who wait.

A refused or throttled fetch is remembered for a while, so that a wrong password does not lock an
account and a rate limit is not run into again (OpenSPP allows five tokens a minute). Whoever waited for
a fetch that failed shares its failure. A source that refuses even fresh tokens costs one fetch in a
while, not one for each question.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.http.auth.contract import Authenticator
from adapters.http.outgoing import Outgoing
from schemas.outcome import Misbehaving, Unanswered, Unavailable

MARGIN_S: Final = 30.0
"""A token is not used in its last half minute, or the last tenth of its life."""
REFUSED_S: Final = 10.0
"""Seconds in which refused credentials are not tried again, nor a token that was refused when new."""
MAX_LIFETIME_S: Final = 24 * 3600.0

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how many seconds it lives; None when nobody says."""

    value: str = field(repr=False)
    lifetime_s: float | None = None


def read_token(value: Any, lifetime: Any) -> Token | Misbehaving:
    """A token as a source sent it, if it can stand in a header; `lifetime` in seconds, or anything."""
    if not isinstance(value, str) or _TOKEN.fullmatch(value) is None:
        return Misbehaving("the token service sent no usable token")
    text = str(lifetime) if isinstance(lifetime, (int, str)) and not isinstance(lifetime, bool) else ""
    seconds = float(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None
    return Token(value, None if seconds is None else min(seconds, MAX_LIFETIME_S))


class TokenHeader(Authenticator):
    """Puts a fetched token into a header. `write` makes the headers of a token."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Token | Unanswered]],
        write: Callable[[str], Mapping[str, str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._write = write
        self._clock = clock
        self._single = asyncio.Lock()
        self._headers: Mapping[str, str] = {}
        self._until = float("-inf")
        self._failure: Unanswered | None = None
        self._failed_at = float("-inf")
        self._failure_until = float("-inf")
        self._dropped_at = float("-inf")

    async def sign(self, request: Outgoing) -> Outgoing | Unanswered:
        """As `Authenticator.sign`."""
        came_at = self._clock()
        if came_at >= self._until:
            async with self._single:
                failure = await self._renewed(came_at) if self._clock() >= self._until else None
            if failure is not None:
                return failure
        return request.with_headers(self._headers)

    def renews(self, request: Outgoing) -> bool:
        """As `Authenticator.renews`: drops the token, unless somebody has already fetched another, or
        the token is the one that was fetched after a refusal a moment ago."""
        is_current = all(request.headers.get(name) == value for name, value in self._headers.items())
        if not is_current or self._until == float("-inf"):
            return True
        now = self._clock()
        if now < self._dropped_at + REFUSED_S:
            return False
        self._until, self._dropped_at = float("-inf"), now
        return True

    async def _renewed(self, came_at: float) -> Unanswered | None:
        if self._failure is not None and (self._clock() < self._failure_until or came_at <= self._failed_at):
            return self._failure
        asked_at = self._clock()
        token = await self._fetch()
        if not isinstance(token, Token):
            self._failure, self._failed_at = token, self._clock()
            self._failure_until = self._failed_at + _pause(token)
            return token
        lifetime = float("inf") if token.lifetime_s is None else token.lifetime_s
        self._failure = None
        self._headers = self._write(token.value)
        self._until = asked_at + lifetime - min(MARGIN_S, lifetime / 10)
        return None


def _pause(failure: Unanswered) -> float:
    """Seconds before a failed fetch may be repeated."""
    if isinstance(failure, Unavailable):
        return failure.retry_after_s or 0.0
    # Misbehaving too: many services say 422, or a page of HTML, to a wrong password.
    return REFUSED_S
