"""Kind `sql`: views only, read-only, bound values, and every outcome told apart."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import asyncpg
import pytest

from adapters.contract import Adapter
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401
from tests.unit.adapters.kinds.sql.injections import INJECTIONS
from tests.unit.adapters.small_source import SQL, ask, sql_source, write

FIELDS = ("national_id", "status", "certified_on")


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[Adapter]:
    """An adapter between open and close."""
    adapter = open_source(source)
    await adapter.open()
    try:
        yield adapter
    finally:
        await adapter.close()


async def test_fetch__one_row__match_of_the_asked_fields_only(tmp_path: Path):
    """Only what was asked leaves."""
    async with opened(sql_source(tmp_path)) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert outcome == Match({"status": "approved"}, 1767225600, restricted=False)


async def test_fetch__each_situation__has_its_own_outcome(tmp_path: Path):
    """No row, two rows, an unknown code and an untold flag are never confused."""
    async with opened(sql_source(tmp_path)) as adapter:
        outcomes = [
            await adapter.fetch(ask("status", f"10000000{end}", *FIELDS)) for end in ("99", "25", "33", "41")
        ]

    assert [type(outcome) for outcome in outcomes] == [NotFound, Ambiguous, Misbehaving, Misbehaving]


@pytest.mark.parametrize("value", INJECTIONS)
async def test_fetch__injection_in_the_selector__finds_nobody_and_changes_nothing(tmp_path: Path, value: str):
    """A value is bound, never spelled into SQL."""
    async with opened(sql_source(tmp_path)) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, *FIELDS)), NotFound)

    with closing(sqlite3.connect(tmp_path / "register.db")) as database:
        assert database.execute("SELECT count(*) FROM t_status").fetchone() == (5,)


@pytest.mark.parametrize("expression", ["nid + 0", "CAST(nid AS BLOB)"])
async def test_fetch__column_without_a_type_holds_no_text__misbehaving_and_not_nobody(
    tmp_path: Path, expression: str
):
    """SQLite compares a number with text as unequal: everybody in the register would be unknown."""
    source = sql_source(tmp_path)
    with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
        others = [row[1] for row in database.execute("PRAGMA table_info(v_status)") if row[1] != "nid"]
        shown = ", ".join([f"{expression} AS nid", *others])
        database.execute(f"CREATE VIEW v_loose AS SELECT {shown} FROM v_status")
    source = load_source(write(tmp_path, SQL, ("from: v_status", "from: v_loose")))

    async with opened(source) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), Misbehaving)
        assert isinstance(await adapter.fetch(ask("status", "1000000098", "status")), NotFound)


async def test_open__base_table__refused(tmp_path: Path):
    """The owner publishes a view; a table would publish everything."""
    source = sql_source(tmp_path, ("from: v_status", "from: t_status"))

    with pytest.raises(ConfigurationError, match="`t_status` is not a database view; publish one"):
        await open_source(source).open()


async def test_open__column_gone__refused_by_name(tmp_path: Path):
    """Drift is found before the first question."""
    source = sql_source(tmp_path, ("from: since", "from: certified"))

    with pytest.raises(ConfigurationError, match="view `v_status` has no column certified"):
        await open_source(source).open()


async def test_fetch__view_changed_while_open__misbehaving(tmp_path: Path):
    """Drift after opening is an outcome, not a crash."""
    source = sql_source(tmp_path)
    async with opened(source) as adapter:
        with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
            database.executescript("DROP VIEW v_status; CREATE VIEW v_status AS SELECT nid FROM t_status")
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(outcome, Misbehaving)


async def test_open__database_away__starts_and_recovers(tmp_path: Path):
    """A source that is down hides nothing and delays nobody."""
    source = load_source(write(tmp_path, SQL))
    async with opened(source) as adapter:
        down = await adapter.fetch(ask("status", "1000000017", "status"))
        health = await adapter.health()
        sql_source(tmp_path)
        up = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(down, Unavailable)
    assert isinstance(health, Unavailable)
    assert isinstance(up, Match)


async def test_open__database_away_then_base_table__still_refused(tmp_path: Path):
    """The check is put off, never left out."""
    source = load_source(write(tmp_path, SQL, ("from: v_status", "from: t_status")))
    async with opened(source) as adapter:
        sql_source(tmp_path)
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(outcome, Misbehaving)


async def test_fetch__query_without_end__stopped_at_the_deadline(tmp_path: Path):
    """The work stops at the source too: closing does not wait for it."""
    source = sql_source(tmp_path, ("timeout_ms: 1000", "timeout_ms: 300"), ("from: v_status", "from: v_slow"))
    with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
        database.execute(
            "CREATE VIEW v_slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT nid, status, since, protected, refreshed FROM t_status, n WHERE i < 0"
        )
    started = time.perf_counter()
    async with opened(source) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))
        took = time.perf_counter() - started

    assert isinstance(outcome, Unavailable)
    assert outcome.timeout
    # Opening looks at the view (at most one deadline), asking takes another.
    assert took < 0.3 * 2 + 0.3
    assert time.perf_counter() - started < 2


async def test_fetch__more_rows_than_allowed__misbehaving(tmp_path: Path):
    """A list that does not fit is not cut short."""
    source = sql_source(tmp_path, ("from: v_status", "from: v_status\n    shape: list\n    empty: not_found"))
    with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
        database.executescript(
            "INSERT INTO t_status SELECT 'many', 'A', NULL, 0, '2026-01-01', '' FROM t_status LIMIT 4"
        )
    async with opened(source) as adapter:
        outcome = await adapter.fetch(ask("status", "many", "status"))

    assert outcome == Misbehaving("the source answered with more than 3 records")


async def test_fetch__many_at_once__all_are_answered(tmp_path: Path):
    """Two places serve fifty questions."""
    async with opened(sql_source(tmp_path)) as adapter:
        question = ask("status", "1000000017", *FIELDS)
        outcomes = await asyncio.gather(*(adapter.fetch(question) for _ in range(50)))

    assert {type(outcome) for outcome in outcomes} == {Match}


async def test_fetch__cancelled__cancellation_passes_and_the_source_stays_usable(tmp_path: Path):
    """Cancellation is the one thing that is not an outcome."""
    async with opened(sql_source(tmp_path)) as adapter:
        task = asyncio.create_task(adapter.fetch(ask("status", "1000000017", *FIELDS)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await adapter.fetch(ask("status", "1000000017", *FIELDS)), Match)


POSTGRES = """
DROP SCHEMA IF EXISTS sp CASCADE;
CREATE SCHEMA sp;
CREATE TABLE sp.t_status (nid CHAR(12), status TEXT, since DATE, protected BOOLEAN, refreshed TIMESTAMPTZ);
INSERT INTO sp.t_status VALUES
    ('1000000017', 'A', '2022-02-01', false, '2026-01-01T00:00:00Z'),
    ('1000000025', 'A', '2022-02-01', false, '2026-01-01T00:00:00Z'),
    ('1000000025', 'P', '2022-02-01', false, '2026-01-01T00:00:00Z');
CREATE VIEW sp.v_status AS SELECT * FROM sp.t_status;
CREATE VIEW sp.v_slow AS SELECT t.* FROM sp.t_status t, LATERAL (SELECT pg_sleep(30)) s;
CREATE FUNCTION sp.spoil() RETURNS TEXT LANGUAGE plpgsql AS
    $$ BEGIN DELETE FROM sp.t_status; RETURN 'A'; END $$;
CREATE VIEW sp.v_spoil AS SELECT nid, sp.spoil() AS status, since, protected, refreshed FROM sp.t_status;
CREATE VIEW sp.v_typed AS SELECT 17::bigint AS nid, status, since, protected, refreshed FROM sp.t_status;
"""


@pytest.fixture
async def sp_schema(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:  # noqa: F811
    """The register in PostgreSQL, and a connection of its owner."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(POSTGRES)
    yield connection
    await connection.close()


def postgres_source(folder: Path, dsn: str, view: str = "sp.v_status") -> Source:
    """The small source over PostgreSQL."""
    path = write(
        folder, SQL, ("dsn: sqlite:///register.db", 'dsn: "${env:DSN}"'), ("from: v_status", f"from: {view}")
    )
    return load_source(path, environment={"DSN": dsn})


@pytest.mark.system
async def test_postgresql__match_not_found_ambiguous(tmp_path: Path, postgres_dsn: str, sp_schema):  # noqa: F811
    """The same outcomes as on SQLite, with PostgreSQL's own types."""
    async with opened(postgres_source(tmp_path, postgres_dsn)) as adapter:
        match = await adapter.fetch(ask("status", "1000000017", *FIELDS))
        absent = await adapter.fetch(ask("status", "1000000099", *FIELDS))
        several = await adapter.fetch(ask("status", "1000000025", *FIELDS))
        assert await adapter.health() is None

    assert isinstance(match, Match)
    assert match.record == {
        "national_id": "1000000017",  # CHAR(12) without its padding
        "status": "approved",
        "certified_on": "2022-02-01",
    }
    assert (match.as_of, match.restricted) == (1767225600, False)
    assert isinstance(absent, NotFound)
    assert several == Ambiguous(2, 1767225600)


@pytest.mark.system
@pytest.mark.parametrize("value", [*INJECTIONS, "1'; DELETE FROM sp.t_status; --"])
async def test_postgresql__injection__finds_nobody(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
    sp_schema: asyncpg.Connection,
    value: str,
):
    """Values are bound."""
    async with opened(postgres_source(tmp_path, postgres_dsn)) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, *FIELDS)), NotFound)

    assert await sp_schema.fetchval("SELECT count(*) FROM sp.t_status") == 3


@pytest.mark.system
async def test_postgresql__base_table__refused(tmp_path: Path, postgres_dsn: str, sp_schema):  # noqa: F811
    """As on SQLite."""
    with pytest.raises(ConfigurationError, match="is not a database view"):
        await open_source(postgres_source(tmp_path, postgres_dsn, "sp.t_status")).open()


@pytest.mark.system
async def test_postgresql__view_that_writes__refused_by_the_read_only_transaction(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
    sp_schema: asyncpg.Connection,
):
    """Not even a view's function can change a register."""
    async with opened(postgres_source(tmp_path, postgres_dsn, "sp.v_spoil")) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert not isinstance(outcome, Match)
    assert await sp_schema.fetchval("SELECT count(*) FROM sp.t_status") == 3


@pytest.mark.system
async def test_postgresql__slow_view__stopped_at_the_server(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
    sp_schema: asyncpg.Connection,
):
    """The deadline holds, and nothing goes on running at the server."""
    started = time.perf_counter()
    async with opened(postgres_source(tmp_path, postgres_dsn, "sp.v_slow")) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))
        assert time.perf_counter() - started < 1.0 + 0.5

    assert isinstance(outcome, Unavailable)
    assert outcome.timeout
    await asyncio.sleep(0.3)
    running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'isthmus' AND state = 'active'"
    assert await sp_schema.fetchval(running) == 0


@pytest.mark.system
async def test_postgresql__type_or_right_missing__told_apart(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
    sp_schema: asyncpg.Connection,
):
    """A number compared with text is our description's fault; a missing right is a refusal."""
    await sp_schema.execute(
        "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA sp TO reader"
    )
    with pytest.raises(ConfigurationError, match="column `nid` is bigint, its selector text"):
        await open_source(postgres_source(tmp_path, postgres_dsn, "sp.v_typed")).open()
    stranger = postgres_dsn.replace("isthmus@", "reader@")
    async with opened(postgres_source(tmp_path, stranger)) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), DeniedBySource)
