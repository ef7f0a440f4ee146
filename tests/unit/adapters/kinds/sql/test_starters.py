"""The starter files of kind `sql` beyond the card's five folders, and the views their guides propose."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

import adapters
from adapters.contract import Query
from adapters.fixtures import run_fixtures
from adapters.opening import open_source
from adapters.source_file import load_source
from adapters.trying import check_source
from schemas.outcome import Match, NotFound
from schemas.record import Subject
from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures
from tests.unit.adapters.small_source import write

ROOT = Path(adapters.__file__).parent
STARTERS = (
    "land/sola_postgresql.yaml",
    "vehicles/generic_postgresql.yaml",
    "social_services/generic_postgresql.yaml",
    "social_insurance/generic_postgresql.yaml",
    "social_insurance/openimis_database.yaml",
    "education/emis_database.yaml",
    "grievance/openspp_grm.yaml",
)
SOLA = """
CREATE SCHEMA party; CREATE SCHEMA administrative;
CREATE TABLE party.party (id VARCHAR(40), type_code VARCHAR(20), name VARCHAR(255), last_name VARCHAR(50), id_number VARCHAR(20));
CREATE TABLE administrative.ba_unit (id VARCHAR(40), name_firstpart VARCHAR(20), name_lastpart VARCHAR(50), status_code VARCHAR(20));
CREATE TABLE administrative.ba_unit_area (ba_unit_id VARCHAR(40), type_code VARCHAR(20), size NUMERIC(29,2));
CREATE TABLE administrative.rrr (id VARCHAR(40), ba_unit_id VARCHAR(40), type_code VARCHAR(20), status_code VARCHAR(20),
  registration_date TIMESTAMP);
CREATE TABLE administrative.rrr_share (rrr_id VARCHAR(40), id VARCHAR(40), nominator SMALLINT, denominator SMALLINT);
CREATE TABLE administrative.party_for_rrr (rrr_id VARCHAR(40), party_id VARCHAR(40), share_id VARCHAR(40));
INSERT INTO party.party VALUES ('p', 'naturalPerson', 'Ilva', 'Toss', 'A0000017');
INSERT INTO administrative.ba_unit VALUES ('b', '12', '450', 'current');
INSERT INTO administrative.ba_unit_area VALUES ('b', 'officialArea', 1210.50);
INSERT INTO administrative.rrr VALUES ('r', 'b', 'ownership', 'current', '2014-03-02'), ('o', 'b', 'ownership', 'historic', NULL);
INSERT INTO administrative.rrr_share VALUES ('r', 's', 1, 2);
INSERT INTO administrative.party_for_rrr VALUES ('r', 'p', 's'), ('o', 'p', NULL);
"""
OPENIMIS = """
CREATE TABLE "tblInsuree" ("InsureeID" INT, passport VARCHAR(25), "IsHead" BOOLEAN, "ValidityTo" TIMESTAMP);
CREATE TABLE "tblInsureePolicy" ("InsureePolicyID" INT, "InsureeID" INT, "PolicyId" INT, "EffectiveDate" DATE,
  "ExpiryDate" DATE, "ValidityTo" TIMESTAMP);
CREATE TABLE "tblPolicy" ("PolicyID" INT, "ProdID" INT, "PolicyStatus" SMALLINT, "ValidityTo" TIMESTAMP);
CREATE TABLE "tblProduct" ("ProdID" INT, "ProductCode" VARCHAR(8), "ProductName" VARCHAR(100));
INSERT INTO "tblInsuree" VALUES (1, 'A0000017', false, NULL), (2, 'A0000017', true, '2025-01-01');
INSERT INTO "tblInsureePolicy" VALUES (1, 1, 1, '2026-01-01', '2026-12-31', NULL);
INSERT INTO "tblPolicy" VALUES (1, 1, 2, NULL); INSERT INTO "tblProduct" VALUES (1, 'BCUL', 'Basic cover');
"""
OPENSPP = """
CREATE TABLE spp_grm_ticket (id INT, number VARCHAR, partner_id INT, decision VARCHAR, is_closed BOOLEAN, is_escalated BOOLEAN,
  sensitivity VARCHAR, intake_date TIMESTAMP, sla_deadline TIMESTAMP, closed_date TIMESTAMP, active BOOLEAN);
CREATE TABLE spp_registry_id (partner_id INT, id_type_id INT, value VARCHAR);
INSERT INTO spp_registry_id VALUES (1, 1, 'A0000017'), (1, 2, 'A0000018');
INSERT INTO spp_grm_ticket VALUES (1, 'GRM-00918', 1, 'partially_upheld', true, false, 'standard', '2026-01-02', '2026-01-16',
  '2026-01-10', true);
"""
PRODUCTS = [
    ("land/sola_postgresql.yaml", "land/sola_view.sql", SOLA, "parcels"),
    ("social_insurance/openimis_database.yaml", "social_insurance/openimis_view.sql", OPENIMIS, "coverages"),
    ("grievance/openspp_grm.yaml", "grievance/openspp_view.sql", OPENSPP, "grievances"),
]


@pytest.mark.parametrize("file", STARTERS)
async def test_starter__as_it_stands__no_finding_and_every_fixture(file: str):
    """A starter is right, and its recorded rows give what the file promises."""
    assert check_source(ROOT / file) == []
    assert [result for result in await run_fixtures(ROOT / file) if not result.passed] == []


@pytest.mark.system
@pytest.mark.parametrize(("file", "view", "tables", "member"), PRODUCTS)
async def test_proposed_view__over_the_products_tables__serves_the_starter(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
    file: str,
    view: str,
    tables: str,
    member: str,
):
    """The owner's SQL runs as it stands; the account it makes can read the view, and one person is found."""
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute("DROP DATABASE IF EXISTS product")
    await owner.execute("DROP ROLE IF EXISTS isthmus_read")
    await owner.execute("CREATE DATABASE product")
    await owner.close()
    dsn = postgres_dsn.replace("/postgres?", "/product?")
    maker = await asyncpg.connect(dsn)
    await maker.execute(tables + (ROOT / view).read_text(encoding="utf-8"))
    await maker.close()
    text = (ROOT / file).read_text(encoding="utf-8")
    (old,) = [line.strip() for line in text.splitlines() if line.strip().startswith("dsn: ")]
    path = write(tmp_path, text, (old, 'dsn: "${env:DSN}"'))
    source = load_source(path, environment={"DSN": dsn.replace("isthmus@", "isthmus_read@")})
    (service,) = source.services
    adapter = open_source(source)
    await adapter.open()
    found, absent = [
        await adapter.fetch(Query(service, Subject("national_id", value), ("national_id", member)))
        for value in ("A0000017", "A0000018")
    ]
    await adapter.close()

    assert isinstance(found, Match), found
    assert len(found.record[member]) == 1
    assert abs(found.as_of - datetime.now(UTC).timestamp()) < 60
    assert isinstance(absent, NotFound)


def test_guide__source_file_on_the_page__has_no_finding(tmp_path: Path):
    """Whoever copies the example has a good one."""
    page = (ROOT.parent / "docs" / "adapters" / "sql.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(id: .*?)```", page, re.DOTALL)

    assert check_source(write(tmp_path, shown)) == []
