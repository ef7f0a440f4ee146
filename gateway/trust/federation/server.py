"""The registrar's HTTP: static files, members' records, and the heartbeat. Plain ASGI.

    GET  /metadata/…  /targets/…  /b/<sha256>  /archive/timestamp/<n>.json    what was published
    PUT  /records        a member's signed record; its signature is the authentication
    GET  /health

Only `timestamp.json` and answers other than 200 change, so they are `no-store`; all else is cached
for good. The application's lifespan runs the heartbeat; the caller runs the server. Readers need no
trusted transport, so plain HTTP behind any mirror will do.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.trust.federation.documents import MAX_RECORD_BYTES
from gateway.trust.federation.errors import FederationError, RegistrarBusy
from gateway.trust.federation.roles import HEARTBEAT_S
from schemas.strict_json import dump

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BEAT_EVERY_S: Final = HEARTBEAT_S / 2
"""Twice as often as promised, so that one missed beat is not seen."""

_MAX_BODY_BYTES = 2 * MAX_RECORD_BYTES
_PATH = re.compile(
    r"/(?:metadata/(?:[1-9][0-9]{0,9}\.)?[a-z]{1,32}\.json|targets/[0-9a-f]{64}\.[a-z]{1,32}\.json"
    r"|b/[0-9a-f]{64}|archive/timestamp/[1-9][0-9]{0,9}\.json)"
)
_logger = logging.getLogger(__name__)


class RegistrarApp:
    """The ASGI application of one registrar's folder."""

    def __init__(
        self, folder: Path, *, beat_every_s: float = BEAT_EVERY_S, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._folder = folder
        self._beat_every_s = beat_every_s
        self._clock = clock or (lambda: datetime.now(UTC))
        self._writing = asyncio.Lock()
        self._beaten_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Beat from start to end of the server's life."""
        await receive()
        beating = asyncio.create_task(self._beat_forever())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        await send({"type": "lifespan.shutdown.complete"})

    async def _beat_forever(self) -> None:
        while True:
            try:
                await self._write(None)
                self._beaten_at = time.monotonic()
            except (FederationError, OSError):
                _logger.exception("the registrar's heartbeat failed")
            await asyncio.sleep(self._beat_every_s)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path == "/records" and method == "PUT":
            await self._take_record(receive, send)
        elif method not in {"GET", "HEAD"}:
            await _reply(send, 405, b"")
        elif path == "/health":
            late = time.monotonic() - self._beaten_at > 2 * HEARTBEAT_S
            await _reply(send, 503 if late else 200, dump({"status": "late" if late else "ok"}))
        else:
            await self._serve_file(path, send, with_body=method == "GET")

    async def _serve_file(self, path: str, send: Send, *, with_body: bool) -> None:
        if _PATH.fullmatch(path) is None:
            await _reply(send, 404, b"")
            return
        try:
            content = (self._folder / "public" / path[1:]).read_bytes()
        except FileNotFoundError:
            await _reply(send, 404, b"")
            return
        lasting = path != "/metadata/timestamp.json"
        await _reply(send, 200, content, lasting=lasting, with_body=with_body)

    async def _take_record(self, receive: Receive, send: Send) -> None:
        document = await _read_body(receive)
        if document is None:
            await _reply(send, 413, b"")
            return
        try:
            await self._write(document)
        except RegistrarBusy:
            await _reply(send, 503, b"")
        except FederationError as error:
            await _reply(send, 422, dump({"code": error.code, "detail": str(error)}))
        else:
            await _reply(send, 204, b"")

    async def _write(self, record: bytes | None) -> None:
        """One change at a time; the registrar's lock keeps the command line out meanwhile."""
        async with self._writing:
            await asyncio.to_thread(self._write_once, record)

    def _write_once(self, record: bytes | None) -> None:
        from gateway.trust.federation.registrar import Registrar

        with Registrar.open(self._folder, clock=self._clock) as registrar:
            if record is not None:
                registrar.accept_record(record)
            registrar.publish()


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > _MAX_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _reply(
    send: Send, status: int, content: bytes, *, lasting: bool = False, with_body: bool = True
) -> None:
    cache = b"public, max-age=31536000, immutable" if lasting else b"no-store"
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", cache),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status != 204:
        headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content if with_body else b""})
