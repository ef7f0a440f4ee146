"""The national policy file: read as written, every wrong word refused with line and cure."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.national import ListedPurpose, National
from policies.national_file import parse_national, read_national
from schemas.errors import ConfigurationError
from tests.unit.policies import country

BASE = """\
purposes:
  - {code: aid, title: Aid, dpv: "dpv:PublicBenefit"}
  - {code: aid.cash, title: Cash, parent: aid}
legal_bases:
  public_task: {title: A task}
"""

WRONG = {
    "no legal basis": ("purposes: []\n", 1, "legal_bases"),
    "another member": (BASE + "purpose: x\n", 1, "purpose"),
    "a purpose twice": (BASE.replace("aid.cash", "aid"), 3, "stands twice"),
    "a parent that comes later": (BASE.replace("code: aid,", "code: aid, parent: aid.cash,"), 2, "before its parent"),
    "a DPV concept that is none": (BASE.replace("dpv:PublicBenefit", "PublicBenefit"), 2, "dpv"),
    "an unlisted purpose": (
        BASE + "emergency:\n  purposes: [flood]\n  legal_basis: public_task\n  max_days: 3\n", 7, "flood is not",
    ),
    "an unlisted legal basis": (
        BASE + "emergency:\n  purposes: [aid]\n  legal_basis: whim\n  max_days: 3\n", 8, "whim is not",
    ),
    "an unlisted basis of a category": (
        BASE + "special_categories:\n  health: {title: H, legal_bases: [whim]}\n", 7, "whim is not",
    ),
    "an unknown field set": (
        BASE + "special_categories:\n  health:\n    title: H\n    fields:\n      '*': ['set:x']\n", 10, "no field set x",
    ),
    "a mask without its parameter": (
        BASE + "special_categories:\n  health: {title: H, mask: {how: truncate}}\n", 7, "mask",
    ),
    "a party that is no member": (BASE + "represented_parties:\n  LM/GOV: []\n", 7, "correct it"),
}  # fmt: skip


def read(tmp_path: Path, text: str, name: str = "national.yaml") -> National:
    path = tmp_path / name
    path.write_text(text)
    return read_national(path)


@pytest.mark.parametrize(("text", "line", "word"), WRONG.values(), ids=WRONG.keys())
def test_read_national__wrong_file__names_line_and_cure(tmp_path, text, line, word):
    """Each mistake is told with its place."""
    with pytest.raises(ConfigurationError, match=word) as caught:
        read(tmp_path, text)
    assert f"national.yaml:{line}:" in caught.value.detail


def test_read_national__json__reads_as_yaml_does(tmp_path):
    """A JSON file, and the federation's document, say the same as the YAML file."""
    document = {
        "purposes": [
            {"code": "aid", "title": "Aid", "dpv": "dpv:PublicBenefit"},
            {"code": "aid.cash", "title": "Cash", "parent": "aid"},
        ],
        "legal_bases": {"public_task": {"title": "A task"}},
    }
    from_yaml = read(tmp_path, BASE)
    assert read(tmp_path, json.dumps(document), "national.json") == from_yaml
    assert parse_national(json.dumps(document).encode()) == from_yaml


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"legal_bases":{}}', b"\xff"])
def test_parse_national__no_such_document__is_refused(document):
    """What the federation delivers is checked like a file."""
    with pytest.raises(ConfigurationError):
        parse_national(document)


def test_as_data__purpose__has_its_whole_line():
    """A decision never climbs the tree: every broader purpose is written out."""
    purposes = country.national().as_data()["purposes"]
    line = {"disaster-response.cash", "disaster-response", "humanitarian-response"}
    assert set(purposes["disaster-response.cash"]["line"]) == line


def test_as_data__lists_of_purposes__name_the_narrower_ones():
    """Whoever names a purpose means its narrower ones, written out beforehand."""
    data = country.national().as_data()
    assert set(data["emergency"]["purposes"]) == {"disaster-response", "disaster-response.cash"}
    assert "review.deep" in data["categories"]["health"]["purposes"]


def test_with_purposes__circle__is_refused():
    """Purposes that come from elsewhere are checked when they are written out."""
    circle = (ListedPurpose("a", "A", "b"), ListedPurpose("b", "B", "a"))
    with pytest.raises(ConfigurationError, match="circle"):
        country.national().with_purposes(circle).as_data()


@given(st.lists(st.integers(0, 30), max_size=30))
def test_purpose_lines__any_tree__ends_at_a_root(parents):
    """Every line begins with its purpose, follows parents, and ends where there is none."""
    purposes = tuple(
        ListedPurpose(f"p{number}", "P", f"p{parent % number}" if number and parent else None)
        for number, parent in enumerate(parents)
    )
    by_code = {purpose.code: purpose.parent for purpose in purposes}
    for code, line in National(purposes, (), {}).purpose_lines().items():
        assert line[0] == code
        assert by_code[line[-1]] is None
        assert all(by_code[narrow] == broad for narrow, broad in pairwise(line))
