"""Lumeria's source files read the same data from real products as from the sandbox's own servers."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from examples.lumeria.export import export, fhir_resources
from examples.lumeria.generate import generate
from schemas.outcome import Match, NotFound
from tests.fhir import fhir_server
from tests.lumeria_systems.asking import ask
from tests.mariadb import MariadbServer, mariadb_server  # noqa: F401  a fixture
from tests.sshd import sshd

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small country."""
    folder = tmp_path_factory.mktemp("lumeria")
    generate(500, 7, folder)
    return folder


@pytest.fixture(scope="module")
def story(data: Path) -> dict[str, Any]:
    """Its story."""
    return json.loads((data / "story.json").read_text())  # type: ignore[no-any-return]


async def test_pension__mariadb__hijri_dates_and_amounts_as_from_sqlite(
    data: Path,
    story: dict[str, Any],
    tmp_path: Path,
    mariadb_server: MariadbServer,  # noqa: F811  a fixture
):
    """The old pension database, on the product it would really be on, answers the same."""
    export("pension", "mysql", data, tmp_path / "pension.sql")
    script = (tmp_path / "pension.sql").read_text()
    mariadb_server.run(
        "CREATE DATABASE lumeria_pension; USE lumeria_pension;\n"
        f"{script}\nCREATE USER pension_read@localhost; GRANT SELECT ON lumeria_pension.* TO pension_read@localhost;"
    )
    path, national_id = (
        ROOT / "adapters/programme_mis/lumeria_pension.yaml",
        story["pensioner"]["national_id"],
    )
    here = {"LUMERIA_PENSION_DSN": f"sqlite:///{data / 'pension.db'}"}
    there = {"LUMERIA_PENSION_DSN": mariadb_server.dsn("pension_read", "lumeria_pension")}
    answers = [await ask(path, "pensions", national_id, variables) for variables in (here, there)]
    assert isinstance(answers[0], Match)
    assert answers[1] == answers[0]
    assert isinstance(await ask(path, "pensions", story["absent"]["national_id"], there), NotFound)


async def test_cash_transfer__postgresql__benefits_and_household_as_from_sqlite(
    data: Path, story: dict[str, Any], tmp_path: Path, postgres_dsn: str
):
    """The same views on a real PostgreSQL."""
    export("cash-transfer", "postgresql", data, tmp_path / "mis.sql")
    server = postgres_dsn.replace("postgresql+asyncpg:", "postgresql:")
    admin = await asyncpg.connect(server)
    try:
        await admin.execute("CREATE DATABASE lumeria_mis")
    finally:
        await admin.close()
    database = re.sub(r"/[^/?]+(?=\?)", "/lumeria_mis", server, count=1)
    owner = await asyncpg.connect(server, database="lumeria_mis")
    try:
        await owner.execute((tmp_path / "mis.sql").read_text())
    finally:
        await owner.close()
    path, national_id = ROOT / "adapters/programme_mis/lumeria.yaml", story["applicant"]["national_id"]
    here = {"LUMERIA_CASH_TRANSFER_DSN": f"sqlite:///{data / 'cash-transfer.db'}"}
    there = {"LUMERIA_CASH_TRANSFER_DSN": database}
    for service in ("benefits", "household"):
        answers = [await ask(path, service, national_id, variables) for variables in (here, there)]
        assert isinstance(answers[0], Match)
        assert answers[1] == answers[0]


async def test_insurance__hapi__coverage_of_head_and_dependant(
    data: Path, story: dict[str, Any], tmp_path: Path
):
    """A FHIR server of another make gives what the sandbox's own gives; only the login differs."""
    with closing(sqlite3.connect(data / "insurance.db")) as database:
        database.row_factory = sqlite3.Row
        resources = fhir_resources(database)
    text = (ROOT / "adapters/social_insurance/lumeria.yaml").read_text()
    text = re.sub(r"  auth:\n(    .*\n)+", "  auth: {kind: none}\n", text).replace("URL}/fhir", "URL}")
    path = tmp_path / "insurance.yaml"
    path.write_text(text)
    with fhir_server(resources) as url:
        head, dependant, absent = [
            await ask(path, "coverage", national_id, {"LUMERIA_INSURANCE_URL": url})
            for national_id in (
                story["insurance"]["head"],
                story["insurance"]["dependants"][0],
                story["absent"]["national_id"],
            )
        ]
    assert isinstance(head, Match)
    assert [one["status"] for one in head.record["coverages"]] == ["active"]
    assert isinstance(dependant, Match)
    assert dependant.record["coverages"] == []
    assert isinstance(absent, NotFound)


async def test_education__openssh__attendance_as_from_the_folder(
    data: Path, story: dict[str, Any], tmp_path: Path
):
    """The drop of a real SFTP server is the folder's."""
    path, national_id = ROOT / "adapters/education/lumeria.yaml", story["truant"]["national_id"]
    here = await ask(path, "attendance", national_id, {"LUMERIA_EDUCATION_FOLDER": str(data / "education")})
    with sshd(tmp_path) as server:
        for file in (data / "education").iterdir():
            shutil.copy(file, server.folder)
        drop = (
            f'{{sftp: {{host: 127.0.0.1, port: {server.port}, user: {server.user}, key: "${{secret:KEY}}", '
            f"host_key: {json.dumps(server.host_key)}, folder: {json.dumps(str(server.folder))}}}}}"
        )
        copied = tmp_path / "education.yaml"
        copied.write_text(path.read_text().replace('{folder: "${env:LUMERIA_EDUCATION_FOLDER}"}', drop))
        there = await ask(copied, "attendance", national_id, {}, {"KEY": server.client_key})
    assert isinstance(here, Match)
    assert there == here


def test_export__unsuited_form__exits_2(data: Path, tmp_path: Path) -> None:
    """A cadastre is no FHIR server."""
    command = [sys.executable, "-m", "examples.lumeria", "export", "cadastre", "--format", "fhir"]
    done = subprocess.run(
        [*command, "--data", str(data), "--out", str(tmp_path / "x")],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
