"""Run one ministry's system: loopback only, quiet, small.

The log says that the system listens and nothing about whom it was asked for. Each system module offers
`build(data, environ) -> Starlette`; only the chosen one is imported.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from examples.lumeria.country import data_of

HOST: Final = "127.0.0.1"
_logger = logging.getLogger(__name__)


class MissingSettingError(RuntimeError):
    """A credential that a system requires is not in its environment; secrets have no defaults."""

    def __init__(self, name: str) -> None:
        super().__init__(f"set the environment variable {name}")


def required(environ: Mapping[str, str], name: str) -> str:
    """Read a required credential. Raises MissingSettingError where it is absent or empty."""
    if not environ.get(name):
        raise MissingSettingError(name)
    return environ[name]


def build(system: str, data: Path, environ: Mapping[str, str]) -> Starlette:
    """Build a system's application. Raises MissingSettingError, or FileNotFoundError without its database."""
    module = import_module(f"examples.lumeria.servers.{system.replace('-', '_')}")
    application: Starlette = module.build(data_of(system, data), environ)
    return application


def serve_together(places: Mapping[str, int], data: Path) -> None:
    """Serve several systems, each on its own port, until the process is told to end."""
    servers = [_server(build(system, data, os.environ), port) for system, port in places.items()]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for system, port in places.items():
        _logger.info("lumeria %s on http://%s:%d", system, HOST, port)
    asyncio.run(_serve_all(servers))


async def _serve_all(servers: Sequence[uvicorn.Server]) -> None:
    """Start one after another, so that the last one answers when all do; a signal ends them in turn."""
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 uvicorn tells by this flag only
                await asyncio.sleep(0.005)


def _server(application: Starlette, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application, host=HOST, port=port, log_level="warning", access_log=False, server_header=False
        )
    )


def serve(system: str, data: Path, port: int) -> None:
    """Serve until the process is told to end."""
    application = build(system, data, os.environ)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _logger.info("lumeria %s on http://%s:%d", system, HOST, port)
    _server(application, port).run()
