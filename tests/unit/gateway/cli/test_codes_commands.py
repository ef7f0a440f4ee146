"""`isthmus codes`: lists, one list, checks, and what a live source holds beyond them."""

from __future__ import annotations

import shutil
from pathlib import Path

from adapters.crosswalk import SHIPPED
from tests.unit.adapters.test_code_survey import register
from tests.unit.adapters.test_crosswalk import SEX, crosswalk
from tests.unit.gateway.cli.conftest import SOURCE, Isthmus

__all__ = ["register"]


def test_codes_list__folder_given__its_lists_come_first(isthmus: Isthmus, tmp_path: Path) -> None:
    """What rules can name, wherever it stands."""
    crosswalk(tmp_path)

    said = isthmus("codes", "list", "--beside", tmp_path, "--json").json

    names = [one["name"] for one in said["crosswalks"]]
    assert names[0] == "sex-lumeria/2"
    assert "sex-dci/1" in names


def test_codes_show__one_list__every_code_and_the_rest(isthmus: Isthmus) -> None:
    """A null is unknown, another code is refused."""
    said = isthmus("codes", "show", "sex-iso5218/1")

    assert said.code == 0
    assert "every other code: refused" in said.out
    assert isthmus("codes", "show", "sex-iso5218/1", "--json").json["entries"]["9"] is None
    assert isthmus("codes", "show", "nothing/1").code != 0


def test_codes_check__wrong_target__line_and_cure(isthmus: Isthmus, tmp_path: Path) -> None:
    """A list that leads nowhere is found before a source uses it."""
    wrong = crosswalk(tmp_path, SEX.replace("F: female", "F: woman"))

    said = isthmus("codes", "check", wrong)

    assert said.code == 1
    assert "sex-lumeria-2.yaml:10: not a code of the canonical list; write one of male, female" in said.out
    assert isthmus("codes", "check", *sorted(SHIPPED.glob("*.yaml"))).code == 0


def test_codes_unmapped__live_source__counts_and_shows_on_request(isthmus: Isthmus, register: Path) -> None:
    """Codes are shown when asked for, and never a rare one."""
    said = isthmus("codes", "unmapped", register)
    shown = isthmus("codes", "unmapped", register, "--show-codes")

    assert (said.code, shown.code) == (1, 1)
    assert "Z" not in said.out.replace("\n", "")
    assert "Z (12) and 1 rare ones" in shown.out
    assert "CANARY" not in shown.out
    [one] = isthmus("codes", "unmapped", register, "--json").json["unmapped"]
    assert (one["rows"], one["codes"], one["rare"]) == (13, 1, 1)


def test_source_register__code_list_beside_the_file__comes_along(
    isthmus: Isthmus, copied: Path, tmp_path: Path
) -> None:
    """A registered source never depends on a file that stayed where it was written."""
    sources = copied.parent / "sources"
    (sources / "programme_mis.yaml").unlink()
    mine = tmp_path / "mine.yaml"
    inline = "codes: {active: active, exited: exited, completed: completed}, else: error"
    text = SOURCE.read_text()
    assert inline in text
    (tmp_path / "fixtures").mkdir()
    shutil.copy(SOURCE.parent / "fixtures" / SOURCE.name, tmp_path / "fixtures" / mine.name)
    mine.write_text(text.replace(inline, "codes: {list: status-lm/1}"))
    crosswalk(
        tmp_path,
        SEX.replace("id: sex-lumeria", "id: status-lm")
        .replace("version: 2", "version: 1")
        .replace("{canonical: person/1, field: sex}", "{canonical: benefit/1, field: enrolments/status}")
        .replace("M: male", "active: active")
        .replace('"1": male', "completed: completed")
        .replace("F: female", "exited: exited"),
        "status-lm-1.yaml",
    )

    said = isthmus("source", "register", mine, copied)

    assert said.code == 0, said.out
    assert (sources / "codes" / "status-lm-1.yaml").is_file()
    assert (sources / "cash-transfer.yaml").is_file()
