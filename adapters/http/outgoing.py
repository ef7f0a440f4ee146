"""A request on its way out: what credentials are put to, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Content:
    """A body as it is sent, and its media type."""

    data: bytes = field(repr=False)
    type: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. Only the method is shown: the rest may hold a person's number or a secret. The body of
    a 200 goes `into` whatever takes it, piece by piece, when it is too large to hold."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    into: Callable[[bytes], None] | None = field(default=None, repr=False)

    @property
    def target(self) -> str:
        """Path and query, as the request line has them."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def with_headers(self, headers: Mapping[str, str]) -> Outgoing:
        """The same request with further headers."""
        return replace(self, headers={**self.headers, **headers})

    def with_query(self, query: Mapping[str, str]) -> Outgoing:
        """The same request with further query parameters."""
        joint = "&" if "?" in self.url else "?"
        return replace(self, url=self.url + joint + urlencode(query, quote_via=quote, safe=""))
