"""A source that behaves badly in every way HTTP allows, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

JSON = b"Content-Type: application/json\r\n"


@dataclass
class HostileServer:
    """Answers by the last path segment; `asked` keeps the request lines, `heads` whole heads."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    flaky: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one answer."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            self.asked.append(head.partition("\r\n")[0])
            await self._answer(self.asked[-1].split(" ")[1].rpartition("/")[2], writer)
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, what: str, writer: asyncio.StreamWriter) -> None:
        ok = b'{"nid": "CANARY-NID", "family_name": "CANARY-NAME"}'
        match what:
            case "match":
                reply(writer, b"200 OK", JSON, ok)
            case "slow":
                writer.write(b"HTTP/1.1 200 OK\r\n" + JSON)
                await writer.drain()
                await asyncio.sleep(5)
            case "drip":
                writer.write(b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 1000\r\n\r\n")
                for _ in range(100):
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            case "huge":
                writer.write(b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
                for _ in range(1000):
                    writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                    await writer.drain()
            case "zipped":
                reply(writer, b"200 OK", JSON + b"Content-Encoding: gzip\r\n", b"\x1f\x8b" + ok)
            case "redirect":
                reply(writer, b"302 Found", f"Location: {self.url}/persons/match\r\n".encode(), b"")
            case "html":
                reply(writer, b"200 OK", b"Content-Type: text/html\r\n", b"<h1>CANARY-NAME</h1>")
            case "truncated":
                writer.write(b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 500\r\n\r\n" + ok)
                await writer.drain()
            case "half":
                reply(writer, b"200 OK", JSON, ok[:-5])
            case "twice":
                reply(writer, b"200 OK", JSON, b'{"nid": "1", "nid": "CANARY-NID"}')
            case "deep":
                reply(writer, b"200 OK", JSON, b"[" * 500 + b"]" * 500)
            case "error200":
                reply(writer, b"200 OK", JSON, b'{"status": "ERROR", "message": "CANARY-NAME"}')
            case "unknown":
                reply(writer, b"404 Not Found", JSON, b'{"error": "unknown"}')
            case "lost":
                reply(writer, b"404 Not Found", JSON, b'{"error": "no route"}')
            case "refused":
                reply(writer, b"403 Forbidden", JSON, b'{"error": "CANARY-NAME"}')
            case "busy":
                reply(writer, b"429 Too Many Requests", JSON + b"Retry-After: 9\r\n", b"{}")
            case "crash":
                reply(writer, b"500 Oops", JSON, b'{"trace": "CANARY-NAME"}')
            case "flaky":
                self.flaky += 1
                status = b"200 OK" if self.flaky > 1 else b"503 Busy"
                reply(writer, status, JSON, ok)
            case "text":
                reply(writer, b"200 OK", JSON, b'"CANARY-NAME"')
            case "two":
                reply(writer, b"200 OK", JSON, b"[" + ok + b"," + ok + b"]")
            case "none":
                reply(writer, b"200 OK", JSON, b"[]")
            case "typed":
                reply(writer, b"200 OK", JSON, b'{"nid": {"CANARY-NID": 1}, "family_name": []}')
            case _:
                reply(writer, b"200 OK", JSON, b"[]")
        await writer.drain()


def reply(writer: asyncio.StreamWriter, status: bytes, headers: bytes, body: bytes) -> None:
    """A whole answer."""
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    writer.write(b"HTTP/1.1 " + status + b"\r\n" + headers + length + body)


@asynccontextmanager
async def hostile_server() -> AsyncIterator[HostileServer]:
    """The server between start and stop."""
    hostile = HostileServer()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await hostile.serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hostile.url = f"http://127.0.0.1:{port}"
    try:
        yield hostile
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
