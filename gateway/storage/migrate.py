"""Bringing a database to the newest schema, and telling whether it is there.

Alembic is imported only while migrating: a serving gateway does without it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schemas.errors import ConfigurationError

HEAD: Final = "0001"
"""The newest revision in `migrations/versions`; a test keeps it true."""
_MIGRATIONS = Path(__file__).parent / "migrations"


def engine(url: str) -> AsyncEngine:
    """A SQLAlchemy engine for a settings `database` URL."""
    for scheme, driver in (("sqlite://", "sqlite+aiosqlite://"), ("postgresql://", "postgresql+asyncpg://")):
        if url.startswith(scheme):
            return create_async_engine(driver + url.removeprefix(scheme))
    raise ConfigurationError("database must be a URL beginning with sqlite:/// or postgresql://")


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
    database = engine(url)
    try:
        async with database.connect() as connection:
            found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    except SQLAlchemyError:
        found = None
    finally:
        await database.dispose()
    if found != HEAD:
        raise ConfigurationError(
            f"the database is at schema {found or 'none'}, this gateway needs {HEAD}: "
            "run `isthmus gateway migrate SETTINGS`"
        )


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
