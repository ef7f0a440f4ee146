"""Plain ASGI for the hot path: read a bounded body, send one response. No framework, no models.

Used by the peer path and the X-Road door (DESIGN section 12). Specification: ASGI 3.0, HTTP 2.3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from schemas.errors import MalformedRequest, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


RespondAtOnce = Callable[[int, list[tuple[bytes, bytes]], bytes], None]
RESPOND: Final = "isthmus.respond"
"""The ASGI scope extension that writes a whole response in one piece."""
_HEADERS: Final = "isthmus.headers"
"""Where the scope keeps its headers by name; a client cannot write there."""


class ClientGone(Exception):
    """The client closed its connection before the request was complete."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Read a whole request body of at most `limit` bytes.

    Raises:
        TooLarge: it is longer, or says it will be. MalformedRequest: its length is no number.
        ClientGone: it never arrived.
    """
    declared = header(scope, b"content-length")
    if declared is not None and not declared.isdigit():
        raise MalformedRequest("Content-Length is not a number")
    if declared is not None and int(declared) > limit:
        raise TooLarge(f"the body is longer than {limit} bytes")
    chunks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > limit:
            raise TooLarge(f"the body is longer than {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header that must not repeat.

    Raises:
        MalformedRequest: it is given more than once.
    """
    found = _by_name(scope).get(name)
    if found is None:
        return None
    if len(found) > 1:
        raise MalformedRequest(f"the header {name.decode('ascii')} is given more than once")
    return found[0].decode("latin-1")


def _by_name(scope: Scope) -> dict[bytes, list[bytes]]:
    """The headers of a request by name, made once: a door looks for a dozen of them."""
    known: dict[bytes, list[bytes]] | None = scope.get(_HEADERS)
    if known is None:
        known = scope[_HEADERS] = {}
        for name, value in scope["headers"]:
            known.setdefault(name, []).append(value)
    return known


async def respond(
    scope: Scope, send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> None:
    """Send one whole response: at once where the server can (`RESPOND`), else as two messages."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", b"%d" % len(body)))
    at_once: RespondAtOnce | None = scope.get("extensions", {}).get(RESPOND)
    if at_once is not None:
        at_once(status, raw, body)
        return
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
