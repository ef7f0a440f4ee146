"""The client against answers without end, without sense and without encryption, on real sockets."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from adapters.http.client import MAX_HEADERS, Content, HttpAnswer, HttpClient
from adapters.http.form import connection
from adapters.http.loopback_certificates import certificates
from adapters.source import Limits
from schemas.outcome import Misbehaving, Unavailable
from tests.unit.adapters.http.fake_network import FakeNetwork, answered, client_over


@asynccontextmanager
async def answering(*parts: bytes, pause_s: float = 0.0) -> AsyncIterator[str]:
    """The URL of a server that sends these bytes to whoever connects."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def opened(url: str, **settings: object) -> AsyncIterator[HttpClient]:
    """A client on the real network, 400 ms and 4 KiB."""
    form = connection({"base_url": url, "auth": {"kind": "none"}, **settings}, Path())
    client = HttpClient(form, Limits(timeout_ms=400, max_bytes=4096))
    client.open()
    try:
        yield client
    finally:
        await client.close()


ROOT = Path(__file__).parents[4]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([HEAD + b"Content-Length: 1073741824\r\n\r\n"], Misbehaving),
        ([HEAD + b"\r\n" + b"x" * 5000], Misbehaving),
        ([HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b"], Misbehaving),
        ([HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(MAX_HEADERS + 1)) + b"\r\n"], Misbehaving),
        ([HEAD + b"X-Bomb: " + b"a" * 200_000], Unavailable),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" * 50, b""], Unavailable),
        ([b"not HTTP at all\r\n\r\n"], Unavailable),
        ([HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"], Unavailable),
        ([b""], Unavailable),
    ],
)
async def test_send__hostile_answer__bounded_outcome(parts: list[bytes], outcome: type):
    """Declared or streamed size, compression, header bombs, endless heads, nonsense: one outcome each."""
    async with answering(*parts) as url, opened(url) as client:
        assert isinstance(await client.send("GET", "/"), outcome)


@asynccontextmanager
async def answering_over_tls(folder: Path, *, wants_certificate: bool) -> AsyncIterator[int]:
    """The port of a TLS server of the stand-in's authority; it may want a certificate of the same."""
    pair = folder / "server.pem"
    pair.write_bytes(certificates().trusted)
    (folder / "ca.pem").write_bytes(certificates().authority)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.load_cert_chain(pair)
    context.verify_mode = ssl.CERT_REQUIRED if wants_certificate else ssl.CERT_NONE

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_send__certificate_of_an_unknown_authority__unavailable_with_its_cure(tmp_path: Path):
    """A certificate that no trusted authority signed ends the connection; `ca_file` makes it known."""
    async with answering_over_tls(tmp_path, wants_certificate=False) as port:
        url = f"https://127.0.0.1:{port}"
        async with opened(url) as client:
            outcome = await client.send("GET", "/")
        async with opened(url, ca_file=str(tmp_path / "ca.pem")) as client:
            answer = await client.send("GET", "/")
    assert outcome == Unavailable(
        "the source's certificate is not accepted; a private CA is named in `ca_file`"
    )
    assert isinstance(answer, HttpAnswer)


async def test_send__mtls__shows_the_certificate_that_the_other_side_wants(tmp_path: Path):
    """Without the client certificate the server breaks off; with it, it answers."""
    pair = certificates().trusted.decode()
    key, certificate = pair[: pair.index("-----BEGIN CERT")], pair[pair.index("-----BEGIN CERT") :]
    async with answering_over_tls(tmp_path, wants_certificate=True) as port:
        url, trust = f"https://127.0.0.1:{port}", {"ca_file": str(tmp_path / "ca.pem")}
        async with opened(url, **trust) as client:
            outcome = await client.send("GET", "/")
        auth = {"kind": "mtls", "certificate": certificate, "key": key}
        async with opened(url, **{**trust, "auth": auth}) as client:
            answer = await client.send("GET", "/")
    assert isinstance(outcome, Unavailable)
    assert isinstance(answer, HttpAnswer)


def test_send__answer_of_a_gigabyte__memory_stays_within_the_cap():
    """1 GiB in chunks, a cap of 1 MiB: a process of its own grows by less than 16 MiB, three times."""
    program = [sys.executable, "-m", "tests.unit.adapters.http.gigabyte"]
    done = subprocess.run(program, capture_output=True, check=True, timeout=60, cwd=ROOT)
    outcomes, grown_kib, sent = json.loads(done.stdout)
    assert outcomes == ["Misbehaving"] * 3
    assert grown_kib < 16 * 1024
    assert sent < 64 * 1024 * 1024


async def test_send__content__as_it_stands_with_its_type():
    """XML and forms go out byte for byte; JSON is written compactly."""
    network = FakeNetwork(lambda _: {})
    client = client_over(network, headers={"X-Tenant": "lm"})
    await client.send("POST", "/a", content=Content(b"<a/>", "text/xml"), headers={"SOAPAction": '"x"'})
    await client.send("POST", "/b?x=1", {"y": ["1", "a&b"]}, body={"a": 1}, accept="application/fhir+json")
    first, second = network.sent
    assert first.content == b"<a/>"
    assert first.headers["content-type"] == "text/xml"
    assert first.headers["soapaction"] == '"x"'
    assert first.headers["x-tenant"] == "lm"
    assert first.headers["accept-encoding"] == "identity"
    assert second.content == b'{"a":1}'
    assert second.url.raw_path == b"/b?x=1&y=1&y=a%26b"
    assert second.headers["accept"] == "application/fhir+json"


async def test_send__answer__headers_cookies_and_charset_are_read():
    """Names in lower case, repeated ones joined; cookies by name."""
    given = [("Content-Type", 'Text/XML; charset="ISO-8859-1"'), ("Link", "<a>"), ("Link", "<b>")]
    given += [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")]
    network = FakeNetwork(lambda _: httpx.Response(200, headers=given, content=b""))
    answer = await client_over(network).send("GET", "/")
    assert isinstance(answer, HttpAnswer)
    assert answer.content_type == "text/xml"
    assert answer.charset == "iso-8859-1"
    assert answer.headers["link"] == "<a>, <b>"
    assert answer.cookies == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("health", "status", "can_be_asked"),
    [
        (None, 404, True),
        (None, 500, False),
        ({"path": "/up"}, 200, True),
        ({"path": "/up"}, 404, False),
        ({"path": "/up", "expect": [401]}, 401, True),
        ({"path": "/up", "expect": [204]}, 200, False),
    ],
)
async def test_probe__health__as_the_file_expects(
    health: dict[str, object] | None, status: int, can_be_asked: bool
):
    """`health` names the request and the statuses that say yes; without it anything below 500 does."""
    network = FakeNetwork(lambda _: answered({}, status))
    settings = {} if health is None else {"health": health}
    outcome = await client_over(network, **settings).probe()
    assert (outcome is None) is can_be_asked
    assert network.sent[0].url.path == ("/" if health is None else "/up")
