"""An owner's rules: read as written, every wrong word refused with line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.provider import read_provider
from schemas.errors import ConfigurationError
from tests.unit.policies import country

SERVICE = "LM/GOV/TAX/income/band"
HEAD = f"member: LM/GOV/TAX\nservices:\n  {SERVICE}:\n"

WRONG = {
    "no rule at all": (HEAD.rstrip() + " {}\n", 3, "at least one rule"),
    "an unknown rule": (HEAD + "    allow: true\n", 3, "allow"),
    "another member's service": (HEAD.replace("LM/GOV/TAX/income", "LM/GOV/MSW/x") + "    max_records: 1\n", 3, "LM/GOV/TAX"),
    "an identifier that is none": (HEAD.replace(SERVICE, "band") + "    max_records: 1\n", 3, "correct it"),
    "an unknown field set": (HEAD + "    denied_fields: ['set:x']\n", 4, "no national field set x"),
    "a rule that would widen": (HEAD + "    officer_area: false\n", 4, "leave the rule out"),
    "no records at all": (HEAD + "    max_records: 0\n", 4, "from 1 on"),
    "a mask without its parameter": (HEAD + "    masks: [{fields: [a], how: band}]\n", 4, "masks"),
    "a party that is no member": (HEAD + "    represented_parties: [LM]\n", 4, "correct it"),
}  # fmt: skip


def write(folder: Path, text: str, name: str = "tax.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "line", "word"), WRONG.values(), ids=WRONG.keys())
def test_read_provider__wrong_file__names_line_and_cure(tmp_path, text, line, word):
    """Each mistake is told with its place."""
    with pytest.raises(ConfigurationError, match=word) as caught:
        read_provider(write(tmp_path, text), country.national())
    assert f"tax.yaml:{line}:" in caught.value.detail


def test_read_provider__folder__joins_its_files(tmp_path):
    """Each member of a gateway has its own file."""
    write(tmp_path, HEAD + "    max_records: 1\n")
    write(
        tmp_path,
        "member: LM/GOV/NIA\nservices:\n  LM/GOV/NIA/identity/person:\n    roles: [clerk]\n",
        "nia.yaml",
    )
    assert set(read_provider(tmp_path, country.national()).services) == {
        SERVICE,
        "LM/GOV/NIA/identity/person",
    }


def test_read_provider__service_in_two_files__is_refused(tmp_path):
    """Which rules count is never a question."""
    write(tmp_path, HEAD + "    max_records: 1\n")
    write(tmp_path, HEAD + "    max_records: 2\n", "more.yaml")
    with pytest.raises(ConfigurationError, match="another file"):
        read_provider(tmp_path, country.national())


def test_read_provider__nothing_there__is_refused(tmp_path):
    """A path in the settings that leads nowhere is a mistake."""
    with pytest.raises(ConfigurationError, match="no such file"):
        read_provider(tmp_path / "missing", country.national())


def test_as_data__assurance__lists_every_level_that_is_enough():
    """Asking for substantial takes high too; field sets are written out."""
    rules = country.provider().as_data(country.national())["services"]["LM/GOV/TAX/income/narrowed"]
    assert set(rules["assurance"]) == {"substantial", "high"}
    assert set(rules["denied_fields"]) == {"employer", "phone", "email"}
    assert set(rules["denied_purposes"]) == {"review", "review.deep"}
