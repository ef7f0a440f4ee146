"""Answers of a source over HTTP: what they are, how their JSON is read, what a status means.

A source's own rules come first (`adapters.http.error_rules`); `failure_of` is HTTP's opinion when
no rule says otherwise. Causes never quote an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.errors import ExchangeError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable
from schemas.strict_json import parse

_JSON: Final = ("application/json", "+json")
_MAX_RETRY_AFTER_S: Final = 3600.0
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer, small enough to hold.

    `received_at` is epoch seconds. Names in `headers` are in lower case, values of repeated headers
    joined by a comma; `cookies` are the names and values the answer sets.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    received_at: int
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def charset(self) -> str | None:
        """The encoding that the transport names."""
        match = _CHARSET.search(self.headers.get("content-type", ""))
        return match[1].lower() if match else None


def parse_answer(answer: HttpAnswer, max_bytes: int) -> Any | Misbehaving:
    """The JSON of an answer, decimals exact; Misbehaving when it is no acceptable JSON."""
    if not answer.content_type.endswith(_JSON):
        return Misbehaving("the answer is not JSON")
    try:
        return parse(answer.body, max_bytes=max_bytes, what="the answer", decimals=True)
    except ExchangeError:
        return Misbehaving("the answer is not acceptable JSON")


def failure_of(answer: HttpAnswer) -> Unanswered | None:
    """What a status other than success means when no rule of the source says otherwise."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in {401, 403, 407}:
        return DeniedBySource(f"the source refused us with HTTP {status}")
    if status in {408, 425, 429} or status >= 500:
        return Unavailable(f"the source answered HTTP {status}", retry_after_s=answer.retry_after_s)
    return Misbehaving(f"the source answered HTTP {status}")


def retry_after(text: str | None) -> float | None:
    """Seconds of a `Retry-After`; a date is not read, since the source's clock may be wrong."""
    if text is None or not (text.isascii() and text.strip().isdecimal()):
        return None
    return min(float(text), _MAX_RETRY_AFTER_S)
