"""Stores of an answering side, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import AuditLog
from audit.note import Signer
from audit.store import Store
from audit.subject_tag import SubjectTags
from gateway.storage.migrate import migrate
from gateway.storage.stores import store_of

KEK = b"k" * 32


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What one node of a gateway has of its own over the shared database."""

    store: Store
    log: AuditLog
    tags: SubjectTags


NewNode = Callable[[], Awaitable[NodeParts]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def new_node(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NewNode]:
    """Opens one node after another over one database."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    if request.param == "postgresql":
        dsn, schema = request.getfixturevalue("postgres_dsn"), f"usage_{uuid4().hex}"
        connection = await asyncpg.connect(dsn)
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.close()
        url = f"{dsn}&search_path={schema}"
    await migrate(url)
    key = Ed25519PrivateKey.generate()
    async with AsyncExitStack() as stack:

        async def open_one() -> NodeParts:
            store = store_of(url)
            log = AuditLog(store, Signer("isthmus/LM/GOV/NIA/gw1", key), KEK)
            await log.open()
            stack.push_async_callback(log.close)
            return NodeParts(store, log, SubjectTags(store, KEK))

        yield open_one
