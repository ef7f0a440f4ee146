"""The audit tables, declared once for both databases (SQLAlchemy; used by Alembic and by tests).

The append path speaks to the raw drivers and names the same columns (`store.py`, `store_sqlite.py`,
`store_postgres.py`). Everything is insert-only except what must be forgettable: case keys, subject-tag keys,
expired replay rows, superseded states.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    create_mock_engine,
    event,
)
from sqlalchemy.engine.mock import MockConnection

metadata = MetaData()

# On SQLite only INTEGER makes the primary key the row's own address.
_Index = BigInteger().with_variant(Integer(), "sqlite")

log_entry = Table(
    "log_entry",
    metadata,
    Column("idx", _Index, primary_key=True, autoincrement=False),
    Column("ts", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("side", Text),
    Column("exchange", Text, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary),
    CheckConstraint("idx >= 0", name="log_entry_idx"),
)
Index("log_entry_exchange", log_entry.c.exchange)

# Keys apart from what they open, so that destroying a key touches no entry.
log_case_key = Table(
    "log_case_key",
    metadata,
    Column("idx", _Index, primary_key=True, autoincrement=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)

log_tile = Table(
    "log_tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

log_state = Table(
    "log_state",
    metadata,
    Column("size", _Index, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("edge", LargeBinary, nullable=False),
)

log_checkpoint = Table(
    "log_checkpoint",
    metadata,
    Column("size", _Index, primary_key=True, autoincrement=False),
    Column("ts", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)

replay_guard = Table(
    "replay_guard",
    metadata,
    Column("iss", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
Index("replay_guard_expires", replay_guard.c.expires)

subject_tag_key = Table(
    "subject_tag_key",
    metadata,
    Column("member", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

# Ciphertext does not compress; do not let PostgreSQL try (measured, reference/log-append.md §4).
for _column in ("record", "ciphertext"):
    _storage = DDL(f"ALTER TABLE log_entry ALTER COLUMN {_column} SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
    event.listen(log_entry, "after_create", _storage.execute_if(dialect="postgresql"))


def ddl(url: str) -> list[str]:
    """Return the statements that create the tables, in the dialect of a database URL such as `sqlite://`."""
    statements: list[str] = []

    def note(statement: Any, *_: object, **__: object) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)).strip())

    engine: MockConnection = create_mock_engine(url, note)
    metadata.create_all(engine, checkfirst=False)
    return statements
