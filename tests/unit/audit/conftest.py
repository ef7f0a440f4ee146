"""Fixtures of the audit suite: a log on SQLite, and under `--system` the same log on PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import AuditLog, Case, Entry, PendingEntry, ReplayRow, Signer, SqliteStore, Store, origin_of
from audit.fsck import verify_log
from audit.store_postgres import PostgresStore
from audit.tables import ddl
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401 - fixtures

GATEWAY = "LM/GOV/MSW/gw1"
KEK = bytes(range(32))
SIGNER = Signer(origin_of(GATEWAY), Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))

VKEY = SIGNER.verifier.format()

StoreMaker = Callable[[], Store]


def make_sqlite(path: Path) -> Path:
    """Create the tables in a new SQLite file."""
    connection = sqlite3.connect(path)
    for statement in ddl("sqlite://"):
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.system)])
async def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> StoreMaker:
    """Return a function that connects a further store to one fresh database."""
    if request.param == "sqlite":
        path = make_sqlite(tmp_path / "log.db")
        return lambda: SqliteStore(path)
    return await fresh_postgres(request.getfixturevalue("postgres_dsn"))


async def fresh_postgres(dsn: str) -> StoreMaker:
    """Make the tables in a new schema; return a function that connects a store to it."""
    schema = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(f"{dsn}&search_path={schema}")
    await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.execute(";".join(ddl("postgresql+asyncpg://")))
    await connection.close()
    return lambda: PostgresStore(f"{dsn}&search_path={schema}")


@pytest.fixture
async def store(new_store: StoreMaker) -> AsyncIterator[Store]:
    """An open store, for looking behind the log's back."""
    store = new_store()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def log(new_store: StoreMaker) -> AsyncIterator[AuditLog]:
    """An open, empty log."""
    log = AuditLog(new_store(), SIGNER, KEK)
    await log.open()
    yield log
    await log.close()


def an_entry(exchange: str = "", **members: object) -> Entry:
    """Return an outcome of an exchange in Lumeria."""
    exchange = exchange or str(uuid.uuid4())
    particulars: dict[str, object] = {
        "kind": "outcome",
        "side": "answering",
        "ts": 1_790_000_000,
        "cid": exchange,
        "client": "LM/GOV/MSW/cash-transfer",
        "service": "LM/GOV/CRO/crvs/person",
        "purpose": "eligibility",
        "result": "answered",
        "status": 200,
    }
    return Entry(id=exchange, **{**particulars, **members})


def pending(exchange: str = "", *, replay: ReplayRow | None = None, **members: object) -> PendingEntry:
    """Return an entry with a case, ready to append."""
    case = Case(subjects=("tag",), user="officer", request="jws", request_head='{"method":"GET"}')
    return PendingEntry(an_entry(exchange, **members), case, replay)


def replay_row(
    id_: str, *, digest: bytes = b"d" * 32, answer: str = "answer-jws", claimed: bool = False
) -> ReplayRow:
    """Return a replay row of one client."""
    return ReplayRow("LM/GOV/MSW/cash-transfer", id_, digest, answer, 1_790_000_400, claimed)


@pytest.fixture
def kek() -> bytes:
    """A case KEK."""
    return os.urandom(32)


async def verified(store: Store) -> int:
    """Verify the whole log and return its size."""
    report = await verify_log(store, VKEY, kek=KEK)
    assert report.findings == ()
    return report.size
