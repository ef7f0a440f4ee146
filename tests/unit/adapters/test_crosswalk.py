"""Crosswalks: versioned code lists, their targets, and unknown codes counted without their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.crosswalk import (
    SHIPPED,
    CodeLists,
    Misses,
    crosswalk_findings,
    read_crosswalk,
    target_codes,
)
from adapters.mapping import BadRule, compile_rule, compile_rules
from adapters.rules import Unmappable
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError

SEX = """\
id: sex-lumeria
version: 2
title: Sex in the old register
from: "Register of 1994"
to: {canonical: person/1, field: sex}
valid_from: 1994-01-01
entries:
  M: male
  "1": male
  F: female
else: error
"""


def crosswalk(folder: Path, text: str = SEX, name: str = "sex-lumeria-2.yaml") -> Path:
    """A crosswalk beside a source in a folder."""
    path = folder / "codes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_crosswalk__every_shipped_one__is_in_order(path: Path):
    """Form, name, and every target a canonical code."""
    assert crosswalk_findings(load(path)) == []
    assert read_crosswalk(path).name == "/".join(path.stem.rsplit("-", 1))


def test_codes__list_named__its_entries_and_else_are_used(tmp_path: Path):
    """A rule names a version; numbers and text are the same code."""
    crosswalk(tmp_path)
    rule = compile_rule({"from": "s", "codes": {"list": "sex-lumeria/2"}}, (), CodeLists(tmp_path))

    assert [rule.value([{"s": code}]) for code in ("M", 1, "F", None)] == ["male", "male", "female", None]
    with pytest.raises(Unmappable):
        rule.value([{"s": "X"}])


def test_codes__else_in_the_rule__wins_over_the_list(tmp_path: Path):
    """A source may refuse less, or more, than the list."""
    crosswalk(tmp_path)
    rule = {"from": "s", "codes": {"list": "sex-lumeria/2"}, "else": "unknown"}

    assert compile_rule(rule, (), CodeLists(tmp_path)).value([{"s": "X"}]) == "unknown"


def test_codes__code_called_list__is_an_inline_code():
    """Only a name with a version is a crosswalk."""
    assert compile_rule({"from": "s", "codes": {"list": "a"}, "else": None}, ()).value([{"s": "list"}]) == "a"


@pytest.mark.parametrize("reference", ["sex-lumeria/1", "../sex/1", "sex-lumeria/../2", "SEX/1"])
def test_codes__no_such_list__is_refused_when_the_file_is_read(reference: str, tmp_path: Path):
    """Also a name that would lead out of the folder."""
    crosswalk(tmp_path)
    with pytest.raises(BadRule) as caught:
        compile_rule({"from": "s", "codes": {"list": reference}}, (), CodeLists(tmp_path))

    assert caught.value.place == ("codes", "list")


def test_find__same_name_beside_the_source__wins_over_the_shipped(tmp_path: Path):
    """A country's own meaning comes first."""
    text = SEX.replace("id: sex-lumeria", "id: sex-dci").replace("version: 2", "version: 1")
    crosswalk(tmp_path, text, "sex-dci-1.yaml")

    assert CodeLists(tmp_path).find("sex-dci/1").title == "Sex in the old register"
    assert CodeLists().find("sex-dci/1").title == "Sex in DCI"


WRONG = [
    ("F: female", "F: woman", 10, "not a code"),
    ("else: error", "else: nobody", 11, "not a code"),
    ("field: sex", "field: full_name", 5, "no code list"),
    ("person/1", "person/9", 5, "no code list"),
    ("version: 2", "version: 3", 1, "not its id and version"),
    ("else: error", "other: error", 1, "no `else`"),
    ("title: Sex in the old register\n", "", 1, "no `title`"),
]


@pytest.mark.parametrize(("old", "new", "line", "what"), WRONG)
def test_findings__wrong_file__names_line_and_cure(old: str, new: str, line: int, what: str, tmp_path: Path):
    """What is wrong is found before anybody's answer depends on it."""
    path = crosswalk(tmp_path, SEX.replace(old, new))

    found = crosswalk_findings(load(path))

    assert any(what in one.what and one.line == line and one.cure for one in found), found
    with pytest.raises(ConfigurationError):
        read_crosswalk(path)


def test_target_codes__members_and_integers__are_found():
    """A member of a list, and a scale of numbers."""
    assert "active" in (target_codes("enrolment/1", "enrolments/status") or ())
    assert target_codes("disability/1", "severity/seeing") == (1, 2, 3, 4, None)
    assert target_codes("person/1", "nothing") is None
    assert target_codes("person/1", "address/locality") is None


def test_misses__unknown_codes__are_counted_by_place_and_never_by_value():
    """An operator sees that a list is out of date, and nobody's code."""
    misses = Misses()
    service: dict[str, Any] = {
        "map": {
            "sex": {"from": "s", "codes": {"M": "male"}, "else": None},
            "people": {"each": {"sex": {"from": "s", "codes": {"M": "male"}, "else": "error"}}},
        }
    }
    rules = compile_rules(service, ("services", "person"), misses=misses)

    for code in ("CANARY", "CANARY", "M"):
        rules.outcome([{"s": code}], ("sex",), 0)
    rules.outcome([{"s": "CANARY"}], ("people",), 0)

    assert misses.counts == {("person", "sex"): 2, ("person", "people"): 1}
    assert "CANARY" not in repr(misses)
