"""`isthmus source test`: fixtures and checks, for files, for all, with the right exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.unit.gateway.cli.conftest import Isthmus

ROOT = Path(__file__).parents[4]
STARTER = ROOT / "adapters" / "national_id" / "generic_rest.yaml"
PYTHON = ROOT / "examples" / "python_adapter" / "old-tax.yaml"


def _copy(folder: Path) -> Path:
    (folder / "fixtures").mkdir()
    shutil.copy(STARTER.parent / "fixtures" / STARTER.name, folder / "fixtures" / STARTER.name)
    return Path(shutil.copy(STARTER, folder / STARTER.name))


def test_source_test__right_file__gold_and_every_check(isthmus: Isthmus) -> None:
    """The answer holds fixtures, tier and all twenty checks."""
    said = isthmus("source", "test", STARTER, "--json")
    assert said.code == 0
    [file] = said.json["files"]
    assert (file["tier"], len(file["checks"])) == ("gold", 20)
    assert all(case["ok"] for case in said.json["cases"])


def test_source_test__broken_rule__exit_1_with_check_and_cure(isthmus: Isthmus, tmp_path: Path) -> None:
    """A mapping that gives anything for a strange code fails check 7, and says what to do."""
    path = _copy(tmp_path)
    fixtures = tmp_path / "fixtures" / STARTER.name
    fixtures.write_text(fixtures.read_text().replace("outcome: not_found", "outcome: misbehaving"))
    said = isthmus("source", "test", path, "--json")
    assert said.code == 1
    [failed] = [one for one in said.json["files"][0]["checks"] if one["number"] == 5]
    assert failed["result"] == "failed"
    assert failed["cure"]


def test_source_test__exemption_of_a_kept_rule__is_reported(isthmus: Isthmus, tmp_path: Path) -> None:
    """An exemption without need is shown, so that it is taken out."""
    path = _copy(tmp_path)
    claim = 'conformance: {exempt: {"17": "it has no way to be asked at once"}}\n'
    path.write_text(path.read_text() + claim)
    said = isthmus("source", "test", path)
    assert said.code == 0
    assert "take its exemption out" in said.out


def test_source_test__python_file__needs_leave(isthmus: Isthmus) -> None:
    """A file that names a Python file is not run unless the caller says so."""
    assert isthmus("source", "test", PYTHON).code == 1
    assert (
        isthmus("source", "test", PYTHON, "--allow-python-files", "--json").json["files"][0]["tier"] == "gold"
    )


def test_source_test__no_files_or_both__is_a_usage_error(isthmus: Isthmus) -> None:
    """Either files or --all."""
    assert isthmus("source", "test").code == 2
    assert isthmus("source", "test", STARTER, "--all").code == 2
