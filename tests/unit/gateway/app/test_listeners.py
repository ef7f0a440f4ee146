"""Listeners: a plain development listener stays on this machine, and says loudly what it is."""

from __future__ import annotations

import logging
import os
import signal
import socket
from pathlib import Path

import pytest

from gateway.app.listeners import KEEP_ALIVE_S, Listener, serve
from gateway.peers.transport import IDLE_LIMIT_S
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId

WELFARE = SubsystemId.parse("LM/GOV/MSW/cash-transfer")


async def _app(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def _served(*listeners: Listener) -> None:
    """Open all ports, and stop at once."""
    await serve(list(listeners), request_timeout_s=1, max_connections=10, ready=_stop)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "192.0.2.7", "::ffff:10.0.0.1", "127.0.0.1.example", "localhost"])  # fmt: skip
async def test_serve__development_listener_off_loopback__refused_before_any_port_opens(host, caplog):
    """Whoever reaches it is the subsystem without proof: nobody else's machine may."""
    ready = []
    good = Listener("admin port", _app)
    bad = Listener("development listener 1", _app, host=host, development_client=WELFARE)
    with caplog.at_level(logging.INFO), pytest.raises(ConfigurationError, match="development listener 1"):
        await serve([good, bad], request_timeout_s=1, max_connections=10, ready=lambda: ready.append(1))
    assert (ready, caplog.records) == ([], [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_check__development_listener_on_loopback__passes(host):
    """Any address of this machine alone."""
    Listener("d", _app, host=host, development_client=WELFARE).check()


def test_check__unix_socket__passes():
    """A file's permissions say who reaches it."""
    Listener("d", _app, host="0.0.0.0", socket=Path("d.sock"), development_client=WELFARE).check()


async def test_serve__development_listener__warns_with_place_and_subsystem(caplog):
    """At every start, so that it is not forgotten."""
    with caplog.at_level(logging.INFO):
        await _served(
            Listener("admin port", _app), Listener("development listener 1", _app, development_client=WELFARE)
        )
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("INSECURE: development listener 1")
    assert "127.0.0.1" in warnings[0]
    assert str(WELFARE) in warnings[0]


async def test_serve__no_development_listener__no_warning(caplog):
    """A gateway as it should run says only where it listens."""
    with caplog.at_level(logging.INFO):
        await _served(Listener("admin port", _app))
    assert [record.levelname for record in caplog.records if record.name.startswith("gateway")] == ["INFO"]


async def test_serve__unix_socket__answers(tmp_path):
    """A development listener may be a file."""
    path, heard = tmp_path / "d.sock", []

    def ask() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            heard.append(path.is_socket())
        _stop()

    listener = Listener("d", _app, socket=path, development_client=WELFARE)
    await serve([listener], request_timeout_s=1, max_connections=10, ready=ask)
    assert heard == [True]


async def test_serve__port_taken__refused_naming_the_likely_cause():
    """Two gateways cannot have one port; the ports that did open are closed again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = Listener("admin port", _app, port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match="another gateway"):
            await _served(Listener("peer port", _app), busy)


def test_keep_alive__longer_than_our_own_client_rests():
    """Otherwise a peer would meet connections that are just being closed."""
    assert KEEP_ALIVE_S > IDLE_LIMIT_S
