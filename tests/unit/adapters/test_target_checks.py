"""What rules make fits the canonical schema before anybody asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.canonical import canonicals
from adapters.crosswalk import CodeLists
from adapters.target_checks import target_complaints
from adapters.trying import check_source
from tests.unit.adapters.small_source import SQL


def complaints(name: str, field: str, rule: Any) -> list[Any]:
    """What is wrong with a rule for a canonical field."""
    return list(target_complaints(rule, canonicals()[name].fields[field], ("at",), CodeLists()))


WRONG = [
    ("person/1", "sex", {"from": "s", "codes": {"M": "man"}, "else": "error"}, ("at", "codes", "M")),
    ("person/1", "sex", {"from": "s", "codes": {"M": "male"}, "else": "nobody"}, ("at", "else")),
    ("person/1", "sex", {"from": "s", "codes": {"list": "wg-short-set/1"}}, ("at", "codes", "list")),
    ("person/1", "sex", {"constant": "man"}, ("at", "constant")),
    ("person/1", "sex", {"from": "s", "default": "man"}, ("at", "default")),
    ("person/1", "address", {"object": {"distrct": "d"}}, ("at", "object", "distrct")),
    ("household/1", "members", {"each": {"relation": {"constant": "cousin"}}},
     ("at", "each", "relation", "constant")),
    ("civil_status/1", "parents", {"list": [{"object": {"role": {"constant": "aunt"}}}]},
     ("at", "list", 0, "object", "role", "constant")),
    ("person/1", "sex", {"first_of": ["a", {"constant": "man"}]}, ("at", "first_of", 1, "constant")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field", "rule", "where"), WRONG)
def test_target_complaints__cannot_be_held__place_and_cure(name: str, field: str, rule: Any, where: Any):
    """A code or member that the canonical schema does not know is a line with a cure."""
    found = complaints(name, field, rule)

    assert where in [place for place, _, _ in found]
    assert all(what and cure for _, what, cure in found)


RIGHT = [
    ("person/1", "sex", {"from": "s", "codes": {"M": "male", "X": None}, "else": None}),
    ("person/1", "sex", {"from": "s", "codes": {"list": "sex-iso5218/1"}, "else": "unknown"}),
    ("person/1", "sex", "sex"),
    ("person/1", "full_name", {"from": "n", "codes": {"A": "anything"}, "else": None}),
    ("tax_status/1", "income_band", {"from": "i", "bands": [{"below": "1", "is": "low"}, {"is": "high"}]}),
    ("disability/1", "severity", {"object": {"seeing": {"from": "s", "codes": {"list": "wg-short-set/1"}}}}),
]


@pytest.mark.parametrize(("name", "field", "rule"), RIGHT)
def test_target_complaints__fits__nothing_is_said(name: str, field: str, rule: Any):
    """Null is always allowed to mean unknown."""
    assert complaints(name, field, rule) == []


def test_check_source__code_misspelt__names_the_line(tmp_path: Path):
    """Through the whole check of a file."""
    path = tmp_path / "source.yaml"
    path.write_text(SQL.replace("A: approved", "A: aproved"))

    [finding] = [one for one in check_source(path) if one.level == "error"]

    assert finding.line == 21
    assert "approved" in finding.cure
