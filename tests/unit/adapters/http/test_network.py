"""Where a source's name may lead to: no inside of a network by rebinding, redirect or trick."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from adapters.http.client import HttpAnswer, HttpClient
from adapters.http.form import connection
from adapters.http.reach import Reach
from adapters.source import Limits
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Unavailable
from tests.unit.adapters.hostile_server import hostile_server

OWN = Reach((ip_network("10.20.0.0/16"), ip_network("fd00:20::/32")))


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("a.example", "93.184.216.34", True),
        ("a.example", "2606:2800:220:1::1", True),
        ("a.example", "10.20.3.4", True),
        ("a.example", "fd00:20::1", True),
        ("a.example", "10.21.3.4", False),
        ("a.example", "192.168.1.1", False),
        ("a.example", "172.16.0.1", False),
        ("a.example", "100.64.0.1", False),
        ("10.21.3.4", "10.21.3.4", True),
        ("a.example", "127.0.0.1", False),
        ("a.example", "::1", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost.evil.example", "127.0.0.1", False),
        ("a.example", "169.254.169.254", False),
        ("169.254.169.254", "169.254.169.254", False),
        ("a.example", "fe80::1%eth0", False),
        ("a.example", "0.0.0.0", False),
        ("0.0.0.0", "0.0.0.0", False),
        ("a.example", "::", False),
        ("a.example", "224.0.0.1", False),
        ("a.example", "255.255.255.255", False),
        ("a.example", "::ffff:127.0.0.1", False),
        ("a.example", "::ffff:169.254.169.254", False),
        ("a.example", "::ffff:10.20.3.4", True),
        ("a.example", "64:ff9b::7f00:1", False),
        ("a.example", "64:ff9b::a9fe:a9fe", False),
        ("a.example", "2002:7f00:1::", False),
        ("a.example", "::7f00:1", False),
        ("a.example", "::a15:304", False),
        ("a.example", "64:ff9b:1::a15:304", False),
        ("a.example", "::ffff:0:a15:304", False),
        ("a.example", "fec0::1", False),
        ("a.example", "168.63.129.16", False),
    ],
)
def test_reach__address__allowed_or_not(host: str, address: str, allowed: bool):
    """Global, own networks and what the file itself writes; loopback only for loopback; never others."""
    assert OWN.allows(host, address) is allowed


@pytest.mark.parametrize(
    "network", ["127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/0", "::/0", "::1/128", "10/33"]
)
def test_connection__network_that_is_never_allowed__refused(network: str):
    """`allow_private` cannot open loopback, link-local or everything."""
    with pytest.raises(ConfigurationError, match="allow_private"):
        connection(
            {"base_url": "https://a.example", "auth": {"kind": "none"}, "allow_private": [network]}, Path()
        )


def resolving(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], list[str]]) -> None:
    """From now on every name leads to these addresses."""

    async def getaddrinfo(_loop: Any, _host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer()]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)


async def ask(url: str, path: str = "/x/match", **settings: Any) -> Any:
    """One request on the real network."""
    form = connection({"base_url": url, "auth": {"kind": "none"}, **settings}, Path())
    client = HttpClient(form, Limits(timeout_ms=500, max_bytes=4096))
    client.open()
    try:
        return await client.send("GET", path)
    finally:
        await client.close()


async def test_send__name_of_a_source_leads_inside__not_connected(monkeypatch: pytest.MonkeyPatch):
    """A name that resolves to loopback is not called, though a server listens there (SSRF)."""
    async with hostile_server() as server:
        resolving(monkeypatch, lambda: ["127.0.0.1"])
        port = server.url.rpartition(":")[2]
        outcome = await ask(f"http://source.example:{port}")
    assert outcome == Unavailable("the source's name leads to an address that is not in `allow_private`")
    assert server.asked == []


async def test_send__name_is_rebound_after_the_check__checked_address_is_the_one_called(
    monkeypatch: pytest.MonkeyPatch,
):
    """DNS rebinding: the name is looked up once, and that answer is both checked and called."""
    lookups = []

    def answer() -> list[str]:
        lookups.append(1)
        return ["192.0.2.1"] if len(lookups) == 1 else ["127.0.0.1"]

    called: list[str] = []

    async def connect(_self: Any, host: str, *_args: Any, **_: Any) -> Any:
        called.append(host)
        raise TimeoutError

    resolving(monkeypatch, answer)
    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    monkeypatch.setattr("adapters.http.network.Reach.allows", lambda _self, _host, a: a == "192.0.2.1")
    with pytest.raises(TimeoutError):
        await ask("http://source.example")
    assert called == ["192.0.2.1"]
    assert len(lookups) == 1


async def test_send__redirect_to_another_host__is_not_followed():
    """A redirect is an answer; what it is worth is for the source's file to say."""
    async with hostile_server() as server:
        outcome = await ask(server.url, "/x/redirect")
        assert isinstance(outcome, HttpAnswer)
        assert outcome.status == 302
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://source.example/x", "https://source.example:8443/x"]
)
async def test_exchange__other_scheme_host_or_port__denied(url: str):
    """Only the file's own origins are called, whoever built the address."""
    from adapters.http.outgoing import Outgoing
    from tests.unit.adapters.http.fake_network import FakeNetwork, client_over

    network = FakeNetwork(lambda _: {})
    assert isinstance(await client_over(network).exchange(Outgoing("GET", url)), DeniedBySource)
    assert network.sent == []


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", ":8080/x", "\\@evil.example"])
async def test_send__path_that_changes_the_host__denied(path: str):
    """What is appended to the base URL cannot become part of its host."""
    from tests.unit.adapters.http.fake_network import FakeNetwork, client_over

    network = FakeNetwork(lambda _: {})
    assert isinstance(await client_over(network).send("GET", path), DeniedBySource)
    assert network.sent == []
