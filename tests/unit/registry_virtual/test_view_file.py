"""View files: what is shipped loads; what is wrong is named by line, with its cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry_virtual.view_file import SHIPPED, ViewFileError, load_view, load_views

ROOT = Path(__file__).parents[3]

GOOD = """\
name: small
version: 1
title: Small
description: A view.
purposes: [assistance]
subject_types: [national_id]
deadline_ms: 1000
attributes:
  names:
    title: Names
    from: [{service: LM/GOV/NIA/identity/person, field: given_names}]
  household:
    title: Household
    from: [{service: LM/GOV/MSW/cash-transfer/household, field: id}]
  members:
    title: Members
    list: true
    from:
      - service: LM/GOV/MSW/cash-transfer/members
        field: members
        via: {attribute: household, type: household_id, relation: household}
"""


def written(folder: Path, text: str, name: str = "small") -> Path:
    path = folder / f"{name}.view.yaml"
    path.write_text(text)
    return path


def test_load_views__shipped__all_load_under_their_own_name() -> None:
    """Every view that comes with Isthmus is right."""
    views = load_views()
    assert set(views) == {path.name.removesuffix(".view.yaml") for path in SHIPPED.glob("*.view.yaml")}
    assert "social-record" in views


CANONICAL = {
    "person": "person",
    "civil-status": "civil_status",
    "household": "household",
    "benefits": "benefit",
    "income-band": "tax_status",
    "status": "disability",
}


def test_social_record__fields__are_those_of_the_canonical_schemas() -> None:
    """Every field the shipped view asks for is one its service can answer; lists are declared as lists."""
    for attribute in load_views()["social-record"].attributes.values():
        for origin in attribute.origins:
            name = CANONICAL[origin.service.service]
            schema = json.loads((ROOT / f"schemas/canonical/{name}.schema.json").read_bytes())
            types = schema["properties"][origin.field].get("type", [])
            assert ("array" in types) == attribute.is_list


def test_load_view__good_file__is_read_whole(tmp_path: Path) -> None:
    """Defaults are the plain ones; a hop is read as declared."""
    view = load_view(written(tmp_path, GOOD))
    assert list(view.attributes) == ["names", "household", "members"]
    names, members = view.attributes["names"], view.attributes["members"]
    assert (names.conflict, names.max_age_s, names.is_list) == ("first", None, False)
    via = members.origins[0].via
    assert via is not None
    assert (members.is_list, via.attribute, via.type, via.relation) == (
        True,
        "household",
        "household_id",
        "household",
    )


WRONG = [
    ("version: 1", "version: one", 2, "whole number"),
    ("title: Small\n", "", 1, "title is missing|mapping with name"),
    ("deadline_ms: 1000", "deadline_ms: 5", 7, "from 100 to 60000"),
    ("    list: true", "    lsit: true", 17, "write one of title, from"),
    ("    title: Names", "    title: Names\n    conflict: newest", 11, "all_equal"),
    ("    title: Names", "    title: Names\n    conflict: all_equal", 11, "second source"),
    ("LM/GOV/NIA/identity/person", "LM/GOV/NIA", 11, "INSTANCE/CLASS/MEMBER"),
    ("  names:", "  Names:", 9, "lower case"),
    ("attribute: household", "attribute: hearth", 21, "declare it"),
    ("attribute: household", "attribute: members", 21, "attribute that has no via"),
    ("name: small", "name: large", 1, "name the file large.view.yaml"),
    ("  household:", "  names:", 12, "remove one of them"),
    ("purposes: [assistance]", "purposes: []", 5, "purpose codes"),
    ("title: Small", "title: &t Small\nx: *t", 4, "write the value out"),
    ("title: Small", "title: !!python/name:os.system", 3, "plain text"),
    ("title: Small", "title: [Small", 4, "correct the syntax"),
    ("title: Small", "? [a]\n: Small", 3, "name: value"),
]


@pytest.mark.parametrize(("good", "bad", "line", "cure"), WRONG)
def test_load_view__wrong_file__error_names_line_and_cure(
    tmp_path: Path, good: str, bad: str, line: int, cure: str
) -> None:
    """Every mistake is told as file:line: complaint. Cure: what to do."""
    assert good in GOOD
    path = written(tmp_path, GOOD.replace(good, bad, 1))
    with pytest.raises(ViewFileError) as caught:
        load_view(path)
    assert caught.value.detail.startswith(f"small.view.yaml:{line}: ")
    assert any(part in caught.value.detail for part in cure.split("|"))


def test_load_view__same_service_twice__is_refused(tmp_path: Path) -> None:
    """One service is one source of an attribute."""
    origin = "{service: LM/GOV/NIA/identity/person, field: given_names}"
    path = written(tmp_path, GOOD.replace(f"[{origin}]", f"[{origin}, {origin}]"))
    with pytest.raises(ViewFileError, match="stands here twice"):
        load_view(path)


def test_load_view__hop_as_fallback__is_refused(tmp_path: Path) -> None:
    """A starting point is asked at once, so a hop that may not be needed would ask too much."""
    fallback = "from:\n      - {service: LM/GOV/NIA/identity/person, field: given_names}\n      - service: LM/GOV/MSW"
    path = written(tmp_path, GOOD.replace("from:\n      - service: LM/GOV/MSW", fallback))
    with pytest.raises(ViewFileError, match="put the hop first"):
        load_view(path)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[" * 5000, b"a: 1\n---\nb: 2", b"x" * 300_000, b"a: \x07", b"- 1"]
)
def test_load_view__not_a_view_at_all__is_refused(tmp_path: Path, data: bytes) -> None:
    """Rubbish of every kind is one clear error."""
    path = tmp_path / "small.view.yaml"
    path.write_bytes(data)
    with pytest.raises(ViewFileError):
        load_view(path)


def test_load_view__no_such_file__is_refused(tmp_path: Path) -> None:
    """A missing file is a configuration error like any other."""
    with pytest.raises(ViewFileError, match="cannot be read"):
        load_view(tmp_path / "none.view.yaml")
