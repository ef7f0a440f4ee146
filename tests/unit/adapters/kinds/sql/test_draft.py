"""Drafts from a database: its catalogue is enough, and no row is read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from adapters.drafting.draft import DraftService
from adapters.kinds.sql.draft import draft
from schemas.errors import SourceUnavailable
from tests.mariadb import MariadbServer, mariadb_server  # noqa: F401  fixture
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures
from tests.unit.adapters.small_source import Secrets

EMPTY = """
CREATE TABLE t_people (nid VARCHAR(12), born DATE, alive BOOLEAN, income DECIMAL(12,2), last_updated TIMESTAMP);
CREATE VIEW v_sp_people AS SELECT * FROM t_people;
"""


def types(service: DraftService) -> dict[str, str]:
    """The types of a service's columns."""
    return {column.place: column.type for column in service.columns}


async def test_draft__empty_sqlite_file__views_and_how_to_publish_one(tmp_path: Path):
    """Tables are named and left out, with the statement that publishes one."""
    with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
        database.executescript(EMPTY)

    found = await draft(f"sqlite:///{tmp_path}/register.db", Secrets())

    (service,) = found.services
    assert service.name == "people"
    assert service.own == {"from": "v_sp_people", "where": {"nid": "$selector"}}
    assert (service.selectors, service.as_of) == (("nid",), "last_updated")
    assert "t_people" in found.remarks[0]
    assert "CREATE VIEW v_sp_t_people AS SELECT" in found.remarks[1]


async def test_draft__no_file__unavailable(tmp_path: Path):
    """A database that is not there is not an empty one."""
    with pytest.raises(SourceUnavailable):
        await draft(f"sqlite:///{tmp_path}/register.db", Secrets())


@pytest.mark.system
async def test_draft__postgresql__types_and_schema(postgres_dsn: str):  # noqa: F811
    """PostgreSQL's own types; the view keeps its schema."""
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute(
        "DROP SCHEMA IF EXISTS drafted CASCADE; CREATE SCHEMA drafted; SET search_path = drafted;" + EMPTY
    )
    await owner.close()

    found = await draft(postgres_dsn, Secrets())

    service = next(one for one in found.services if one.own["from"] == "drafted.v_sp_people")
    assert types(service) == {
        "nid": "text",
        "born": "date",
        "alive": "boolean",
        "income": "decimal",
        "last_updated": "moment",
    }


@pytest.mark.system
async def test_draft__mariadb__flags_and_code_lists(mariadb_server: MariadbServer):  # noqa: F811
    """TINYINT(1) is a flag, and an enum tells its codes; a literal password becomes a reference."""
    mariadb_server.run(
        "DROP DATABASE IF EXISTS drafted; CREATE DATABASE drafted; USE drafted;"
        "CREATE TABLE t (owner_nid CHAR(10), flag TINYINT(1), status ENUM('A','it''s')); CREATE VIEW v AS SELECT * FROM t;"
        "CREATE OR REPLACE USER drafter IDENTIFIED BY 'pass:word/7'; GRANT SELECT ON drafted.* TO drafter;"
    )

    found = await draft(mariadb_server.dsn("drafter:pass%3Aword%2F7", "drafted"), Secrets())

    assert types(found.services[0]) == {"owner_nid": "text", "flag": "boolean", "status": "text"}
    assert found.services[0].columns[2].codes == ("A", "it's")
    assert "${secret:DB_PASSWORD}@" in found.connection["dsn"]
    assert "word" not in repr(found.connection).replace("PASSWORD", "")
