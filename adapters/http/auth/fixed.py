"""Credentials that never change: `none`, `basic`, `bearer` and `api_key` (RFC 7617, RFC 6750)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.http.auth.contract import Authenticator, Post
from adapters.http.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same headers and query parameters on every request."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_ahead(self) -> bool:
        """As `Auth.is_ahead`."""
        return not self.query

    def authenticator(self, post: Post) -> Authenticator | None:
        """As `Auth.authenticator`."""
        del post
        return InQuery(self.query) if self.query else None


class InQuery(Authenticator):
    """Puts a key into the query. It then stands in the source's access log: a header is better."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query

    async def sign(self, request: Outgoing) -> Outgoing:
        """As `Authenticator.sign`."""
        return request.with_query(self._query)

    def renews(self, request: Outgoing) -> bool:
        """As `Authenticator.renews`."""
        del request
        return False


def fixed(auth: Mapping[str, Any]) -> Fixed:
    """`none`, `basic`, `bearer` or `api_key` of a file."""
    match auth["kind"]:
        case "bearer":
            return Fixed({"Authorization": f"Bearer {auth['token']}"})
        case "api_key" if "query" in auth:
            return Fixed(query={auth["query"]: auth["key"]})
        case "api_key":
            scheme = f"{auth['scheme']} " if "scheme" in auth else ""
            return Fixed({auth["header"]: scheme + auth["key"]})
        case "basic":
            return Fixed({"Authorization": basic(auth["user"], auth["password"])})
        case _:
            return Fixed()


def basic(user: str, password: str) -> str:
    """The value of `Authorization` for a user and a password, in UTF-8 (RFC 7617 section 2.1)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
