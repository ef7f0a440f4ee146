"""`isthmus policy explain|matrix|flows|replay|simulate` beside a running gateway."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.gateway.cli.conftest import SUBSYSTEM, Isthmus, Ministry

HOUSEHOLD = f"{SUBSYSTEM}/household"
NOBODY = "01a204ad-b886-75ef-a63a-67d25ea63b4b"


def receipt(isthmus: Isthmus, running: Ministry) -> str:
    """The exchange of a fresh question to the household service."""
    subject = f"national_id={running.national_id}"
    asked = isthmus(
        "view", "ask", running.door, "social-record", subject, "--field", "household_size", "--json"
    )
    return str(asked.json["attributes"]["household_size"]["receipt"])


def explain(isthmus: Isthmus, ministry: Ministry, *options: str):
    return isthmus(
        "policy", "explain", ministry.settings, "--client", SUBSYSTEM, "--service", HOUSEHOLD, *options
    )


def test_explain__allowed(isthmus: Isthmus, running: Ministry) -> None:
    """The agreement's defaults count, and the fields that would leave are named."""
    said = explain(isthmus, running, "--fields", "size, members")
    assert said.code == 0, said.err
    assert "allowed" in said.out
    assert "size" in said.out
    document = explain(isthmus, running, "--fields", "size,phone", "--json").json
    assert document["decision"]["fields"] == ["size"]
    assert document["facts"]["purpose"] == "social-assistance.eligibility"


def test_explain__refused__shows_rule_line_and_facts(isthmus: Isthmus, running: Ministry) -> None:
    """Who is refused sees which rule, where it stopped, and what stands on both sides."""
    said = explain(isthmus, running, "--fields", "size", "--purpose", "marketing")
    assert said.code == 0, said.err
    assert "refused" in said.out
    assert "purpose.rego" in said.out
    assert "input.purpose = marketing" in said.out
    assert "social-assistance.eligibility" in said.out
    assert "holds" in explain(isthmus, running, "--fields", "size", "--all").out


def test_explain__what_is_given_by_hand__reaches_the_facts(
    isthmus: Isthmus, running: Ministry, tmp_path: Path
) -> None:
    """Consent, officer, area and moment stand in the facts as they were given."""
    consent = tmp_path / "consent.json"
    consent.write_text('{"verified": false}')
    said = explain(
        isthmus, running, "--fields", "size", "--basis", "consent", "--consent-facts", str(consent),
        "--role", "caseworker", "--officer-area", "LM-01", "--area", "LM-02", "--at", "2027-01-01",
        "--predicate", '{"field": "size", "op": "ge", "value": 3}', "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    facts = said.json["facts"]
    assert facts["consent"] == {"verified": False}
    assert (facts["user"]["role"], facts["user"]["area"]) == ("caseworker", "LM-01")
    assert facts["subject"]["area"] == "LM-02"
    assert facts["time"] == 1798761600
    assert not said.json["decision"]["allow"]


@pytest.mark.parametrize(
    "options", [("--service", "LM/GOV/TAX/income/income-band"), ("--client", "nobody"), ("--predicate", "{")]
)
def test_explain__what_the_caller_has_to_change__is_a_client_fault(
    isthmus: Isthmus, running: Ministry, options: tuple[str, ...]
) -> None:
    """A service of somebody else, a malformed identifier, a predicate that is no JSON."""
    assert explain(isthmus, running, *options).code == 2


def test_matrix__table_and_page(isthmus: Isthmus, running: Ministry, tmp_path: Path) -> None:
    """The fields that leave; the page needs nothing else."""
    page = tmp_path / "matrix.html"
    said = isthmus("policy", "matrix", running.settings, "--html", str(page), "--json")
    assert said.code == 0, said.err
    row = next(row for row in said.json["rows"] if row["service"] == HOUSEHOLD and row["client"] == SUBSYSTEM)
    assert set(row["leaves"]) == {"household_id", "definition", "size", "members"}
    assert HOUSEHOLD in page.read_text()
    assert HOUSEHOLD in isthmus("policy", "matrix", running.settings).out


def test_flows__picture_and_register(isthmus: Isthmus, running: Ministry, tmp_path: Path) -> None:
    """Counted from the log, drawn, and registered as CSV and as a page."""
    receipt(isthmus, running)
    svg, sheet, page = (tmp_path / name for name in ("flows.svg", "register.csv", "register.html"))
    said = isthmus("policy", "flows", running.settings, "--svg", str(svg), "--register", str(sheet), "--json")
    assert said.code == 0, said.err
    flow = next(
        one for one in said.json["flows"] if one["service"] == HOUSEHOLD and one["side"] == "answering"
    )
    assert flow["answered"] >= 1
    assert "size" in flow["fields"]
    assert ET.parse(svg).getroot().tag.endswith("svg")
    rows = list(csv.reader(sheet.read_text().splitlines()))
    assert rows[0][0] == "controller"
    assert any(HOUSEHOLD in row for row in rows)
    assert isthmus("policy", "flows", running.settings, "--register", str(page)).code == 0
    assert "<table>" in page.read_text()
    assert isthmus("policy", "flows", running.settings, "--register", "register.pdf").code == 2


def test_replay__same_and_unknown(isthmus: Isthmus, running: Ministry) -> None:
    """A receipt is replayed; one that is not in the log says what to do."""
    said = isthmus("policy", "replay", running.settings, receipt(isthmus, running))
    assert said.code == 0, said.out + said.err
    assert said.out.startswith("same: policy ")
    assert isthmus("policy", "replay", running.settings, NOBODY).code != 0


def test_simulate__a_masked_field__is_told(isthmus: Isthmus, running: Ministry, tmp_path: Path) -> None:
    """Changed rules of the provider: which exchanges would have differed, and how."""
    exchange = receipt(isthmus, running)
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"member: LM/GOV/MSW\nservices:\n  {HOUSEHOLD}: {{denied_fields: [size]}}\n")
    said = isthmus("policy", "simulate", running.settings, "--provider", str(rules), "--last", "1", "--json")
    assert said.code == 0, said.err
    assert [one["exchange"] for one in said.json["differ"]] == [exchange]
    assert running.national_id not in json.dumps(said.json)
    same = isthmus("policy", "simulate", running.settings, "--last", "1")
    assert "same" in same.out
    assert "newly" not in same.out
