"""A network that gives recorded answers, for fixtures of the kinds over HTTP.

A case's `answer` has `status` (200), `headers`, and `body`: a text, or JSON. `asks` says which
request must be sent, as `METHOD /path?query`; another one is answered 599. Where a question takes
several requests, `answers` is a list: the entry whose `asks` is the request's is given, else the next
one without; the last one repeats. Tokens and logins are left out (`without_login`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx

from adapters.http.auth.fixed import Fixed
from adapters.http.form import HttpConnection

Fill = Callable[[httpx.Request, str], str]
"""Puts into a recorded body what an answer must repeat of its question."""


def without_login(connection: HttpConnection) -> HttpConnection:
    """The connection without credentials that would have to be fetched or loaded first."""
    return connection if connection.auth.is_ahead else replace(connection, auth=Fixed())


def replaying_network(case: Mapping[str, Any], fill: Fill | None = None) -> httpx.AsyncBaseTransport:
    """The transport for one case."""
    answers = case["answers"] if "answers" in case else [case["answer"]]
    waiting = [answer for answer in answers if "asks" not in answer]

    def reply(request: httpx.Request) -> httpx.Response:
        line = f"{request.method} {request.url.raw_path.decode()}"
        if case.get("asks", line) != line:
            return httpx.Response(599)
        answer = next((answer for answer in answers if answer.get("asks") == line), None)
        if answer is None and waiting:
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if answer is None:
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
