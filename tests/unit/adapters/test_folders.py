"""The folders of systems: every file loads, every fixture gives its outcome, every folder describes itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
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
FOLDERS = tuple(sorted(path.parent.name for path in ROOT.glob("*/service.yaml")))
AGREEMENTS = ROOT.parent / "examples" / "lumeria" / "agreements"
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
def test_source__every_starter__says_what_it_was_tested_against(path: Path):
    """Whoever opens the file knows how far to trust it, without the table of the documentation."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = itertools.takewhile(lambda line: line.startswith("#"), lines)
    head = " ".join(line.removeprefix("# ") for line in comment)

    assert re.search("(?i)tested|fixtures only|are also read by", head)


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


def described(folder: str) -> list[dict[str, Any]]:
    """The canonical services of a folder."""
    services: list[dict[str, Any]] = load(ROOT / folder / "service.yaml").value["services"]
    return services


def records(folder: str, files: str = "*.yaml") -> Iterator[tuple[str, RecordService]]:
    """The services of records that a folder's sources give, with their names."""
    for path in SOURCES:
        if path.parent.name == folder and path.match(files):
            for service_name, service in load_offline(path).services.items():
                if isinstance(service, RecordService):
                    yield service_name, service


def test_folders__found__every_system_of_the_card_and_more():
    """A folder without its services would be tested by nobody."""
    assert set(FOLDERS) == {guide.parent.name for guide in ROOT.glob("*/GUIDE.md")}
    assert {"national_id", "civil_registry", "tax", "disability", "programme_mis"} < set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder__its_services__are_described_as_some_source_gives_them(folder: str):
    """Each service is of a known schema, some source gives it for the same subjects, and no field is left out."""
    told: dict[str, set[str]] = {}
    for service in described(folder):
        schema = service["canonical"]
        given = [one for _, one in records(folder) if one.canonical == schema]
        assert set(service["fields"]) <= canonicals()[schema].fields.keys()
        assert tuple(service["subject_types"]) in {tuple(one.subjects) for one in given}, service["name"]
        assert service["serves"].endswith(".")
        told.setdefault(schema, set()).update(service["fields"])
    for service_name, one in records(folder):
        assert set(one.fields) <= told.get(one.canonical, set(one.fields)), service_name
    assert "isthmus source" in (ROOT / folder / "GUIDE.md").read_text()


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder__what_its_sources_give__is_described(folder: str):
    """No source gives a schema that its folder does not name.

    Persons and areas are the matter of `national_id` and `gis`. Elsewhere they are by the way, and would
    compete with a role's own schema when a source is drafted.
    """
    given = {one.canonical for _, one in records(folder)}
    assert given - {service["canonical"] for service in described(folder)} <= {"person/1", "area/1"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder__its_complete_source__serves_what_is_described(folder: str):
    """`lumeria.yaml`, where a folder has one, is an example of its services under their own names."""
    services = {service["name"]: service for service in described(folder)}
    for service_name, lumeria in records(folder, "lumeria.yaml"):
        service = services[service_name]
        assert lumeria.canonical == service["canonical"]
        assert tuple(lumeria.subjects) == tuple(service["subject_types"])
        assert set(lumeria.fields) <= set(service["fields"])


def test_folders__all_have_a_complete_source__but_social_services():
    """Nobody forgets a complete source. Lumeria has no member that runs social services."""
    assert [folder for folder in FOLDERS if not (ROOT / folder / "lumeria.yaml").exists()] == [
        "social_services"
    ]


def test_lumeria__services__are_all_that_agreements_name():
    """An agreement of the sandbox country about a service that no source gives would be found at the first call."""
    given = {
        str(description.id)
        for path in SOURCES
        if path.match("lumeria*.yaml")
        for description in load_offline(path).descriptions()
    }
    agreed = {
        service["service"] for path in AGREEMENTS.glob("*.yaml") for service in load(path).value["services"]
    }

    assert "LM/GOV/NIA/identity/card" in agreed
    assert agreed <= given


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
