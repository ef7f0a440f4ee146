"""HTTP clients over a scripted network: what was sent is kept, answers come from a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from adapters.http.client import HttpClient
from adapters.http.form import connection
from adapters.source import Limits

BASE_URL = "https://source.example"


@dataclass
class FakeNetwork:
    """Answers with `script(request)`: a response, or a JSON value for an HTTP 200."""

    script: Callable[[httpx.Request], Any]
    sent: list[httpx.Request] = field(default_factory=list)

    def transport(self) -> httpx.AsyncBaseTransport:
        """What takes the place of the network."""

        def reply(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            given = self.script(request)
            return given if isinstance(given, httpx.Response) else answered(given)

        return httpx.MockTransport(reply)


def answered(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer; `_` in a header's name stands for `-`."""
    given = {"content-type": "application/json"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return httpx.Response(status, headers=given, content=json.dumps(value).encode())


def client_over(network: FakeNetwork, auth: Mapping[str, Any] | None = None, **settings: Any) -> HttpClient:
    """An open client; `auth` and the other settings as a source file has them, secrets resolved."""
    form = connection({"base_url": BASE_URL, "auth": auth or {"kind": "none"}, **settings}, Path("unused"))
    client = HttpClient(form, Limits(), network.transport())
    client.open()
    return client
