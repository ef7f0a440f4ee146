"""What every way to authenticate has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from adapters.http.answers import HttpAnswer
from adapters.http.outgoing import Outgoing
from schemas.outcome import Unanswered

Post = Callable[[Outgoing], Awaitable[HttpAnswer | Unanswered]]
"""Sends a request exactly as it stands, to an allowed host."""


class Authenticator(Protocol):
    """Puts credentials to requests while a source is open. One serves many tasks at once."""

    async def sign(self, request: Outgoing) -> Outgoing | Unanswered:
        """The request with credentials, or why there are none."""

    def renews(self, request: Outgoing) -> bool:
        """Told of a signed request that was refused with 401: whether `sign` would now do better."""


class Auth(Protocol):
    """`auth:` of a file, secrets resolved."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that are the same on every request."""

    @property
    def is_ahead(self) -> bool:
        """Whether `headers` are all there is, so that another client may forward with them."""

    def authenticator(self, post: Post) -> Authenticator | None:
        """What puts the rest to each request; None when `headers` are all there is."""
