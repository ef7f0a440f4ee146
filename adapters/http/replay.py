"""A network that gives recorded answers, for fixtures of the kinds over HTTP.

A case's `answer` has `status` (200), `headers`, and `body`: a text, or JSON. `asks` says which
request must be sent, as `METHOD /path?query`; another one is answered 599.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

Fill = Callable[[httpx.Request, str], str]
"""Puts into a recorded body what an answer must repeat of its question."""


def replaying_network(case: Mapping[str, Any], fill: Fill | None = None) -> httpx.AsyncBaseTransport:
    """The transport for one case."""
    answer = case["answer"]

    def reply(request: httpx.Request) -> httpx.Response:
        asked = case.get("asks")
        if asked is not None and asked != f"{request.method} {request.url.raw_path.decode()}":
            return httpx.Response(599)
        body = answer.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        text = fill(request, text) if fill is not None else text
        headers = {"Content-Type": "application/json", **answer.get("headers", {})}
        return httpx.Response(answer.get("status", 200), headers=headers, stream=_Body(text.encode()))

    return httpx.MockTransport(reply)


class _Body(httpx.AsyncByteStream):
    """A body that is read once, as from a network."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
