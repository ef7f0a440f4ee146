"""The gateway's own HTTP client, against a server of a few lines."""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import ip_network

import pytest

from gateway.peers.transport import HttpTransport, Origin, TransportError
from schemas.errors import ConfigurationError
from tests.upstream import OK, Upstream

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture
def upstream():
    server = Upstream()
    server.start()
    yield server
    server.stop()


async def _send(upstream, method="GET", max_body=1000, seconds=3.0, allowed=LOOPBACK):
    transport = HttpTransport(None, allowed)
    try:
        return await transport.send(
            Origin.of(upstream.url), f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
            deadline=time.monotonic() + seconds, max_body=max_body,
        )  # fmt: skip
    finally:
        await transport.close()


async def test_send__plain_answer__status_headers_body(upstream):
    """What came back, names in lower case."""
    response = await _send(upstream)
    assert (response.status, response.body) == (200, b'{"card":"ok"}')
    assert response.header("content-type") == "application/json"


async def test_send__head__its_length_is_of_no_body(upstream):
    """The response to HEAD ends with its headers, whatever length they tell."""
    upstream.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
    assert (await _send(upstream, "HEAD")).body == b""


async def test_send__interim_answer__skipped(upstream):
    """A 1xx is not the answer."""
    upstream.reply = b"HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n" + OK
    response = await _send(upstream)
    assert (response.status, response.header("x-early")) == (200, None)


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"nonsense\r\n\r\n", OK[:-1], OK.replace(b"13", b"13\r\nContent-Length: 12"),
        OK.replace(b"Content-Length: 13", b"Content-Length: 13\r\nTransfer-Encoding: chunked"),
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["nothing", "no_http", "cut_short", "two_lengths", "length_and_chunks", "long_header", "many_headers",
         "huge", "huge_in_chunks", "upgrade"],
)  # fmt: skip
async def test_send__unusable_answer__error_that_says_it_was_sent(upstream, reply):
    """Beyond the limits or against HTTP, nothing is given, and the request may have acted."""
    upstream.reply = reply
    with pytest.raises(TransportError) as caught:
        await _send(upstream)
    assert caught.value.sent


async def test_send__too_slow__timeout(upstream):
    """The deadline holds."""
    upstream.delay_s = 2
    with pytest.raises(TimeoutError):
        await _send(upstream, seconds=0.1)


async def test_send__nobody_listens__error_that_says_it_was_not_sent():
    """Not one byte has left."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(TransportError) as caught:
        await HttpTransport(None, LOOPBACK).send(
            Origin.of(url), b"GET / HTTP/1.1\r\n\r\n", deadline=time.monotonic() + 2, max_body=1
        )
    assert not caught.value.sent


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1", "http://[::ffff:127.0.0.1]:1", "http://10.0.0.1:1",
                                 "http://169.254.169.254:1", "http://localhost:1"])  # fmt: skip
async def test_send__private_address_not_allowed__never_called(url):
    """The resolved address is checked, not the name."""
    transport = HttpTransport(None)
    with pytest.raises(TransportError) as caught:
        await transport.send(
            Origin.of(url), b"GET / HTTP/1.1\r\n\r\n", deadline=time.monotonic() + 2, max_body=1
        )
    assert "private" in caught.value.cause or "no connection" in caught.value.cause
    assert not caught.value.sent
    await asyncio.sleep(0)


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://user:pw@a", "//a", "file:///etc/passwd"])
def test_origin__not_an_address__refused(url):
    """An address is http or https, without credentials."""
    with pytest.raises(ConfigurationError):
        Origin.of(url)
