"""The load generator: a process of its own that keeps connections alive and counts what is wrong.

`python -m benchmarks.load` reads one JSON command a line (`{"arm", "host", "port", "request", "body",
"exact", "connections", "seconds"}`; `body` is what every answer's body must be, or hold) and writes one
JSON result a line. Each connection asks, waits for the whole answer, and asks again. Connections belong
to an arm and stay open from one command to the next. It speaks just enough HTTP/1.1 to stay cheap:
every answer must have `Content-Length`, which all arms send.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Count:
    """What one command has seen. `latencies` are seconds."""

    body: bytes
    exact: bool
    until: float
    latencies: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def fits(self, body: bytes) -> bool:
        """Whether this is the answer that was asked for."""
        return body == self.body if self.exact else self.body in body

    def wrong(self, what: str) -> None:
        """Count one failure by its kind."""
        self.errors[what] = self.errors.get(what, 0) + 1


class Connection(asyncio.Protocol):
    """One kept-alive connection; `ask` puts the same request until the time is over."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: Any = None
        self._received = bytearray()
        self._length = -1
        self._head = 0
        self._asked = 0.0
        self._count: Count | None = None
        self._finished: asyncio.Future[None] | None = None
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport, self.open = transport, True

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends under way is an error of the arm."""
        self.open = False
        if self._count is not None:
            self._count.wrong(f"connection lost: {type(exc).__name__ if exc else 'closed'}")
            self._end()

    async def ask(self, count: Count) -> None:
        """Ask again and again until the count's time is over."""
        self._count = count
        self._finished = asyncio.get_running_loop().create_future()
        self._send()
        await self._finished

    def data_received(self, data: bytes) -> None:
        """Collect one answer, check it, and ask again."""
        received = self._received
        received += data
        if self._length < 0:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head = end + 4
            self._length = _content_length(bytes(received[:end]))
        if len(received) < self._head + self._length:
            return
        self._answered()

    def _answered(self) -> None:
        count = self._count
        if count is None:
            return
        now = time.perf_counter()
        received = self._received
        if not received.startswith(b"HTTP/1.1 200"):
            count.wrong(f"status {bytes(received[9:12]).decode('latin-1')}")
        elif not count.fits(bytes(received[self._head : self._head + self._length])):
            count.wrong("another body")
        else:
            count.latencies.append(now - self._asked)
        received.clear()
        self._length = -1
        if now < count.until:
            self._send()
        else:
            self._end()

    def _send(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _end(self) -> None:
        self._count = None
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)


def _content_length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return 0 if place < 0 else int(head[place + 15 :].split(b"\r\n", 1)[0])


async def _run(command: dict[str, Any], connections: dict[str, list[Connection]]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    request = b64decode(command["request"])
    kept = [one for one in connections.get(command["arm"], []) if one.open]
    opened = command["connections"] - len(kept)
    for _ in range(opened):
        _, connection = await loop.create_connection(
            lambda: Connection(request), command["host"], command["port"]
        )
        kept.append(connection)
    connections[command["arm"]] = kept
    started = time.perf_counter()
    count = Count(b64decode(command["body"]), command["exact"], started + command["seconds"])
    await asyncio.gather(*(one.ask(count) for one in kept))
    elapsed = time.perf_counter() - started
    found = sorted(count.latencies)
    return {
        "completed": len(found),
        "elapsed_s": elapsed,
        "opened": opened,
        "errors": count.errors,
        "p50_ms": _percentile(found, 0.50) * 1000,
        "p99_ms": _percentile(found, 0.99) * 1000,
    }


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def _serve() -> None:
    connections: dict[str, list[Connection]] = {}
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        result = await _run(json.loads(line), connections)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve())
