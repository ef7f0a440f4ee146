"""A ministry for the command line: a registrar and one gateway that asks its own system, with real files.

`ministry` is built once and only read; `running` also serves it, for the commands that talk to a port.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.app.sandbox import Plan, PlannedGateway, Ports, Sandbox, build
from gateway.cli.commands import app
from gateway.cli.demo.country import LUMERIA, PURPOSES, ROOT, Program, free_ports
from gateway.cli.demo.processes import Processes
from gateway.settings import load
from gateway.storage.migrate import migrate_now
from schemas.identifiers import GatewayId, MemberId, SubsystemId

GATEWAY = "LM/GOV/MSW/gw1"
MEMBER = "LM/GOV/MSW"
SUBSYSTEM = "LM/GOV/MSW/cash-transfer"
SOURCE = ROOT / "adapters" / "programme_mis" / "lumeria.yaml"


@dataclass(frozen=True)
class Ministry:
    """The built files, and what is needed to ask."""

    sandbox: Sandbox
    settings: Path
    registrar_url: str
    ports: Ports
    national_id: str

    @property
    def root(self) -> Path:
        """The root that the gateway starts from."""
        return self.settings.parent / "root.json"

    @property
    def door(self) -> str:
        """The development door."""
        return f"http://127.0.0.1:{self.ports.development[SUBSYSTEM]}"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


Isthmus = Callable[..., Said]


@pytest.fixture
def isthmus() -> Isthmus:
    """Run a command as `isthmus ARGUMENTS…`; a traceback anywhere fails the test."""

    def run(*arguments: object) -> Said:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def ministry(tmp_path_factory: pytest.TempPathFactory) -> Ministry:
    """One gateway with a migrated database, admitted into an instance."""
    return _built(tmp_path_factory.mktemp("ministry"))


@pytest.fixture(scope="module")
def own_ministry(tmp_path_factory: pytest.TempPathFactory) -> Ministry:
    """Another one, for a module whose tests change its database."""
    return _built(tmp_path_factory.mktemp("own"))


def _built(home: Path) -> Ministry:
    data = home / "data"
    _generate(data)
    registrar, client, peer, admin, door = free_ports(5)
    ports = Ports(client, peer, admin, {SUBSYSTEM: door})
    agreements = home / "agreements"
    agreements.mkdir()
    shutil.copy(LUMERIA / "agreements" / "msw-msw.yaml", agreements)
    planned = PlannedGateway(
        id=GatewayId.parse(GATEWAY),
        hosts={MemberId.parse(MEMBER): [SubsystemId.parse(SUBSYSTEM)]},
        ports=ports,
        sources=[SOURCE],
        variables={"LUMERIA_CASH_TRANSFER_DSN": f"sqlite:///{data / 'cash-transfer.db'}"},
        clients=[SubsystemId.parse(SUBSYSTEM)],
    )
    url = f"http://127.0.0.1:{registrar}"
    names = {MemberId.parse(MEMBER): "Ministry of Social Welfare"}
    sandbox = build(home / "country", Plan("LM", names, PURPOSES, url, [planned], agreements))
    settings = sandbox.settings[GATEWAY]
    migrate_now(load(settings).database.get_secret_value())
    story = json.loads((data / "story.json").read_text())
    return Ministry(sandbox, settings, url, ports, story["applicant"]["national_id"])


@pytest.fixture(scope="session")
def running(ministry: Ministry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministry]:
    """The ministry's gateway and its registrar, serving."""
    folder, port = str(ministry.sandbox.registrar), ministry.registrar_url.rpartition(":")[2]
    serve = ["gateway.cli", "federation", "serve", folder, "--port", port]
    registrar = Program("registrar", serve, {}, f"{ministry.registrar_url}/health")
    run = ["gateway.cli", "gateway", "run", str(ministry.settings)]
    health = f"http://127.0.0.1:{ministry.ports.admin}/health/ready"
    gateway = Program("gateway", run, {}, health)
    with Processes(tmp_path_factory.mktemp("logs")) as processes:
        for program in (registrar, gateway):
            processes.start(program)
            processes.wait_healthy([program])
        yield ministry


@pytest.fixture(scope="session")
def asked(running: Ministry) -> Sequence[str]:
    """Exchange ids of one view that was asked."""
    arguments = ["view", "ask", running.door, "social-record", f"national_id={running.national_id}"]
    result = CliRunner().invoke(app, [*arguments, "--field", "household_size,benefits_received", "--json"])
    assert result.exit_code == 0, result.output
    attributes = json.loads(result.stdout)["attributes"]
    return sorted({one["receipt"] for one in attributes.values()})


@pytest.fixture
def copied(ministry: Ministry, tmp_path: Path) -> Path:
    """Settings of a copy of the gateway's folder, to be changed freely."""
    home = tmp_path / "gateway"
    shutil.copytree(ministry.settings.parent, home, ignore=shutil.ignore_patterns("federation", "*.lock"))
    return home / ministry.settings.name


def _generate(data: Path) -> None:
    command = [sys.executable, "-m", "examples.lumeria", "generate", "--people", "500", "--seed", "7"]
    subprocess.run([*command, "--out", str(data)], check=True, cwd=ROOT, capture_output=True)
