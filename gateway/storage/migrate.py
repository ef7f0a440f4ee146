"""Bringing a database to the newest schema, and telling whether it is there.

Alembic and SQLAlchemy are imported only while migrating: a serving gateway looks at its schema
through the raw driver, and so carries neither (17 MiB less in each process).
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

HEAD: Final = "0008"
"""The newest revision in `migrations/versions`; a test keeps it true."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_FIND_REVISION = "SELECT version_num FROM alembic_version"
_CONNECT_TIMEOUT_S: Final = 5.0
_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql://"


def engine(url: str) -> AsyncEngine:
    """A SQLAlchemy engine for a settings `database` URL."""
    from sqlalchemy.ext.asyncio import create_async_engine

    if url.startswith(_SQLITE):
        return create_async_engine("sqlite+aiosqlite:///" + url.removeprefix(_SQLITE))
    if url.startswith(_POSTGRESQL):
        import asyncpg

        # The driver reads the URL itself, so that it means the same here as on the log's hot path.
        return create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    raise _unknown_scheme()


async def migrate(url: str) -> None:
    """Bring the database to the newest schema; safe to repeat."""
    database = engine(url)
    try:
        async with database.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await database.dispose()


async def check(url: str) -> None:
    """Raise ConfigurationError, naming the cure, unless the database has the newest schema."""
    if url.startswith(_SQLITE):
        found = await asyncio.to_thread(_sqlite_revision, Path(url.removeprefix(_SQLITE)))
    elif url.startswith(_POSTGRESQL):
        found = await _postgres_revision(url)
    else:
        raise _unknown_scheme()
    if found != HEAD:
        raise ConfigurationError(
            f"the database is at schema {found or 'none'}, this gateway needs {HEAD}: "
            "run `isthmus gateway migrate SETTINGS`"
        )


def _sqlite_revision(path: Path) -> str | None:
    """The revision in the file; None without a file or table. Opening must not make the file."""
    import sqlite3

    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_CONNECT_TIMEOUT_S)) as connection:
            row = connection.execute(_FIND_REVISION).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


async def _postgres_revision(url: str) -> str | None:
    """The revision in the database; None when it cannot be reached or has no such table."""
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return None
    try:
        found = await connection.fetchval(_FIND_REVISION)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return None
    finally:
        await connection.close()
    return str(found) if found else None


def _unknown_scheme() -> ConfigurationError:
    return ConfigurationError("database must be a URL beginning with sqlite:/// or postgresql://")


def migrate_now(url: str) -> None:
    """`migrate` for callers without an event loop."""
    asyncio.run(migrate(url))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
