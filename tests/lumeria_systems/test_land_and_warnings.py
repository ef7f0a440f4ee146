"""Lumeria's cadastre and early warning, asked through their source files on their running servers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from adapters.contract import Query
from adapters.opening import open_source
from adapters.secrets import EnvironmentSecrets
from adapters.source_file import load_source
from examples.lumeria.generate import generate
from schemas.outcome import Match, NotFound, Outcome
from schemas.record import Subject
from tests.unit.examples.sandbox import PEOPLE, SECRETS, SEED, Sandbox, running

ROOT = Path(__file__).resolve().parents[2] / "adapters"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The generated country."""
    folder = tmp_path_factory.mktemp("lumeria")
    return Sandbox(folder, generate(PEOPLE, SEED, folder))


@pytest.fixture(scope="module")
def variables(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Where the two servers are."""
    with ExitStack() as stack:
        yield {
            "LUMERIA_CADASTRE_URL": str(stack.enter_context(running("cadastre", sandbox.folder)).base_url),
            "LUMERIA_EARLY_WARNING_URL": str(
                stack.enter_context(running("early-warning", sandbox.folder)).base_url
            ),
        }


async def ask(file: str, service: str, subject: Subject, variables: dict[str, str]) -> Outcome:
    """One question about all fields."""
    secrets = EnvironmentSecrets({f"ISTHMUS_SECRET_{name}": value for name, value in SECRETS.items()})
    source = load_source(ROOT / file, secrets, variables)
    adapter = open_source(source)
    await adapter.open()
    try:
        assert await adapter.health() is None
        return await adapter.fetch(Query(service, subject, source.record_service(service).fields))
    finally:
        await adapter.close()


async def test_cadastre__every_holder__has_the_rights_of_the_register(
    sandbox: Sandbox, variables: dict[str, str]
) -> None:
    """What comes out is what the office's table says, for those with the most rights and for nobody."""
    with closing(sqlite3.connect(sandbox.folder / "cadastre.db")) as database:
        rows = database.execute(
            "SELECT party_nid, COUNT(*) FROM rights WHERE party_nid IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
        ).fetchall()
    for number, count in rows:
        outcome = await ask("land/lumeria.yaml", "holdings", Subject("national_id", number), variables)
        assert isinstance(outcome, Match), outcome
        assert len(outcome.record["parcels"]) == count
    absent = Subject("national_id", sandbox.story["absent"]["national_id"])
    assert isinstance(await ask("land/lumeria.yaml", "holdings", absent, variables), NotFound)


async def test_districts__point_and_code__agree(variables: dict[str, str]) -> None:
    """A point in the middle of a district finds it; one in the sea finds none."""
    by_code = await ask("gis/lumeria.yaml", "by-code", Subject("area", "LM-05"), variables)
    by_point = await ask("gis/lumeria.yaml", "by-point", Subject("point", "-30.5;89.5"), variables)
    assert isinstance(by_code, Match)
    assert isinstance(by_point, Match)
    assert by_code.record == by_point.record
    sea = await ask("gis/lumeria.yaml", "by-point", Subject("point", "10;10"), variables)
    assert isinstance(sea, NotFound)


async def test_early_warning__every_district__only_actual_warnings_in_force(
    sandbox: Sandbox, variables: dict[str, str]
) -> None:
    """The flood counts in its districts and supersedes what it updates; exercise, test, expired and called
    off warnings count nowhere."""
    issued = json.loads((sandbox.folder / "early-warning.json").read_bytes())
    (flood,) = (one for one in issued if one["type"] == "Update")
    flooded = {area["district"] for area in flood["areas"]}
    for number in range(1, 10):
        code = f"LM-{number:02}"
        outcome = await ask("early_warning/lumeria.yaml", "alerts", Subject("area", code), variables)
        assert isinstance(outcome, Match), outcome
        found = [one["alert_id"] for one in outcome.record["alerts"]]
        assert found == ([flood["identifier"]] if code in flooded else []), code
        assert outcome.record["has_alert"] is (code in flooded)
    outside = await ask("early_warning/lumeria.yaml", "alerts", Subject("area", "LM-77"), variables)
    assert isinstance(outside, NotFound)
