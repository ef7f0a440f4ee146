"""The server's HTTP protocol, over real connections: deadlines, bounds, pipelining, and what a scope carries."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.app.http_protocol import MAX_HEADER_BYTES, MAX_HEADERS
from gateway.app.listeners import Listener
from gateway.doors.clients import DEVELOPMENT_CLIENT
from gateway.trust.asgi import RESPOND
from gateway.trust.tls import PEER_CERTIFICATE
from schemas.identifiers import SubsystemId

TIMEOUT_S = 0.15
WELFARE = SubsystemId.parse("LM/GOV/MSW/cash-transfer")


@dataclass
class Echo:
    """An app that tells what it received; `/wait` answers when it is let, `/half` stops within its answer."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request."""
        body, message = b"", {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
            body += message["body"]
        self.seen.append(scope)
        if scope["path"] == "/wait":
            await self.let.wait()
        answer = json.dumps(
            {"path": scope["path"], "body": len(body), "headers": len(scope["headers"])}
        ).encode()
        length = len(answer) + (10 if scope["path"] == "/half" else 0)
        headers = [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": scope["path"] == "/half"})
        if scope["path"] == "/half":
            await self.let.wait()


@asynccontextmanager
async def _serving(app: Any, timeout_s: float = TIMEOUT_S, client: SubsystemId | None = None):
    """A listener of a gateway with this app; gives a function that connects."""
    place = socket.create_server(("127.0.0.1", 0))
    server = Listener("test", app, development_client=client).server(timeout_s, 50)
    task = asyncio.create_task(server.serve(sockets=[place]))
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.002)
    writers = []

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*place.getsockname())
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        if isinstance(app, Echo):
            app.let.set()
        for writer in writers:
            writer.close()
        server.should_exit = True
        await task
        place.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of one response."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 3)).decode()
    lines = head.lower().split("\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


def _facts(scope):
    """What the scope says of the connection; how to answer is no fact of it."""
    return {name: value for name, value in scope["extensions"].items() if name != RESPOND}


def _get(path: str = "/", *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def _post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def _ask(connect: Any, data: bytes) -> tuple[int, dict[str, Any], bytes]:
    """The first response over a connection of its own, and what comes after it until the end, if it ends."""
    reader, writer = await connect()
    writer.write(data)
    status, document = await _read(reader)
    try:
        rest = await asyncio.wait_for(reader.read(), 0.05)
    except TimeoutError:
        rest = b"open"
    return status, document, rest


# Bounds.


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([f"X-{n}: 1" for n in range(MAX_HEADERS - 1)], 200),
        ([f"X-{n}: 1" for n in range(MAX_HEADERS)], 413),
        (["X: " + "x" * (MAX_HEADER_BYTES - 10)], 200),
        (["X: " + "x" * MAX_HEADER_BYTES], 413),
        ([f"X-{n}: " + "x" * 1000 for n in range(70)], 413),
    ],
    ids=["as_many_as_allowed", "one_too_many", "as_long_as_allowed", "too_long", "too_long_together"],
)
async def test_headers__at_their_bounds(headers, status):
    """At most 100 and 64 KiB; beyond, a problem, the end of the connection, and the app hears nothing."""
    app = Echo()
    async with _serving(app) as connect:
        found, document, rest = await _ask(connect, _get("/", *headers))
        assert (found, len(app.seen)) == (status, int(status == 200))
        if status == 413:
            assert document["type"] == "/problems/too-large"
            assert rest == b""


async def test_headers__bound_is_per_request__not_per_connection():
    """The second request over a connection has its own count."""
    async with _serving(Echo()) as connect:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(_get("/", *(f"X-{n}: {'x' * 500}" for n in range(90))))
            assert (await _read(reader))[0] == 200


@pytest.mark.parametrize(
    "data",
    [b"canary\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA B: canary\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n"],
    ids=["no_http", "version", "header_name", "tls_on_a_plain_port", "two_lengths", "length_and_chunks", "negative", "nul"],
)  # fmt: skip
async def test_request__not_http__a_problem_that_quotes_nothing(data):
    """Refused by the parser; the connection ends, the app hears nothing."""
    app = Echo()
    async with _serving(app) as connect:
        status, document, rest = await _ask(connect, data)
        assert (status, document["type"], rest) == (400, "/problems/malformed-request", b"")
        assert "canary" not in json.dumps(document)
        assert app.seen == []


# The deadline.


@pytest.mark.parametrize(
    "data",
    [b"", b"GET", b"GET / HTTP/1.1\r\nX-Slow: ", _post("/", b"whole")[:-1],
     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["nothing", "method", "header", "body", "chunk"],
)  # fmt: skip
async def test_slow__whole_request_not_there_in_time__408_and_closed(data):
    """Whichever part is missing; the app does not go on with half a request."""
    app = Echo()
    async with _serving(app) as connect:
        started = asyncio.get_running_loop().time()
        status, document, rest = await _ask(connect, data)
        assert (status, document["type"], rest) == (408, "/problems/request-timeout", b"")
        assert asyncio.get_running_loop().time() - started < TIMEOUT_S + 1
        assert app.seen == []
        if b"\r\n\r\n" in data:
            await asyncio.wait_for(app.gone.wait(), 1)


async def test_slow__dripping_does_not_help():
    """The clock is of the whole request, not of the pause between two bytes."""
    async with _serving(Echo()) as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        status = asyncio.create_task(_read(reader))
        while not status.done():
            writer.write(b"x")
            await asyncio.sleep(TIMEOUT_S / 10)
        assert (await status)[0] == 408


async def test_slow__second_request__has_its_own_clock():
    """A kept-alive connection may rest between requests, and must hurry within each."""
    async with _serving(Echo()) as connect:
        reader, writer = await connect()
        writer.write(_get("/one"))
        assert (await _read(reader))[1]["path"] == "/one"
        await asyncio.sleep(TIMEOUT_S * 1.5)
        writer.write(_get("/two"))
        assert (await _read(reader))[1]["path"] == "/two"
        writer.write(b"GET /three HTTP/1.1\r\n")
        assert (await _read(reader))[0] == 408
        assert await reader.read() == b""


async def test_slow__answer_takes_longer_than_the_deadline__not_cut_off():
    """The deadline is the client's; the exchange has its own."""
    app = Echo()
    async with _serving(app) as connect:
        reader, writer = await connect()
        writer.write(_post("/wait", b"abc"))
        await asyncio.sleep(TIMEOUT_S * 1.5)
        app.let.set()
        assert (await _read(reader))[1] == {"path": "/wait", "body": 3, "headers": 2}


async def test_slow__answer_has_begun__closed_without_a_second_head():
    """Bytes of a problem in the middle of an answer would be read as the answer."""
    async with _serving(Echo()) as connect:
        reader, writer = await connect()
        writer.write(_get("/half") + b"GET /next HTTP/1.1\r\n")
        received = await asyncio.wait_for(reader.read(), 3)
        assert received.count(b"HTTP/1.1 ") == 1
        assert received.startswith(b"HTTP/1.1 200")


# More than one request.


async def test_pipeline__many_at_once__answered_in_order():
    """Each with its own path and body."""
    async with _serving(Echo()) as connect:
        reader, writer = await connect()
        writer.write(b"".join(_post(f"/{n}", b"x" * n) for n in range(20)))
        answers = [(await _read(reader))[1] for _ in range(20)]
        assert [(answer["path"], answer["body"]) for answer in answers] == [(f"/{n}", n) for n in range(20)]


async def test_pipeline__first_one_waits__the_second_does_not_overtake():
    """An answer is never given for another request."""
    app = Echo()
    async with _serving(app, timeout_s=5) as connect:
        reader, writer = await connect()
        writer.write(_get("/wait") + _get("/second"))
        await asyncio.sleep(0.05)
        assert [scope["path"] for scope in app.seen] == ["/wait"]
        app.let.set()
        assert [(await _read(reader))[1]["path"] for _ in range(2)] == ["/wait", "/second"]


async def test_pipeline__second_is_no_http__nothing_is_answered_in_its_name():
    """After the end of the connection the app may finish, but says nothing more."""
    app = Echo()
    async with _serving(app) as connect:
        reader, writer = await connect()
        writer.write(_get("/wait") + b"canary\r\n\r\n")
        received = await asyncio.wait_for(reader.read(), 3)
        app.let.set()
        assert received.startswith(b"HTTP/1.1 400 ")
        assert received.count(b"content-length") == 1


async def test_keep_alive__closed_when_the_client_says_so():
    """`Connection: close` and HTTP/1.0 end with the answer."""
    async with _serving(Echo()) as connect:
        assert (await _ask(connect, _get("/", "Connection: close")))[2] == b""
        assert (await _ask(connect, b"GET / HTTP/1.0\r\n\r\n"))[2] == b""
        assert (await _ask(connect, _get("/")))[2] == b"open"


# What a scope carries.


async def test_scope__plain_listener__no_certificate_whatever_the_headers_say():
    """Only the TLS session proves a certificate."""
    app = Echo()
    async with _serving(app) as connect:
        await _ask(connect, _get("/", f"{PEER_CERTIFICATE}: MIIB", f"{DEVELOPMENT_CLIENT}: {WELFARE}"))
        assert _facts(app.seen[0]) == {PEER_CERTIFICATE: None}


async def test_scope__development_listener__bound_to_its_subsystem():
    """Every request over it is that subsystem's; one request's app cannot change the next one's facts."""
    app = Echo()
    async with _serving(app, client=WELFARE) as connect:
        reader, writer = await connect()
        writer.write(_get())
        await _read(reader)
        app.seen[0]["extensions"].clear()
        writer.write(_get())
        await _read(reader)
        assert _facts(app.seen[1]) == {PEER_CERTIFICATE: None, DEVELOPMENT_CLIENT: WELFARE}


async def test_access_log__never_written(caplog):
    """Paths hold identifiers of persons, whatever the operator's logging listens to."""
    with caplog.at_level(logging.DEBUG):
        async with _serving(Echo()) as connect:
            await _ask(connect, _get("/persons/7310000001"))
            await _ask(connect, b"GET /persons/7310000001 HTTP/1.1\r\nA B: 7310000001\r\n\r\n")
    assert "7310000001" not in caplog.text
