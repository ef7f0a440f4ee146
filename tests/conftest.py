"""Fixtures for more than one suite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures

if TYPE_CHECKING:
    from tests.world import World


_DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.system)]


@pytest.fixture(scope="session", params=_DATABASES)
def _country(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The country on SQLite, and the same on PostgreSQL: every test of exchanges runs on both."""
    from tests.world import CONSUMER, PROVIDER, make_world

    databases = {}
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgres_dsn")
        databases = asyncio.run(_schemas(server, {PROVIDER: "provider", CONSUMER: "consumer"}))
    world = make_world(tmp_path_factory.mktemp("world"), databases)
    yield world
    world.stop()


async def _schemas(dsn: str, names: dict[str, str]) -> dict[str, str]:
    """One schema per gateway on one server; the URL of each."""
    connection = await asyncpg.connect(dsn)
    for schema in names.values():
        await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.close()
    return {gateway: f"{dsn}&search_path={schema}" for gateway, schema in names.items()}


@pytest.fixture
def world(_country: World) -> World:
    """The small country of `tests.world`; its pass-through source behaves at the start of each test."""
    _country.upstream.reset()
    return _country
