"""Nobody else's row: forgiving columns, fingerprints, several values at once, files that change."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from adapters.kinds.sql.fingerprint import fingerprint_of
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from schemas.errors import ConfigurationError
from schemas.outcome import Match, Misbehaving, NotFound
from schemas.record import Subject
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures
from tests.unit.adapters.kinds.sql.test_reader import opened, postgres_source
from tests.unit.adapters.small_source import SQL, ask, sql_source, write

COMPOSITE = (
    (
        '      national_id: {pattern: ".*"}',
        """\
      name_and_birth:
        parts: {name: {pattern: "[^;]+"}, birth_date: {pattern: "[0-9-]{10}", to: date}}""",
    ),
    ("where: {nid: $national_id}", "where: {nid: $name, since: $birth_date}"),
)


def database(folder: Path, script: str) -> None:
    """Run SQL on the register."""
    with closing(sqlite3.connect(folder / "register.db")) as connection, connection:
        connection.executescript(script)


def made(folder: Path, script: str, *changes: tuple[str, str]) -> Source:
    """The small source over a register of its own."""
    database(folder, script)
    return load_source(write(folder, SQL, *changes))


@pytest.mark.parametrize("value", ["abc", "AbC", "ABC "])
async def test_fetch__column_without_case__other_spelling_finds_nobody(tmp_path: Path, value: str):
    """`COLLATE NOCASE` would answer about ABC; the second candidate must not hide the right one either."""
    source = made(
        tmp_path,
        "CREATE TABLE t (nid TEXT COLLATE NOCASE, status, since, protected, refreshed);"
        "INSERT INTO t VALUES ('ABC','A','2022-02-01',0,'2026-01-01'), ('aBC','A','2022-02-01',0,'2026-01-01'),"
        "('abc ','A','2022-02-01',0,'2026-01-01'); CREATE VIEW v_status AS SELECT * FROM t",
    )
    async with opened(source) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, "status")), NotFound)
        assert isinstance(await adapter.fetch(ask("status", "aBC", "status")), Match)


async def test_fetch__number_in_a_column_without_type__never_taken_for_text(tmp_path: Path):
    """The number 17 is not the text 17: what a conversion would make of it is never answered."""
    source = made(
        tmp_path,
        "CREATE VIEW v_status AS SELECT 17 AS nid, 'A' AS status, '2022-02-01' AS since, 0 AS protected, "
        "'2026-01-01' AS refreshed",
    )
    async with opened(source) as adapter:
        for value in ("17", "017"):
            assert not isinstance(await adapter.fetch(ask("status", value, "status")), Match)


async def test_open__number_column_and_text_selector__refused(tmp_path: Path):
    """SQLite would find 17 when asked about `017`."""
    script = (
        "CREATE TABLE t (nid INTEGER, status, since, protected, refreshed);"
        "CREATE VIEW v_status AS SELECT * FROM t"
    )
    with pytest.raises(ConfigurationError, match="column `nid` is INTEGER, its selector text"):
        await open_source(made(tmp_path, script)).open()
    number = ('{pattern: ".*"}', '{pattern: "[0-9]+", to: integer}')
    async with opened(load_source(write(tmp_path, SQL, number))) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "17", "status")), NotFound)


async def test_fetch__several_values__all_must_be_equal(tmp_path: Path):
    """A composite selector compares each part with its own column."""
    async with opened(sql_source(tmp_path, *COMPOSITE)) as adapter:
        query = ask("status", "1000000017;2022-02-01", "status")
        same = replace(query, subject=Subject("name_and_birth", "1000000017;2022-02-01"))
        other = replace(query, subject=Subject("name_and_birth", "1000000017;2022-02-02"))
        assert isinstance(await adapter.fetch(same), Match)
        assert isinstance(await adapter.fetch(other), NotFound)


async def test_fingerprint__same_view__opens_and_another_is_refused_by_name(tmp_path: Path):
    """Drift of a type is told: at opening with the columns there are now, later with what became different."""
    source = made(
        tmp_path,
        "CREATE TABLE t (nid TEXT, status TEXT, since DATE, protected INT, refreshed TEXT, more TEXT);"
        "CREATE VIEW v_status AS SELECT * FROM t",
    )
    printed = (await fingerprint_of(source))["status"]
    pinned = load_source(
        write(tmp_path, SQL, ("from: v_status", f"from: v_status\n    fingerprint: {printed}"))
    )
    async with opened(pinned) as adapter:
        assert await adapter.health() is None
        database(
            tmp_path,
            "DROP VIEW v_status; CREATE VIEW v_status AS SELECT nid, status, since, protected, refreshed FROM t",
        )
        assert await adapter.health() is None  # a column that is not in use may go
        database(
            tmp_path,
            "CREATE TABLE u (nid TEXT, status TEXT, since TIMESTAMP, protected INT, refreshed TEXT);"
            "DROP VIEW v_status; CREATE VIEW v_status AS SELECT * FROM u",
        )
        health = await adapter.health()
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(health, Misbehaving)
    assert (
        "since DATE became since TIMESTAMP; look at the mapping, then write `fingerprint: sha256:"
        in health.cause
    )
    assert isinstance(outcome, Misbehaving)
    with pytest.raises(ConfigurationError, match="its columns in use are now nid TEXT, protected INT"):
        await open_source(pinned).open()


async def test_fetch__file_that_lost_its_end__misbehaving_not_not_found(tmp_path: Path):
    """SQLite reads the lost pages of a broken copy as empty, and everybody would be unknown."""
    source = sql_source(tmp_path)
    async with opened(source) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), Match)
        os.truncate(tmp_path / "register.db", 5000)
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), Misbehaving)


async def test_fetch__file_replaced__the_new_one_is_read(tmp_path: Path):
    """A drop that is renamed into place is not hidden by the connection to the old file."""
    source = sql_source(tmp_path)
    async with opened(source) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), Match)
        (tmp_path / "new").mkdir()
        sql_source(tmp_path / "new")
        database(tmp_path / "new", "DELETE FROM t_status")
        (tmp_path / "new" / "register.db").replace(tmp_path / "register.db")
        assert isinstance(await adapter.fetch(ask("status", "1000000017", "status")), NotFound)


async def test_fetch__huge_value__refused_by_sqlite_itself(tmp_path: Path):
    """A gigabyte of text is never made, and never read."""
    source = made(
        tmp_path,
        "CREATE VIEW v_status AS SELECT 'x' AS nid, replace(hex(zeroblob(400000000)), '00', 'x') AS status, "
        "'2022-02-01' AS since, 0 AS protected, '2026-01-01' AS refreshed",
    )
    async with opened(source) as adapter:
        outcome = await adapter.fetch(ask("status", "x", "status"))

    assert outcome == Misbehaving("a record is longer than 1048576 bytes")


ODD = """
DROP SCHEMA IF EXISTS odd CASCADE; CREATE SCHEMA odd;
CREATE COLLATION odd.blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE odd.t (nid TEXT COLLATE odd.blind, status TEXT, since DATE, protected BOOLEAN, refreshed TIMESTAMP);
INSERT INTO odd.t VALUES ('ABC', 'A', '2022-02-01', false, '2026-01-01'), ('huge', 'A', '2022-02-01', false, '2026-01-01');
CREATE VIEW odd.v AS SELECT nid, CASE WHEN nid = 'huge' THEN repeat(status, 300000000) ELSE status END AS status,
  since, protected, refreshed FROM odd.t;
CREATE FUNCTION odd.spoil() RETURNS TEXT LANGUAGE plpgsql AS
  $$ BEGIN PERFORM set_config('default_transaction_read_only', 'off', false);
     IF current_setting('transaction_read_only') = 'off' THEN DELETE FROM odd.t; END IF; RETURN 'A'; END $$;
CREATE VIEW odd.v_spoil AS SELECT nid, odd.spoil() AS status, since, protected, refreshed FROM odd.t;
CREATE VIEW odd.v_words AS SELECT nid AS "Select", status AS "ORDER", since, protected, refreshed FROM odd.t;
"""


@pytest.fixture
async def odd(postgres_dsn: str) -> str:  # noqa: F811
    """Odd views in PostgreSQL; its URL."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(ODD)
    await connection.close()
    return postgres_dsn


@pytest.mark.system
@pytest.mark.parametrize(("value", "outcome"), [("ABC", Match), ("abc", NotFound), ("ABÇ", NotFound)])
async def test_postgresql__collation_without_case_and_accents__only_the_very_value(
    tmp_path: Path, odd: str, value: str, outcome: type
):
    """PostgreSQL can be told to ignore case and accents; the exact comparison is not."""
    async with opened(postgres_source(tmp_path, odd, "odd.v")) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, "status")), outcome)


@pytest.mark.system
async def test_postgresql__huge_value__measured_at_the_server_and_not_sent(tmp_path: Path, odd: str):
    """300 MB stay where they are."""
    source = postgres_source(tmp_path, odd, "odd.v")
    source = replace(source, limits=replace(source.limits, timeout_ms=9000))
    async with opened(source) as adapter:
        outcome = await adapter.fetch(ask("status", "huge", "status"))

    assert outcome == Misbehaving("the answer is longer than 1048576 bytes")


@pytest.mark.system
async def test_postgresql__view_that_turns_read_only_off__never_gets_to_write(tmp_path: Path, odd: str):
    """A connection that was talked out of read-only is not used again."""
    async with opened(postgres_source(tmp_path, odd, "odd.v_spoil")) as adapter:
        for _ in range(3):
            await adapter.fetch(ask("status", "ABC", "status"))

    owner = await asyncpg.connect(odd)
    assert await owner.fetchval("SELECT count(*) FROM odd.t") == 2
    await owner.close()


@pytest.mark.system
async def test_postgresql__reserved_words_and_upper_case__read(tmp_path: Path, odd: str):
    """Names are quoted as the catalogue has them."""
    changes = (
        ("{from: status, codes", "{from: order, codes"),
        ("{nid: $", "{select: $"),
        ("{from: nid,", "{from: select,"),
    )
    path = write(
        tmp_path,
        SQL,
        ("dsn: sqlite:///register.db", 'dsn: "${env:DSN}"'),
        ("from: v_status", "from: odd.v_words"),
        *changes,
    )
    async with opened(load_source(path, environment={"DSN": odd})) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "ABC", "status")), Match)
