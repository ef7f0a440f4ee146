"""Head, body, and how they are framed between gateways (`docs/protocol.md` section 4).

`u32 big-endian head length ‖ head JSON ‖ body`. The head of a request says `method, path, query,
headers, consent`; of an answer `status, headers`. Headers are a list of `[name, value]`, names in
lower case, allow-listed and end-to-end only: what the source may see of the client's HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from schemas.errors import MalformedRequest, TooLarge
from schemas.strict_json import dump, parse_object

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_HEADERS: Final = 64

RETENTION_DAYS: Final = "isthmus-retention-days"
"""How long the client may keep an answer, in days."""
DOUBLE_AUDIT: Final = "isthmus-double-audit"
"""`emergency`: both gateways have logged, in an entry of its own, that an emergency was used."""
NOTICES: Final = frozenset({RETENTION_DAYS, DOUBLE_AUDIT})
"""What an answering gateway itself says in an answer's head. No source can: they do not travel."""

Headers = tuple[tuple[str, str], ...]

_LENGTH = Struct(">I")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_METHOD = re.compile(r"[A-Z]{1,16}")
_END_TO_END = frozenset(
    {
        "accept", "accept-language", "authorization", "cache-control", "content-disposition",
        "content-language", "content-type", "etag", "expires", "if-match", "if-modified-since",
        "if-none-match", "if-unmodified-since", "last-modified", "link", "location", "retry-after",
        "vary", "www-authenticate",
    }
)  # fmt: skip
_OURS = ("x-road-", "x-forwarded-", "x-real-", "x-original-", "x-http-method", "x-method-")


def travels(name: str) -> bool:
    """Whether a header, in lower case, may travel between client and source. Private `x-` headers
    do, as X-Road clients expect; those that address proxies, or this gateway, do not."""
    return name in _END_TO_END or (name.startswith("x-") and not name.startswith(_OURS))


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Method, target and headers of a request; `path` and `query` are the canonical ones that
    policy saw, `consent` is the token or None."""

    method: str
    path: str
    query: str
    headers: Headers
    consent: str | None

    def to_bytes(self) -> bytes:
        """The JSON that is digested and sent."""
        return dump(
            {
                "method": self.method,
                "path": self.path,
                "query": self.query,
                "headers": self.headers,
                "consent": self.consent,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> RequestHead:
        """Read a head; MalformedRequest unless it is one."""
        head = _parse(data, {"method", "path", "query", "headers", "consent"})
        method, path, query, consent = head["method"], head["path"], head["query"], head["consent"]
        if not isinstance(method, str) or _METHOD.fullmatch(method) is None:
            raise MalformedRequest("the head's method is not an HTTP method")
        if not isinstance(path, str) or not isinstance(query, str):
            raise MalformedRequest("the head's path and query are not texts")
        if consent is not None and not (isinstance(consent, str) and consent.isascii()):
            raise MalformedRequest("the head's consent is not a token")
        return cls(method, path, query, check_headers(head["headers"]), consent)


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """Status and headers of an answer."""

    status: int
    headers: Headers

    def to_bytes(self) -> bytes:
        """The JSON that is digested and sent."""
        return dump({"status": self.status, "headers": self.headers})

    @classmethod
    def from_bytes(cls, data: bytes) -> AnswerHead:
        """Read a head; MalformedRequest unless it is one."""
        head = _parse(data, {"status", "headers"})
        status = head["status"]
        if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
            raise MalformedRequest("the head's status is not an HTTP status")
        return cls(status, check_headers(head["headers"], also=NOTICES))


def frame(head: bytes, body: bytes) -> bytes:
    """Put head and body into one content."""
    return _LENGTH.pack(len(head)) + head + body


def unframe(content: bytes) -> tuple[bytes, bytes]:
    """Take head and body apart.

    Raises:
        MalformedRequest: the lengths do not fit. TooLarge: the head is beyond 32 KiB.
    """
    if len(content) < _LENGTH.size:
        raise MalformedRequest("the content is shorter than its frame")
    (length,) = _LENGTH.unpack_from(content)
    if length > MAX_HEAD_BYTES:
        raise TooLarge(f"the head is longer than {MAX_HEAD_BYTES} bytes")
    end = _LENGTH.size + length
    if end > len(content):
        raise MalformedRequest("the content is shorter than its frame says")
    return content[_LENGTH.size : end], content[end:]


def end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """Keep the headers that may travel, names in lower case; the rest is dropped."""
    lowered = ((name.lower(), value) for name, value in headers)
    return check_headers([pair for pair in lowered if travels(pair[0])])


def check_headers(value: Any, *, also: frozenset[str] = frozenset()) -> Headers:
    """Return headers that may travel or are in `also`, and inject no others; MalformedRequest otherwise."""
    if not isinstance(value, list) or len(value) > MAX_HEADERS:
        raise MalformedRequest(f"headers are not a list of at most {MAX_HEADERS} pairs")
    return tuple(_check_header(pair, also) for pair in value)


def _check_header(pair: Any, also: frozenset[str]) -> tuple[str, str]:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise MalformedRequest("a header is not a [name, value] pair")
    name, value = pair
    known = isinstance(name, str) and _HEADER_NAME.fullmatch(name) and (travels(name) or name in also)
    if not known:
        raise MalformedRequest("a header's name is not one that travels between gateways")
    if not isinstance(value, str) or _HEADER_VALUE.fullmatch(value) is None:
        raise MalformedRequest("a header's value holds a control character or is too long")
    return name, value


def _parse(data: bytes, members: set[str]) -> dict[str, Any]:
    # Its only number is an answer's status, which is checked.
    head = parse_object(data, max_bytes=MAX_HEAD_BYTES, what="the head", bound_numbers=False)
    if head.keys() != members:
        raise MalformedRequest("the head has a missing or an unknown member")
    return head
