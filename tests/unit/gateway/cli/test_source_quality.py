"""`isthmus source quality`: tables, one document, a page; and no value in any of them, nor in what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.adapters.quality.register import people, register
from tests.unit.gateway.cli.conftest import Isthmus

CANARY = "CANARY7"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A source over people whose every column holds a canary somewhere."""
    broken = dict.fromkeys(("nid", "given", "family", "sex", "born", "died", "district", "changed"), CANARY)
    register(tmp_path, [broken, broken, *people([{"family": f"{CANARY}{n}", "sex": "X"} for n in range(30)])])
    return tmp_path / "people.yaml"


def test_quality__tables__say_what_is_wrong(isthmus: Isthmus, file: Path) -> None:
    """Every part in words, by area on request."""
    said = isthmus("source", "quality", file, "person", "--by", "area")

    assert said.code == 0
    for part in ("Completeness", "Who can be found", "Codes that no list of the file knows", "By area"):
        assert part in said.out
    assert "All 32 records were read." in said.out


def test_quality__every_form__no_value(isthmus: Isthmus, file: Path, tmp_path: Path) -> None:
    """Values never leave: not as text, not as JSON, not on the page."""
    page = tmp_path / "report.html"
    asked = ("source", "quality", file, "--by", "area", "--show-codes")
    texts = [isthmus(*asked), isthmus(*asked, "--json"), isthmus(*asked, "--html", page)]

    told = "".join(said.out + said.err for said in texts) + page.read_text()
    assert CANARY not in told
    assert "0000000003" not in told
    assert "X (30)" in told


def test_quality__json__one_document(isthmus: Isthmus, file: Path) -> None:
    """For programs."""
    [report] = isthmus("source", "quality", file, "--json").json["services"]

    assert (report["records"], report["method"]) == (32, "scan")
    assert report["unfit_records"] == 32


def test_quality__list_of_subjects__a_wrong_line_is_named_by_its_number(
    isthmus: Isthmus, file: Path, tmp_path: Path
) -> None:
    """Whoever stands in the list is not told on the screen either."""
    listed = tmp_path / "subjects.txt"
    listed.write_text(f"national_id=1000000017\n\n{CANARY}\n")

    said = isthmus("source", "quality", file, "--subjects", listed)

    assert said.code == 2
    assert "subjects.txt:3" in said.err
    assert CANARY not in said.out + said.err


def test_quality__database_away__exit_code_of_a_provider(isthmus: Isthmus, file: Path) -> None:
    """No report, rather than an empty one."""
    (file.parent / "people.db").unlink()

    said = isthmus("source", "quality", file)

    assert said.code == 3
    assert "cannot be reached" in said.err
