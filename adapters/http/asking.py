"""One question of a kind over HTTP, before it is sent: what paging steps through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.http.answers import HttpAnswer
from adapters.http.client import HttpClient, QueryValues
from adapters.http.outgoing import Content
from adapters.pointer import parse
from schemas.outcome import Unanswered


@dataclass(frozen=True, slots=True)
class Asking:
    """A request below the base URL: `body` is a JSON value, `content` anything else. Only the method
    is shown, since the rest may hold a person's number."""

    method: str
    path: str = field(repr=False)
    query: QueryValues = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    content: Content | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    accept: str = "application/json"

    async def sent(self, client: HttpClient) -> HttpAnswer | Unanswered:
        """The source's answer."""
        return await client.send(
            self.method,
            self.path,
            self.query,
            self.body,
            content=self.content,
            headers=self.headers,
            accept=self.accept,
        )

    def having(self, parameter: str, value: str | int) -> Asking:
        """The same request with a parameter: of the query, or the JSON body's member at a pointer."""
        if parameter.startswith("/"):
            return replace(self, body=_with(self.body, parse(parameter), value))
        return replace(self, query={**self.query, parameter: str(value)})

    def going_to(self, path: str) -> Asking:
        """The same request to another path, which holds its own query."""
        return replace(self, path=path, query={})


def _with(document: Any, place: tuple[str, ...], value: str | int) -> Any:
    """A copy of a JSON document with one member set; objects on the way are made."""
    if not place:
        return value
    members = document if isinstance(document, Mapping) else {}
    return {**members, place[0]: _with(members.get(place[0]), place[1:], value)}
