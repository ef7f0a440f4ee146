"""Small source files for tests: one of each kind, with parts exchanged by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.contract import Query
from adapters.source import Source
from adapters.source_file import load_source
from schemas.record import Subject

SQL = """\
id: disability
title: Disability register
kind: sql
owner: {ministry: Council}
subsystem: LM/GOV/NDC/disability
connection:
  dsn: sqlite:///register.db
limits: {timeout_ms: 1000, concurrency: 2, max_rows: 3}
services:
  status:
    title: Status
    canonical: disability/1
    subject:
      national_id: {pattern: ".*"}
    from: v_status
    where: {nid: $national_id}
    as_of: refreshed
    restricted: protected
    map:
      national_id: {from: nid, to: text}
      status: {from: status, codes: {A: approved, P: pending}, else: error}
      certified_on: {from: since, to: date}
"""

REST = """\
id: identity
title: Identity
kind: rest
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
connection:
  base_url: ${env:IDENTITY_URL}
  auth: {kind: bearer, token: "${secret:IDENTITY_TOKEN}"}
limits: {timeout_ms: 1000, concurrency: 2, max_bytes: 4096, retries: 0}
services:
  person:
    title: Person
    canonical: person/1
    subject:
      national_id: {pattern: "(?s:.*)"}
    request: {path: "/persons/{national_id}"}
    errors:
      - {when: {http: 404, json: /error, equals: unknown}, as: not_found}
      - {when: {http: 200, json: /status, equals: ERROR}, as: misbehaving}
    map:
      national_id: nid
      family_name: {from: family_name, to: text}
  card:
    title: Card
    form: pass_through
    methods: [GET]
    paths: ["/persons/{national_id}/card"]
    subject: {type: national_id, place: path, name: national_id}
    base_path: /api/v1
"""

ROWS = """
CREATE TABLE t_status (nid TEXT, status TEXT, since TEXT, protected INT, refreshed TEXT, secret TEXT);
INSERT INTO t_status VALUES
    ('1000000017', 'A', '2022-02-01', 0, '2026-01-01', 'CANARY'),
    ('1000000025', 'A', '2022-02-01', 0, '2026-01-01', 'CANARY'),
    ('1000000025', 'P', '2022-02-01', 0, '2026-01-01', 'CANARY'),
    ('1000000033', 'Z', '2022-02-01', 0, '2026-01-01', 'CANARY'),
    ('1000000041', 'A', '2022-02-01', NULL, '2026-01-01', 'CANARY');
CREATE VIEW v_status AS SELECT * FROM t_status;
"""

TOKEN = "CANARY-TOKEN-5f1d"


class Secrets:
    """Secrets of a test."""

    def __init__(self, **values: str) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        """Look up."""
        return self._values.get(name)


def write(folder: Path, text: str, *changes: tuple[str, str], name: str = "source.yaml") -> Path:
    """Write a source file with some of its text exchanged; each must occur."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def sql_source(folder: Path, *changes: tuple[str, str]) -> Source:
    """A source over a fresh SQLite database."""
    with closing(sqlite3.connect(folder / "register.db")) as database, database:
        database.executescript(ROWS)
    return load_source(write(folder, SQL, *changes))


def rest_source(folder: Path, url: str, *changes: tuple[str, str]) -> Source:
    """A source over an HTTP server."""
    path = write(folder, REST, *changes)
    return load_source(path, Secrets(IDENTITY_TOKEN=TOKEN), {"IDENTITY_URL": url})


def ask(service: str, value: str, *fields: str) -> Query:
    """A question about a national ID."""
    return Query(service, Subject("national_id", value), fields)


def record(outcome: Any) -> Mapping[str, Any]:
    """The record of a match."""
    found: Mapping[str, Any] = outcome.record
    return found
