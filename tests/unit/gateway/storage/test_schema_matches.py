"""The migrations lead to exactly the tables that `audit.tables` declares, on both databases, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from audit.tables import metadata
from gateway.storage import migrate as storage
from gateway.storage.migrate import HEAD, check, engine, migrate
from gateway.storage.tables import ALL
from schemas.errors import ConfigurationError

MIGRATIONS = Path(storage.__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'log.db'}"
    server: str = request.getfixturevalue("postgres_dsn")
    schema = f"storage_{uuid4().hex}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.close()
    return f"{server}&search_path={schema}"


async def _with(url: str, work: Any) -> Any:
    database = engine(url)
    try:
        async with database.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await database.dispose()


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, [metadata, *ALL])  # type: ignore[arg-type]


def _checks(connection: Connection) -> set[str]:
    """Names of the checks, which `compare_metadata` does not look at."""
    inspector = inspect(connection)
    return {
        str(found["name"]) for table in metadata.tables for found in inspector.get_check_constraints(table)
    }


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _downgrade(connection: Connection) -> None:
    command.downgrade(_config(connection), "base")


async def test_migrate__empty_database__is_what_the_tables_declare(url: str) -> None:
    """A gateway that migrates and a test that creates the tables work on the same schema."""
    await migrate(url)
    assert await _with(url, _differences) == []
    assert await _with(url, _checks) == {"log_entry_idx"}


async def test_migrate__the_comparison_itself_can_fail(url: str) -> None:
    """A column that is missing is seen."""
    await migrate(url)
    await _with(url, lambda connection: connection.execute(text("ALTER TABLE log_case_key DROP COLUMN salt")))
    assert [difference[0] for difference in await _with(url, _differences)] == ["add_column"]


async def test_migrate__repeated__keeps_what_is_there(url: str) -> None:
    """Migrating twice is safe: nothing is dropped or made anew."""
    await migrate(url)
    insert = text("INSERT INTO log_checkpoint (size, ts, note) VALUES (1, 2, 'kept')")
    await _with(url, lambda connection: connection.execute(insert))
    await migrate(url)
    notes = text("SELECT note FROM log_checkpoint")
    assert await _with(url, lambda connection: connection.execute(notes).scalars().all()) == ["kept"]
    assert await _with(url, _differences) == []
    await check(url)


async def test_migrate__taken_back__no_table_stays_and_forward_again_works(url: str) -> None:
    """Every revision can be undone."""
    await migrate(url)
    await _with(url, _downgrade)
    assert await _with(url, _tables) == {"alembic_version"}
    with pytest.raises(ConfigurationError, match="schema none"):
        await check(url)
    await migrate(url)
    assert await _with(url, _differences) == []


async def test_check__none_old_new__names_the_command(url: str) -> None:
    """An empty database, an older and a newer one are each refused with what was found and the cure."""
    for found in ("none", "0000", "9999"):
        if found != "none":
            await migrate(url)
            change = text(f"UPDATE alembic_version SET version_num = '{found}'")
            await _with(url, lambda connection, change=change: connection.execute(change))
        with pytest.raises(ConfigurationError) as caught:
            await check(url)
        assert f"schema {found}, this gateway needs {HEAD}" in caught.value.detail
        assert "isthmus gateway migrate" in caught.value.detail
        if found != "none":
            change = text(f"UPDATE alembic_version SET version_num = '{HEAD}'")
            await _with(url, lambda connection, change=change: connection.execute(change))
    await check(url)


@pytest.mark.system
async def test_migrate__postgresql__ciphertext_is_stored_uncompressed(postgres_dsn: str) -> None:
    """Ciphertext does not compress: PostgreSQL is told not to try ('e' is EXTERNAL)."""
    schema = f"storage_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
        await migrate(f"{postgres_dsn}&search_path={schema}")
        rows = await connection.fetch(
            "SELECT attname, attstorage FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0",
            f"{schema}.log_entry",
        )
    finally:
        await connection.close()
    storage_of = dict(rows)
    assert (storage_of["record"], storage_of["ciphertext"]) == (b"e", b"e")


def test_head__is_the_newest_revision__and_the_only_one() -> None:
    """`HEAD` is written by hand, so that a serving gateway need not read the revisions."""
    scripts = ScriptDirectory.from_config(_config())
    assert scripts.get_heads() == [HEAD]
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert names[-1].startswith(f"{HEAD}_")
    assert len(names) == len(list(scripts.walk_revisions()))
