"""Agreements as files: read whole or not at all, found by client and service."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.agreement_file import read_agreement
from policies.agreements import Agreements
from policies.engine import PolicyEngine
from policies.regorus_engine import RegorusEngine
from schemas.decision import Predicate
from schemas.errors import ConfigurationError
from schemas.identifiers import ServiceId, SubsystemId
from tests.unit.policies.questions import question

CLIENT = SubsystemId.parse("LM/GOV/MSW/cash-transfer")
BAND = ServiceId.parse("LM/GOV/TAX/income/band")
CARDS = ServiceId.parse("LM/GOV/TAX/income/cards/v1")

TEXT = """\
id: msw-tax
version: 1
client: LM/GOV/MSW/cash-transfer
provider: LM/GOV/TAX/income
status: active
valid_from: 2026-01-01
valid_until: 2027-01-01T00:00:00Z
services:
  - service: LM/GOV/TAX/income/band
    purposes: [eligibility, review]
    legal_bases: [public_task]
    default_purpose: eligibility
    default_legal_basis: public_task
    fields: [income_band, employer]
    predicates:
      - {field: income, op: lt, value: 500}
  - service: LM/GOV/TAX/income/cards/v1
    purposes: [eligibility]
    legal_bases: [public_task]
    methods: [GET]
    paths: ["/persons/{national_id}/card", /codes]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "msw-tax.yaml").write_text(TEXT)
    return tmp_path


def other(folder: Path, *replacements: tuple[str, str]) -> Path:
    """A second agreement, of another client unless told otherwise."""
    text = TEXT.replace("id: msw-tax", "id: other").replace("cash-transfer", "pension")
    for old, new in replacements:
        text = text.replace(old, new)
    path = folder / "other.yaml"
    path.write_text(text)
    return path


def test_load__plain_file__is_the_agreement(folder):
    """Every member is read; days become epoch seconds, UTC."""
    agreement = Agreements.load(folder).find(CLIENT, BAND)
    assert agreement == read_agreement(folder / "msw-tax.yaml")
    assert (agreement.valid_from, agreement.valid_until) == (1767225600, 1798761600)
    assert (agreement.id, agreement.status, agreement.absence) == ("msw-tax", "active", "hidden")
    band, cards = agreement.services
    assert band.predicates == (Predicate("income", "lt", 500),)
    assert (band.fields, band.default_purpose) == (("income_band", "employer"), "eligibility")
    assert (cards.methods, cards.paths) == (("GET",), ("/persons/{national_id}/card", "/codes"))


async def test_load__its_facts__are_what_policy_reads(folder):
    """What a file says is what the policy files ask for: the two fit together."""
    engine: PolicyEngine = RegorusEngine()
    agreement = Agreements.load(folder).find(CLIENT, BAND)
    decision = await engine.decide(question(agreement=agreement.as_facts(BAND)))
    assert decision.allow


def test_find__another_client_or_service__is_none(folder):
    """Nothing is found by half a match."""
    agreements = Agreements.load(folder)
    assert agreements.find(SubsystemId.parse("LM/GOV/MSW/pension"), BAND) is None
    assert agreements.find(CLIENT, ServiceId.parse("LM/GOV/TAX/income/band/v2")) is None


def test_visible_services__active_agreement__are_its_services(folder):
    """A client knows of what it may use, and of nothing else."""
    agreements = Agreements.load(folder)
    assert agreements.visible_services(CLIENT) == (BAND, CARDS)
    assert agreements.visible_services(CLIENT, at=1767225599) == ()
    assert agreements.visible_services(SubsystemId.parse("LM/GOV/EDU/attendance")) == ()


def test_visible_services__suspended_agreement__are_none(folder):
    """A suspended agreement shows nothing, and is still found, so that policy can say why."""
    path = folder / "msw-tax.yaml"
    path.write_text(TEXT.replace("status: active", "status: suspended"))
    agreements = Agreements.load(folder)
    assert agreements.visible_services(CLIENT) == ()
    assert agreements.find(CLIENT, BAND) is not None


def test_reload__nothing_changed__keeps_the_revision(folder):
    """Only a change voids cached decisions."""
    agreements = Agreements.load(folder)
    before = agreements.revision
    assert not agreements.reload()
    assert agreements.revision == before


def test_reload__changed_file__takes_effect(folder):
    """A revoked agreement is revoked after reload, and the revision rises."""
    agreements = Agreements.load(folder)
    before = agreements.revision
    (folder / "msw-tax.yaml").write_text(TEXT.replace("status: active", "status: revoked"))
    assert agreements.reload()
    assert agreements.find(CLIENT, BAND).status == "revoked"
    assert agreements.revision == before + 1


def test_reload__removed_file__agreement_is_gone(folder):
    """Removing the file removes the agreement."""
    agreements = Agreements.load(folder)
    (folder / "msw-tax.yaml").unlink()
    assert agreements.reload()
    assert agreements.find(CLIENT, BAND) is None
    assert len(agreements) == 0


def test_reload__broken_file__keeps_the_last_good_set(folder):
    """A broken file is reported with its line, and changes nothing."""
    agreements = Agreements.load(folder)
    before = (list(agreements), agreements.revision)
    (folder / "msw-tax.yaml").write_text(TEXT.replace("version: 1", "version: one"))
    with pytest.raises(ConfigurationError, match=r"msw-tax\.yaml:2: version"):
        agreements.reload()
    assert (list(agreements), agreements.revision) == before


def test_load__same_client_and_service_twice__names_both_files(folder):
    """Which agreement counts is never a question."""
    other(folder, ("pension", "cash-transfer"))
    with pytest.raises(ConfigurationError, match=r"other\.yaml:9: .*msw-tax\.yaml is already"):
        Agreements.load(folder)


def test_load__same_id_twice__names_both_files(folder):
    """An id names one agreement."""
    other(folder, ("id: other", "id: msw-tax"))
    with pytest.raises(ConfigurationError, match=r"other\.yaml:1: .*msw-tax\.yaml has the same id"):
        Agreements.load(folder)


def test_load__no_folder__is_refused(tmp_path):
    """A missing folder is not the same as no agreements."""
    with pytest.raises(ConfigurationError, match="no such folder"):
        Agreements.load(tmp_path / "none")


WRONG = {
    "unknown member": ("version: 1", "version: 1\nprice: 5", 1, "price"),
    "missing member": ("status: active\n", "", 1, "status"),
    "bad id": ("id: msw-tax", "id: MSW TAX", 1, "Write a short name"),
    "version zero": ("version: 1", "version: 0", 2, "whole number"),
    "short client": ("LM/GOV/MSW/cash-transfer", "LM/GOV/MSW", 3, "correct it"),
    "traversal in client": ("LM/GOV/MSW/cash-transfer", "LM/GOV/../x", 3, "correct it"),
    "unknown status": ("status: active", "status: open", 5, "Write active"),
    "no such day": ("2026-01-01", "2026-02-30", 6, "no such day"),
    "local time": ("2026-01-01", "2026-01-01T00:00:00+02:00", 6, "UTC"),
    "a year only": ("2026-01-01", "2026", 6, "always UTC"),
    "ends before it begins": ("valid_from: 2026-01-01", "valid_from: 2027-01-01", 7, "later day"),
    "foreign service": ("LM/GOV/TAX/income/band", "LM/GOV/LND/cadastre/band", 9, "not a service of"),
    "service twice": ("LM/GOV/TAX/income/cards/v1", "LM/GOV/TAX/income/band", 17, "stands twice"),
    "no purposes": ("[eligibility, review]", "[]", 10, "at least one code"),
    "default not agreed": (
        "default_purpose: eligibility",
        "default_purpose: x",
        12,
        "not among the purposes",
    ),
    "default basis": (
        "default_legal_basis: public_task",
        "default_legal_basis: x",
        13,
        "not among the legal_bases",
    ),
    "bad field": ("income_band, employer", "Income-Band", 14, "lower case"),
    "field twice": ("income_band, employer", "employer, employer", 14, "each once"),
    "bad operator": ("op: lt", "op: like", 16, "must be one of"),
    "predicate without op": ("op: lt, ", "", 16, "must be"),
    "two forms at once": (
        "fields: [income_band, employer]",
        "fields: [a]\n    methods: [GET]",
        9,
        "do not fit",
    ),
    "method unknown": ("[GET]", "[TRACE]", 20, "HTTP method"),
    "path without slash": (", /codes", ", codes", 21, "Write a path"),
    "path with query": (", /codes", ", '/codes?x=1'", 21, "Write a path"),
    "half a placeholder": (", /codes", ", '/x{id}'", 21, "Write a path"),
}


@pytest.mark.parametrize(("old", "new", "line", "cure"), WRONG.values(), ids=WRONG.keys())
def test_load__wrong_file__is_named_with_line_and_cure(folder, old, new, line, cure):
    """Each mistake names file and line, and says what to write."""
    path = folder / "msw-tax.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=rf"msw-tax\.yaml:{line}: ") as caught:
        Agreements.load(folder)
    assert cure in caught.value.detail


@given(st.text(max_size=400))
def test_read_agreement__any_text__is_a_configuration_error(tmp_path_factory, text):
    """A foreign file never brings down the gateway in another way."""
    path = tmp_path_factory.mktemp("any") / "a.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(ConfigurationError):
        read_agreement(path)
