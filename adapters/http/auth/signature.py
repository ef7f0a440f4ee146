"""`hmac`: a keyed digest over parts of each request (RFC 2104), as its makers like to differ in it.

What is signed is a template. It may hold `{method}`, `{host}`, `{target}` (path and query as sent),
`{path}`, `{query}`, `{body}`, `{body_sha256}` (hex), `{date}` (HTTP date), `{timestamp}` (epoch
seconds), `{nonce}` and `{key_id}`. Not here: RFC 9421, AWS's canonical requests.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from adapters.http.auth.contract import Authenticator, Post
from adapters.http.outgoing import Outgoing

PARTS: Final = frozenset(
    [
        "method",
        "host",
        "target",
        "path",
        "query",
        "body",
        "body_sha256",
        "date",
        "timestamp",
        "nonce",
        "key_id",
    ]
)
"""The words a signed template may use."""
SHOWN: Final = PARTS - {"body"} | {"signature"}
"""The words a header's template may use."""
WORD: Final = re.compile(r"\{([a-z_0-9]+)\}")

_ENCODINGS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "base64": lambda digest: b64encode(digest).decode(),
    "base64url": lambda digest: urlsafe_b64encode(digest).rstrip(b"=").decode(),
}


@dataclass(frozen=True, slots=True)
class Hmac:
    """A shared key, what it signs, and the headers that carry signature and date."""

    key: bytes = field(repr=False)
    key_id: str
    algorithm: str
    encoding: str
    signs: str
    shows: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False

    def authenticator(self, post: Post) -> Authenticator:
        """As `Auth.authenticator`."""
        del post
        return HmacSigner(self)

    def signed(self, request: Outgoing, now: float, nonce: str) -> Outgoing:
        """A request with its signature; `now` in epoch seconds."""
        parts = _parts(request, self.key_id, now, nonce)
        message = _filled(self.signs, parts)
        digest = hmac.new(self.key, message, self.algorithm).digest()
        parts["signature"] = _ENCODINGS[self.encoding](digest).encode()
        return request.with_headers(
            {name: _filled(value, parts).decode("latin-1") for name, value in self.shows.items()}
        )


class HmacSigner(Authenticator):
    """Signs each request anew."""

    def __init__(self, form: Hmac) -> None:
        self._form = form

    async def sign(self, request: Outgoing) -> Outgoing:
        """As `Authenticator.sign`."""
        return self._form.signed(request, time.time(), uuid4().hex)

    def renews(self, request: Outgoing) -> bool:
        """As `Authenticator.renews`."""
        del request
        return False


def _parts(request: Outgoing, key_id: str, now: float, nonce: str) -> dict[str, bytes]:
    address, body = urlsplit(request.url), request.content or b""
    texts = {
        "method": request.method,
        "host": address.netloc,
        "target": request.target,
        "path": address.path or "/",
        "query": address.query,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "date": formatdate(now, usegmt=True),
        "timestamp": str(int(now)),
        "nonce": nonce,
        "key_id": key_id,
    }
    return {"body": body} | {name: text.encode() for name, text in texts.items()}


def _filled(template: str, parts: Mapping[str, bytes]) -> bytes:
    """The template with its parts; bytes, since a body is."""
    pieces = WORD.split(template)
    return b"".join(parts[piece] if at % 2 else piece.encode() for at, piece in enumerate(pieces))
