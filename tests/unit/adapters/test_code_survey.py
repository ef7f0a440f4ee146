"""Codes a source holds and no list knows: counted at the source, and shown only where many rows agree."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.code_survey import MOST_CODES, Unmapped, survey
from adapters.source_file import load_source
from schemas.errors import ConfigurationError, SourceUnavailable

SOURCE = """\
id: register
title: Register
kind: sql
owner: {ministry: Council}
subsystem: LM/GOV/NDC/disability
connection: {dsn: "sqlite:///register.db"}
services:
  status:
    title: Status
    canonical: disability/1
    subject: {national_id: {pattern: ".*"}}
    from: v_status
    where: {nid: $national_id}
    map:
      national_id: {from: nid, to: text}
      status: {from: status, empty_values: ["-"], codes: {A: approved, "1": pending}, else: error}
      level: {first_of: [{from: level, codes: {list: disability-level-dci/1}}]}
      severity: {object: {seeing: {from: seeing, codes: {list: wg-short-set/1}}}}
      certified_on: {from: since, to: date}
"""


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A register of 30 people: a code that 12 carry and nobody knows, a rare one, and a name."""
    with closing(sqlite3.connect(tmp_path / "register.db")) as database:
        database.execute("CREATE TABLE t (nid TEXT, status TEXT, level TEXT, seeing INTEGER, since TEXT)")
        statuses = ["A"] * 10 + ["Z  "] * 12 + ["1"] * 3 + ["-"] * 3 + ["CANARY", None]
        rows = [(f"{n:010}", status, "1", 1 + n % 4, "2020-01-01") for n, status in enumerate(statuses)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
        database.execute("CREATE VIEW v_status AS SELECT * FROM t")
        database.commit()
    path = tmp_path / "register.yaml"
    path.write_text(SOURCE)
    return path


async def test_survey__codes_in_no_list__frequent_ones_shown_rare_ones_counted(register: Path):
    """What twelve rows carry is a code; what one row carries may be somebody's name."""
    found = await survey(load_source(register))

    assert found == [Unmapped("status", "status", "status", 13, {"Z": 12}, 1)]
    assert "CANARY" not in repr(found)


async def test_survey__all_known__finds_nothing(register: Path):
    """A complete list has no gap."""
    with closing(sqlite3.connect(register.with_suffix(".db"))) as database:
        database.execute("UPDATE t SET status = 'A'")
        database.commit()

    assert await survey(load_source(register)) == []


async def test_survey__a_column_of_names__says_so_and_shows_none(register: Path):
    """More different values than any list has: the mapping names the wrong column."""
    with closing(sqlite3.connect(register.with_suffix(".db"))) as database:
        rows = [(f"{n:010}", f"CANARY{n}", "1", 1, "2020-01-01") for n in range(MOST_CODES + 5)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows * 12)
        database.commit()

    [found] = await survey(load_source(register))
    assert (found.too_many, dict(found.codes)) == (True, {})


async def test_survey__database_gone__is_unavailable(register: Path):
    """No answer is not "no unknown codes"."""
    source = load_source(register)
    register.with_suffix(".db").unlink()

    with pytest.raises(SourceUnavailable):
        await survey(source)


async def test_survey__kind_that_answers_one_person_at_a_time__says_what_to_do(register: Path):
    """An API cannot be asked for its codes, and nothing pretends it could."""
    with pytest.raises(ConfigurationError) as caught:
        await survey(replace(load_source(register), kind="rest"))

    assert "isthmus_source_unknown_codes" in caught.value.detail
