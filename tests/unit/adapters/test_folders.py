"""The five folders of the card: every file loads, every fixture gives its outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import adapters
from adapters.canonical import breach, canonicals
from adapters.fixtures import load_offline, run_fixtures
from adapters.source import RecordService
from adapters.trying import check_source
from adapters.yaml_lines import load

ROOT = Path(adapters.__file__).parent
FOLDERS = ("national_id", "civil_registry", "tax", "disability", "programme_mis")
SOURCES = sorted(
    path for folder in FOLDERS for path in (ROOT / folder).glob("*.yaml") if path.name != "service.yaml"
)


def name(path: Path) -> str:
    """Folder and file."""
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_source__every_starter__has_no_finding(path: Path):
    """A starter is right as it stands, tests included."""
    assert check_source(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
async def test_source__every_fixture__gives_its_outcome(path: Path):
    """Raw answer in, expected outcome out, through the whole adapter."""
    results = await run_fixtures(path)

    assert [result for result in results if not result.passed] == []
    assert len(results) >= 3


async def test_run_fixtures__mapping_broken__says_what_differs(tmp_path: Path):
    """The fixtures can fail."""
    folder = ROOT / "tax"
    (tmp_path / "fixtures").mkdir()
    text = (folder / "lumeria.yaml").read_text()
    (tmp_path / "lumeria.yaml").write_text(text.replace('below: "24000"', 'below: "20000"'))
    for beside in ("fixtures/lumeria.yaml", "lumeria.wsdl"):
        (tmp_path / beside).write_text((folder / beside).read_text())

    failed = [result for result in await run_fixtures(tmp_path / "lumeria.yaml") if not result.passed]

    assert [result.case for result in failed] == ["match"]
    assert "'middle'" in failed[0].differs


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder__describes_itself__service_guide_lumeria(folder: str):
    """Each folder has a canonical service, a complete source and a guide."""
    for service in load(ROOT / folder / "service.yaml").value["services"]:
        canonical = canonicals()[service["canonical"]]
        assert set(service["fields"]) <= canonical.fields.keys()
        assert service["serves"].endswith(".")
        lumeria = load_offline(ROOT / folder / "lumeria.yaml").services[service["name"]]
        assert isinstance(lumeria, RecordService)
        assert lumeria.canonical == service["canonical"]
        assert set(lumeria.fields) <= set(service["fields"])
        assert tuple(service["subject_types"]) == tuple(lumeria.subjects)
    assert "isthmus source" in (ROOT / folder / "GUIDE.md").read_text()


def test_lumeria__services__have_the_agreed_identifiers():
    """What agreements and views of the sandbox country name."""
    services = {
        str(description.id)
        for folder in FOLDERS
        for description in load_offline(ROOT / folder / "lumeria.yaml").descriptions()
    }

    assert services == {
        "LM/GOV/NIA/identity/person",
        "LM/GOV/NIA/identity/card",
        "LM/GOV/CRO/crvs/civil-status",
        "LM/GOV/TAX/income/income-band",
        "LM/GOV/NDC/disability/status",
        "LM/GOV/MSW/cash-transfer/benefits",
        "LM/GOV/MSW/cash-transfer/household",
    }


@pytest.mark.parametrize("canonical", canonicals().values(), ids=list(canonicals()))
def test_canonical__examples__conform_and_every_field_is_described(canonical: Any):
    """A schema explains itself."""
    for example in canonical.document["examples"]:
        assert breach(canonical.name, tuple(canonical.fields), example) is None
    assert canonical.document["description"]
    assert all(schema["description"] for schema in canonical.fields.values())


def test_breach__record_breaks_the_schema__path_without_value():
    """What breaks is named, what it holds is not."""
    assert breach("person/1", ("birth_date",), {"birth_date": "CANARY"}) == (
        "birth_date breaks `format` of person/1"
    )
    assert breach("person/1", ("sex",), {"sex": "female", "extra": 1}) is not None
    assert breach("person/1", ("sex",), {}) is not None
