"""Bounds on what the JSON doors read: size, depth and duplicate keys, before any model sees it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from gateway.trust.asgi import App, Receive, Scope, Send, read_body
from schemas.strict_json import parse

MAX_JSON_BYTES: Final = 64 * 1024


class Bounded:
    """An application whose request bodies are bounded."""

    def __init__(self, app: App, limit: int = MAX_JSON_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, BoundedBody(scope, receive, self._limit), send)


class BoundedBody:
    """A `receive` that hands over a whole body once it is small and strict enough."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = min(limit, MAX_JSON_BYTES)
        self._read = False

    async def __call__(self) -> MutableMapping[str, Any]:
        """The body as one message.

        Raises:
            RequestError: it is too large, too deep, not JSON, or has a key twice.
        """
        if self._read:
            return await self._receive()
        body = await read_body(self._scope, self._receive, self._limit)
        self._read = True
        if body:
            parse(body, max_bytes=self._limit, what="the body")
        return {"type": "http.request", "body": body, "more_body": False}
