"""A register of people over SQLite, whose faults each test writes down itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.source import Source
from adapters.source_file import load_source

SOURCE = """\
id: people
title: People
kind: sql
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
connection: {dsn: "sqlite:///people.db"}
services:
  person:
    title: Person
    canonical: civil_status/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: v_people
    where: {nid: $national_id}
    as_of: changed
    area: district
    map:
      national_id: nid
      given_names: given
      family_name: family
      sex: {from: sex, codes: {M: male, F: female}, else: error}
      birth_date: {from: born, to: date}
      death_date: {from: died, to: date}
tests:
  - {service: person, given: {national_id: "0000000000"}, expect: not_found}
"""
COLUMNS = ("nid", "given", "family", "sex", "born", "died", "district", "changed")
GOOD = {
    "given": "Ilva",
    "family": "Toss",
    "sex": "F",
    "born": "1987-03-14",
    "died": None,
    "district": "LM-01",
    "changed": "2026-06-30T00:00:00Z",
}


def people(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole people of a few columns: each has a number and a name of its own where nothing else is said."""
    return [{**GOOD, "nid": f"{n:010}", "family": f"Toss{n}", **row} for n, row in enumerate(rows, start=1)]


def register(folder: Path, rows: Iterable[dict[str, Any]], *changes: tuple[str, str]) -> Source:
    """A source over these people; `changes` are made in its file."""
    with closing(sqlite3.connect(folder / "people.db")) as database:
        database.execute(f"CREATE TABLE people ({', '.join(COLUMNS)})")
        marks = ", ".join(f":{name}" for name in COLUMNS)
        database.executemany(f"INSERT INTO people VALUES ({marks})", list(rows))
        database.execute("CREATE VIEW v_people AS SELECT * FROM people")
        database.commit()
    text = SOURCE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "people.yaml"
    path.write_text(text)
    return load_source(path)
