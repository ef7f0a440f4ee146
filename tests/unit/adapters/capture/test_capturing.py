"""A live answer becomes a fixture that passes offline and holds nothing of the person."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from adapters.capture.capturing import capture
from adapters.capture.fixture_file import add_cases
from adapters.fixtures import load_offline, run_fixtures
from adapters.source_file import load_source
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError
from schemas.record import Subject

NID = "0048213377"
PERSON = {"nid": NID, "names": "Velisse Ostra", "born": "12.03.1988", "sex": "F"}
SERVICE = """
services:
  person:
    title: A person
    canonical: person/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
%s
    map:
      national_id: {from: nid, to: text}
      full_name: {from: names, to: text}
      birth_date: {from: born, to: date, format: "%%d.%%m.%%Y"}
      sex: {from: sex, codes: {M: male, F: female}, else: error}
"""
HEAD = """id: people
title: People
kind: %s
owner: {contact: office}
subsystem: LM/GOV/NIA/identity
connection: %s
"""


@pytest.fixture
def sql_file(tmp_path: Path) -> Path:
    """A source over a SQLite view that knows one person."""
    with closing(sqlite3.connect(tmp_path / "people.db")) as database, database:
        database.execute("CREATE TABLE p (nid, names, born, sex)")
        database.execute("INSERT INTO p VALUES (:nid, :names, :born, :sex)", PERSON)
        database.execute("CREATE VIEW v_people AS SELECT * FROM p")
    return written(
        tmp_path, "sql", "{dsn: sqlite:///people.db}", "    from: v_people\n    where: {nid: $national_id}"
    )


@pytest.fixture
def rest_file(tmp_path: Path) -> Iterator[Path]:
    """A source over a server that knows one person, and says 404 of others."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Register)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    request = (
        "    request: {method: GET, path: '/people/{national_id}'}\n"
        "    errors: [{when: {http: 404}, as: not_found}]"
    )
    url = f"{{base_url: 'http://127.0.0.1:{server.server_port}', auth: {{kind: none}}}}"
    yield written(tmp_path, "rest", url, request)
    server.shutdown()
    thread.join()
    server.server_close()


class Register(BaseHTTPRequestHandler):
    """One person's record, as JSON."""

    def do_GET(self) -> None:
        """Answer one person."""
        found = self.path == f"/people/{NID}"
        body = json.dumps(PERSON | {"self": f"/people/{NID}"} if found else {"detail": "nobody"}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def written(folder: Path, kind: str, connection: str, own: str) -> Path:
    path = folder / "people.yaml"
    path.write_text(HEAD % (kind, connection) + SERVICE % own)
    return path


async def captured(path: Path, *values: str) -> str:
    """Capture cases about the values into the fixture file; gives its text."""
    source, document = load_source(path), load(path).value
    found = [
        await capture(source, document, "person", Subject("national_id", value), "", load_offline(path))
        for value in values
    ]
    target, _ = add_cases(path, found)
    return target.read_text()


@pytest.mark.parametrize("file", ["sql_file", "rest_file"])
async def test_capture__match_and_nobody__pass_offline_and_tell_nothing(request, file):
    """Captured once, the fixtures run without the system; no value of the person is in the file."""
    path = request.getfixturevalue(file)
    text = await captured(path, NID, "0000000000")
    results = await run_fixtures(path)
    assert [(one.case, one.differs) for one in results] == [("match", ""), ("not_found", "")]
    assert not [value for value in (NID, "Velisse", "Ostra", "12.03.1988", "1988-03-12") if value in text]


async def test_capture__again__case_is_added_under_another_name(sql_file):
    """What was captured before stays."""
    await captured(sql_file, NID)
    await captured(sql_file, NID)
    assert [one.case for one in await run_fixtures(sql_file)] == ["match", "match 2"]


async def test_capture__system_down__nothing_is_written(sql_file, tmp_path):
    """There is no fixture of a failure that nobody understood."""
    (tmp_path / "people.db").unlink()
    with pytest.raises(ConfigurationError, match="unavailable"):
        await captured(sql_file, NID)
    assert not (tmp_path / "fixtures").exists()


async def test_capture__json_lines__one_file_in_its_own_format(tmp_path):
    """A dropped file is recorded as its owner would drop it."""
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "people.jsonl").write_text(json.dumps(PERSON) + "\n")
    connection = (
        f"{{drop: {{folder: '{drop}'}}, every_s: 60, files: {{people: {{name: people.jsonl, "
        "format: {kind: jsonl}, finished: renamed, as_of: modified}}}"
    )
    path = written(tmp_path, "file", connection, "    from: people\n    where: {nid: $national_id}")
    text = await captured(path, NID, "0000000000")
    assert [one.differs for one in await run_fixtures(path)] == ["", ""]
    assert "people.jsonl" in text
    assert NID not in text
    assert "Velisse" not in text
