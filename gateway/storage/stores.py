"""Which store a settings `database` URL means; its driver is loaded only then."""

from __future__ import annotations

from pathlib import Path

from audit.store import Store


def store_of(url: str) -> Store:
    """The store of a database, not yet open."""
    if url.startswith("sqlite:///"):
        from audit.store_sqlite import SqliteStore

        return SqliteStore(Path(url.removeprefix("sqlite:///")))
    from audit.store_postgres import PostgresStore

    return PostgresStore(url)
