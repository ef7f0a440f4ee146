"""Reading all records: a dropped file, PostgreSQL and MariaDB, each in batches of one moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from adapters.kinds.sql import scan as sql
from adapters.quality.assessing import assess
from adapters.source import Source
from adapters.source_file import load_source
from schemas.errors import SourceUnavailable
from tests.mariadb import MariadbServer, mariadb_server  # noqa: F401  fixture
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures
from tests.unit.adapters.kinds.file.dropping import FILE, NAME
from tests.unit.adapters.small_source import SQL, write

ROWS = 2500


async def counted(source: Source) -> tuple[int, int, int, int]:
    """Records, those without an identifier, those that do not fit, numbers that stand for several."""
    [report] = await assess(source)
    [selector] = report.selectors
    return report.records, selector.empty, report.unfit_records, selector.ambiguous or 0


def names_below(folder: Path) -> set[str]:
    """All files and folders of a folder."""
    return {path.name for path in folder.rglob("*")}


async def test_file__dropped__is_read_to_its_end_and_of_its_day(tmp_path: Path):
    """What a gateway would stage is counted, and nothing stays."""
    rows = [f"{n:010},{'A' if n % 5 else 'Q'}" for n in range(ROWS)]
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / NAME).write_text("\n".join(["NID,STATUS", *rows, rows[7], ",P"]) + "\n")
    source = load_source(write(tmp_path, FILE))

    assert await counted(source) == (ROWS + 2, 1, ROWS // 5, 1)
    [report] = await assess(source)
    assert report.staleness.oldest == report.staleness.newest == 1767225600
    assert names_below(tmp_path) == {"drop", NAME, "source.yaml"}


async def test_file__bad__unavailable_by_reason(tmp_path: Path):
    """A file that a gateway would not use has no quality."""
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / NAME).write_text("OTHER\n1\n")

    with pytest.raises(SourceUnavailable, match="there is no file to read"):
        await assess(load_source(write(tmp_path, FILE)))


SHAPE = "nid, status, since, protected, refreshed"
POSTGRES = f"""
DROP SCHEMA IF EXISTS sp CASCADE; CREATE SCHEMA sp;
CREATE TABLE sp.t AS SELECT lpad(n::text, 10, '0') AS nid, 'A'::text AS status, date '2022-02-01' AS since,
  false AS protected, timestamptz '2026-01-01' AS refreshed FROM generate_series(1, {ROWS}) n;
UPDATE sp.t SET status = 'Q' WHERE nid < '0000000011';
INSERT INTO sp.t SELECT * FROM sp.t WHERE nid = '0000000100';
INSERT INTO sp.t SELECT NULL, 'P', since, protected, refreshed FROM sp.t LIMIT 3;
UPDATE sp.t SET status = repeat('A', 20000000) WHERE nid = '0000000200';
CREATE VIEW sp.v_status AS SELECT {SHAPE} FROM sp.t;
CREATE VIEW sp.v_slow AS SELECT * FROM sp.t WHERE pg_sleep(0.0015 + 0 * extract(day FROM since)) IS NOT NULL;
"""


@pytest.fixture
async def postgres(postgres_dsn: str) -> str:  # noqa: F811
    """A register on PostgreSQL."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(POSTGRES)
    await connection.close()
    return postgres_dsn


def source_of(folder: Path, dsn: str, view: str) -> Source:
    """The small source over a database."""
    text = ("dsn: sqlite:///register.db", 'dsn: "${env:DSN}"')
    path = write(folder, SQL, text, ("from: v_status", f"from: {view}"), ('".*"', '"[0-9]{10}"'))
    return load_source(path, environment={"DSN": dsn})


@pytest.mark.system
async def test_postgresql__all_rows__bounded_and_read_only(tmp_path: Path, postgres: str):
    """A text of 20 MB never leaves the database, and counts as empty."""
    assert await counted(source_of(tmp_path, postgres, "sp.v_status")) == (ROWS + 4, 3, 10, 1)


@pytest.mark.system
async def test_postgresql__batch_slower_than_the_limit__stopped(tmp_path: Path, postgres: str):
    """Every fetch has the source's time, and no more."""
    with pytest.raises(SourceUnavailable, match="took too long"):
        await assess(source_of(tmp_path, postgres, "sp.v_slow"))


@pytest.mark.system
async def test_postgresql__whole_scan_longer_than_the_limit__goes_on(tmp_path: Path, postgres: str):
    """The limit is each batch's: a register is larger than one question."""
    source = source_of(tmp_path, postgres, "sp.v_slow")
    source = replace(source, limits=replace(source.limits, timeout_ms=2000))
    read = 0
    async for batch in sql.scan(source, source.record_service("status")):
        read += len(batch.records)
    assert read == ROWS + 4


MARIADB = f"""
DROP DATABASE IF EXISTS sp; CREATE DATABASE sp DEFAULT CHARACTER SET utf8mb4; USE sp;
CREATE TABLE t (nid VARCHAR(40), status VARCHAR(4), since DATE, protected TINYINT(1), refreshed DATETIME);
INSERT INTO t SELECT lpad(seq, 10, '0'), IF(seq < 11, 'Q', 'A'), '2022-02-01', 0, '2026-01-01'
  FROM seq_1_to_{ROWS};
INSERT INTO t SELECT * FROM t WHERE nid = '0000000100';
INSERT INTO t SELECT NULL, 'P', since, protected, refreshed FROM t LIMIT 3;
CREATE VIEW v_status AS SELECT {SHAPE} FROM t;
CREATE VIEW v_slow AS SELECT t.* FROM t WHERE SLEEP(0.001) = 0;
CREATE VIEW v_stuck AS SELECT t.* FROM t WHERE SLEEP(20) = 0;
"""


@pytest.fixture
def mariadb(mariadb_server: MariadbServer) -> str:  # noqa: F811
    """A register on MariaDB."""
    mariadb_server.run(MARIADB)
    return mariadb_server.dsn()


@pytest.mark.system
async def test_mariadb__all_rows__counted(tmp_path: Path, mariadb: str):
    """As on the other databases."""
    assert await counted(source_of(tmp_path, mariadb, "v_status")) == (ROWS + 4, 3, 10, 1)


@pytest.mark.system
async def test_mariadb__whole_scan_longer_than_the_limit__goes_on(tmp_path: Path, mariadb: str):
    """The server's limit of a statement is lifted for a scan, whose batches are bounded here."""
    source = source_of(tmp_path, mariadb, "v_slow")
    source = replace(source, limits=replace(source.limits, timeout_ms=2000))
    assert (await counted(source))[0] == ROWS + 4


@pytest.mark.system
async def test_mariadb__nothing_comes__stopped(tmp_path: Path, mariadb: str):
    """A server that keeps silent is left."""
    with pytest.raises(SourceUnavailable, match="too slow"):
        await assess(source_of(tmp_path, mariadb, "v_stuck"))
