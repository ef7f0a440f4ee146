"""A small HTTP server on the loopback interface, for stand-ins: TLS, one answer per connection.

It runs in a thread with a loop of its own, so a client that blocks its own loop still gets answers.
It reads requests leniently and writes whatever it is told, byte for byte: a stand-in must be able to
break every rule of HTTP. Never part of a gateway.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, Final

from adapters.http.loopback_certificates import Certificates, certificates

_MAX_BODY: Final = 8 * 1024 * 1024
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpQuestion:
    """One request as it came: `target` still encoded, header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def encoded(self, length: int | None = None) -> bytes:
        """The bytes of it; `length` lies about the body's."""
        head = {"Content-Length": str(len(self.body) if length is None else length), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in {**head, **self.headers}.items()]
        return "\r\n".join([f"HTTP/1.1 {self.status} Said", *lines, "", ""]).encode() + self.body


class Line:
    """The connection to one client, after its request was read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._left = asyncio.ensure_future(reader.read())

    async def send(self, data: bytes) -> None:
        """Write, as far as the client still listens."""
        with suppress(ConnectionError, ssl.SSLError):
            self._writer.write(data)
            await self._writer.drain()

    async def client_leaves(self, seconds: float) -> bool:
        """Whether the client goes away within this time."""
        done, _ = await asyncio.wait({self._left}, timeout=seconds)
        return bool(done) or self._writer.is_closing()

    def abort(self) -> None:
        """Break the connection, without a farewell."""
        self._left.cancel()
        self._writer.transport.abort()

    async def close(self) -> None:
        """Say farewell."""
        self._left.cancel()
        with suppress(ConnectionError, ssl.SSLError, TimeoutError):
            self._writer.close()
            await asyncio.wait_for(self._writer.wait_closed(), 1)


Serve = Callable[[HttpQuestion, Line], Awaitable[None]]


class LoopbackServer:
    """Serves until stopped. `url` is https://127.0.0.1:PORT, `ca_file` what a client must trust."""

    def __init__(self, serve: Serve, folder: Path) -> None:
        self._serve = serve
        self._certificates: Certificates = certificates()
        self._folder = folder
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._loop = asyncio.new_event_loop()
        self._thread: Thread | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.ca_file = folder / "ca.pem"
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port."""
        self.ca_file.write_bytes(self._certificates.authority)
        self.show_trusted_certificate(trusted=True)
        self._thread = Thread(target=self._loop.run_forever, daemon=True, name="stand-in")
        self._thread.start()
        await self.run(self._listen())

    async def stop(self) -> None:
        """End every connection and the thread."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        await self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(thread.join)
        self._loop.close()

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work in the server's own thread."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def show_trusted_certificate(self, *, trusted: bool) -> None:
        """Which certificate the next connections see: of the authority in `ca_file`, or of another."""
        pem = self._folder / ("trusted.pem" if trusted else "foreign.pem")
        pem.write_bytes(self._certificates.trusted if trusted else self._certificates.foreign)
        self._context.load_cert_chain(pem)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, 0, ssl=self._context)
        self.url = f"https://{_HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # streams run this in one
        self._tasks.add(task)
        try:
            question = await _read(reader)
            line = Line(reader, writer)
            await self._serve(question, line)
            await line.close()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client left, or spoke no HTTP: nothing to answer
        except asyncio.CancelledError:
            pass  # the server ends; asyncio's own callback would print it
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> HttpQuestion:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, _, rest = head[0].partition(" ")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(min(int(headers.get("content-length", "0")), _MAX_BODY))
    return HttpQuestion(method, rest.rpartition(" ")[0], headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while len(body) < _MAX_BODY:
        size = int((await reader.readline()).split(b";")[0], 16)
        body += (await reader.readexactly(size + 2))[:size]
        if not size:
            break
    return bytes(body)
