"""A ministry that offers only its database: the process keeps `last_refreshed` current and says that it
lives.

Others read the database views directly, read-only; nothing personal is reachable over HTTP.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from examples.lumeria.servers.web import Json

_REFRESH_EVERY: Final = 60  # seconds


def build_refreshed(system: str, title: str, views: tuple[str, ...], path: Path) -> Starlette:
    """Build the small application around a database. Raises FileNotFoundError without it."""
    if not path.is_file():
        raise FileNotFoundError(f"no data at {path}: run `generate` first")

    async def landing(_: Request) -> Response:
        return PlainTextResponse(f"{title}. Reached through its database views: {', '.join(views)}.\n")

    async def health(_: Request) -> Response:
        return Json({"status": "ok", "system": system, "last_refreshed": _last_refreshed(path)})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        refresh(path)
        keeping = asyncio.create_task(_keep_refreshing(path))
        yield
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping

    return Starlette(routes=[Route("/", landing), Route("/health", health)], lifespan=lifespan)


def refresh(path: Path) -> None:
    """Record that the data are as of now, as the nightly job of a real ministry would."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE refresh SET last_refreshed = ?", (now,))


async def _keep_refreshing(path: Path) -> None:
    while True:
        await asyncio.sleep(_REFRESH_EVERY)
        await asyncio.to_thread(refresh, path)


def _last_refreshed(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        (when,) = database.execute("SELECT last_refreshed FROM refresh").fetchone()
        return str(when)
