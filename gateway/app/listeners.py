"""Three listeners in one process and one event loop, so that a firewall can tell them apart.

Client and peer port speak TLS 1.3 with client certificates; the admin port is for the machine's own
network; a development listener is plain, on loopback or a Unix socket, and says so loudly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from gateway.app.http_protocol import listening_as
from gateway.trust.asgi import App
from schemas.addresses import is_loopback
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId

KEEP_ALIVE_S: Final = 75
"""Longer than our own client keeps idle connections (`gateway.peers.transport`)."""
GRACE_S: Final = 10
"""What a stopping gateway gives to exchanges under way."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """One place to listen. With `context`, over TLS; with `development_client`, plain and bound."""

    name: str
    app: App
    host: str = "127.0.0.1"
    port: int = 0
    socket: Path | None = None
    context: ssl.SSLContext | None = None
    development_client: SubsystemId | None = None

    def check(self) -> None:
        """Raise ConfigurationError where a development listener could be reached from outside."""
        if self.development_client is None or self.socket is not None:
            return
        if not is_loopback(self.host):
            raise ConfigurationError(f"{self.name}: a development listener must be on loopback")

    def server(self, request_timeout_s: float, max_connections: int) -> _Server:
        """The uvicorn server of this listener."""
        context = self.context
        config = uvicorn.Config(
            self.app,
            host=self.host,
            port=self.port,
            uds=str(self.socket) if self.socket else None,
            http=listening_as(
                request_timeout_s=request_timeout_s, development_client=self.development_client
            ),
            ws="none",
            lifespan="off",
            loop="none",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            limit_concurrency=max_connections,
            backlog=2048,
            ssl_context_factory=(lambda *_: context) if context is not None else None,
        )
        return _Server(config)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve`: there are several in this process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: see `serve`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port. Where uvicorn would end the process, `serve` closes the others and says why."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise OSError("the port could not be opened") from None


async def serve(
    listeners: list[Listener], *, request_timeout_s: float, max_connections: int, ready: Any = None
) -> None:
    """Listen until SIGINT or SIGTERM; `ready` is called once all ports are open."""
    for listener in listeners:
        listener.check()
    servers = [listener.server(request_timeout_s, max_connections) for listener in listeners]
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    try:
        await _all_open(servers, tasks)
        _announce(listeners)
        if ready is not None:
            ready()
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_open(servers: list[_Server], tasks: list[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        if any(task.done() for task in tasks):
            raise ConfigurationError("a port could not be opened; is another gateway running?")
        await asyncio.sleep(0.01)


def _announce(listeners: list[Listener]) -> None:
    for listener in listeners:
        where = str(listener.socket) if listener.socket else f"{listener.host}:{listener.port}"
        _logger.info("%s listens on %s", listener.name, where)
        if listener.development_client is not None:
            _logger.warning(
                "INSECURE: %s is a development listener: whoever reaches %s is %s, without any proof",
                listener.name, where, listener.development_client,
            )  # fmt: skip
