"""Every service of Lumeria, asked for the story's people through its source file and its running server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from examples.lumeria.generate import generate
from schemas.outcome import Match, NotFound
from tests.lumeria_systems.asking import ask
from tests.unit.examples.sandbox import PEOPLE, SECRETS, SEED, Sandbox, running

ROOT = Path(__file__).resolve().parents[2] / "adapters"
SERVERS = {  # system to the variable that says where it is
    "national-id": "LUMERIA_NATIONAL_ID_URL",
    "civil-registry": "LUMERIA_CIVIL_REGISTRY_URL",
    "tax": "LUMERIA_TAX_URL",
    "insurance": "LUMERIA_INSURANCE_URL",
    "health": "LUMERIA_HEALTH_URL",
    "grievance": "LUMERIA_GRIEVANCE_URL",
}
DATABASES = ("disability", "cash-transfer", "pension", "response", "vehicles")
SERVICES = [  # source, service, whom of the story to ask for, and a field that the answer has
    ("national_id/lumeria", "person", "applicant", "family_name"),
    ("civil_registry/lumeria", "civil-status", "applicant", "marital_status"),
    ("civil_registry/lumeria_events", "birth", "applicant", "events"),
    ("tax/lumeria", "income-band", "applicant", "income_band"),
    ("disability/lumeria", "status", "applicant", "severity"),
    ("programme_mis/lumeria", "benefits", "applicant", "enrolments"),
    ("programme_mis/lumeria", "household", "applicant", "members"),
    ("programme_mis/lumeria_pension", "pensions", "pensioner", "enrolments"),
    ("programme_mis/lumeria_response", "assistance", "applicant", "enrolments"),
    ("social_insurance/lumeria", "coverage", "applicant", "coverages"),
    ("education/lumeria", "attendance", "truant", "periods"),
    ("education/lumeria", "enrolment", "truant", "enrolments"),
    ("health/lumeria", "programmes", "applicant", "programmes"),
    ("health/lumeria", "person", "applicant", "family_name"),
    ("grievance/lumeria", "tickets", "applicant", "grievances"),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The generated country."""
    folder = tmp_path_factory.mktemp("lumeria")
    return Sandbox(folder, generate(PEOPLE, SEED, folder))


@pytest.fixture(scope="module")
def variables(sandbox: Sandbox) -> Iterator[Mapping[str, str]]:
    """Where everything is, once it runs."""
    found = {"LUMERIA_EDUCATION_FOLDER": str(sandbox.folder / "education")}
    for system in DATABASES:
        name = f"LUMERIA_{system.replace('-', '_').upper()}_DSN"
        found[name] = f"sqlite:///{sandbox.folder / system}.db"
    with ExitStack() as stack:
        for system, variable in SERVERS.items():
            found[variable] = str(stack.enter_context(running(system, sandbox.folder)).base_url)
        yield found


@pytest.mark.parametrize(("source", "service", "role", "field"), SERVICES)
async def test_service__story__known_people_match_and_the_absent_is_not_found(
    sandbox: Sandbox, variables: Mapping[str, str], source: str, service: str, role: str, field: str
) -> None:
    """Source file, adapter and server agree on protocol, codes and dates."""
    story: dict[str, Any] = sandbox.story
    path = ROOT / f"{source}.yaml"
    found = await ask(path, service, story[role]["national_id"], variables, SECRETS)
    assert isinstance(found, Match), found
    assert found.record[field]
    absent = await ask(path, service, story["absent"]["national_id"], variables, SECRETS)
    assert isinstance(absent, NotFound), absent


async def test_vehicles__applicant__owns_none(sandbox: Sandbox, variables: Mapping[str, str]) -> None:
    """The one empty answer of the story is not found, and somebody who owns a vehicle is found."""
    path = ROOT / "vehicles/lumeria.yaml"
    applicant = await ask(path, "owned", sandbox.story["applicant"]["national_id"], variables)
    owner = sandbox.rows("vehicles", "SELECT owner_nid FROM vehicles WHERE owner_nid IS NOT NULL")[0][
        "owner_nid"
    ]
    assert isinstance(applicant, NotFound)
    assert isinstance(await ask(path, "owned", owner, variables), Match)
