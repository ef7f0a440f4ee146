"""Fixtures of the consent suite: one issuer's consents on SQLite, and under `--system` on PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import AuditLog
from audit.note import Signer
from audit.store import Store
from audit.store_postgres import PostgresStore
from audit.store_sqlite import SqliteStore
from audit.subject_tag import SubjectTags
from gateway.consent.store import Consents
from gateway.consent.vault import ConsentVault
from gateway.storage.migrate import migrate
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401 - fixtures

KEK = bytes(range(32))
OpenConsents = Callable[[], Consents]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.system)])
async def store_maker(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Return a function that connects a further store to one fresh database."""
    if request.param == "sqlite":
        path = tmp_path / "gateway.db"
        await migrate(f"sqlite:///{path}")
        return lambda: SqliteStore(path)
    dsn, schema = request.getfixturevalue("postgres_dsn"), f"consent_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.close()
    await migrate(f"{dsn}&search_path={schema}")
    return lambda: PostgresStore(f"{dsn}&search_path={schema}")


async def open_consents(store: Store) -> Consents:
    """One node's consents over a store."""
    log = AuditLog(store, Signer("isthmus/LM/GOV/MSW/gw1", Ed25519PrivateKey.generate()), KEK)
    await log.open()
    return Consents(store, log, ConsentVault(store, KEK), SubjectTags(store, KEK))


@pytest.fixture
async def consents(store_maker: Callable[[], Store]) -> AsyncIterator[Consents]:
    """The consents of one node."""
    opened = await open_consents(store_maker())
    yield opened
    await opened.log.close()


@pytest.fixture
async def other_node(store_maker: Callable[[], Store], consents: Consents) -> AsyncIterator[Consents]:
    """Another node over the same database."""
    opened = await open_consents(store_maker())
    yield opened
    await opened.log.close()


@pytest.fixture
def kek() -> bytes:
    """Another case key."""
    return os.urandom(32)
