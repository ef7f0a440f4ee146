"""The two commands that serve: `gateway run SETTINGS` and `federation serve FOLDER --port PORT`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from schemas.errors import ConfigurationError

EXIT_GATEWAY: Final = 4


def serve(arguments: list[str]) -> int:
    """Serve until a signal; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "httpcore", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        _run(options.serve(options))
    except ConfigurationError as error:
        print(f"isthmus: {error.detail}", file=sys.stderr)  # noqa: T201  the command line's own words
        return EXIT_GATEWAY
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="isthmus")
    groups = parser.add_subparsers(required=True)
    gateway = groups.add_parser("gateway").add_subparsers(required=True).add_parser("run")
    gateway.add_argument("settings", type=Path)
    gateway.add_argument("--json", action="store_true", help="accepted everywhere; nothing is printed here")
    gateway.set_defaults(serve=_serve_gateway)
    federation = groups.add_parser("federation").add_subparsers(required=True).add_parser("serve")
    federation.add_argument("folder", type=Path)
    federation.add_argument("--host", default="127.0.0.1")
    federation.add_argument("--port", type=int, required=True)
    federation.add_argument(
        "--json", action="store_true", help="accepted everywhere; nothing is printed here"
    )
    federation.set_defaults(serve=_serve_federation)
    return parser


def _serve_gateway(options: argparse.Namespace) -> Coroutine[Any, Any, None]:
    from gateway.app.gateway import run
    from gateway.settings import load

    return run(load(options.settings))


def _serve_federation(options: argparse.Namespace) -> Coroutine[Any, Any, None]:
    if not (options.folder / "public" / "metadata").is_dir():
        raise ConfigurationError(f"{options.folder} is not a registrar's folder; see `federation create`")
    import uvicorn

    from gateway.trust.federation.server import RegistrarApp

    config = uvicorn.Config(
        RegistrarApp(options.folder), host=options.host, port=options.port,
        loop="none", ws="none", access_log=False, log_config=None, server_header=False,
    )  # fmt: skip
    return uvicorn.Server(config).serve()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one."""
    _serve_in_turns()
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def _serve_in_turns() -> None:
    """Ask the scheduler not to interrupt whoever runs each time a byte arrives for us, where it can.

    Gateways on one machine, and each one's log writer, otherwise take the core from one another in the
    middle of every exchange; the priority stays what it was (sched(7), SCHED_BATCH; docs/benchmarks.md).
    """
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # a container may forbid it: it is only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
