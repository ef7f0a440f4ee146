"""Kind `mosip-ida`: what a file gets wrong, with its line and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

import adapters
from adapters.trying import check_source

STARTERS = Path(adapters.__file__).parent / "national_id"


@pytest.mark.parametrize(
    ("starter", "old", "new", "what"),
    [
        (
            "mosip_ida.yaml",
            '      demographics: {name: "{name}", dob: "{birth_date}"}\n',
            "",
            "a number alone proves nothing",
        ),
        ("mosip_ida.yaml", 'dob: "{birth_date}"', 'dob: "{born}"', "is no part under `subject`"),
        ("mosip_ida.yaml", '      transaction: "{transaction}"\n', "", "belongs to a transaction"),
        (
            "mosip_ida.yaml",
            "      attributes: [fullName, dateOfBirth, gender]\n",
            "",
            "`attributes` are what kyc tells",
        ),
        ("mosip_ida.yaml", "api_key: ${secret:IDA_API_KEY}", "api_key: 1234567890", "`api_key`"),
    ],
)
def test_check__file_is_wrong__says_what(tmp_path: Path, starter: str, old: str, new: str, what: str):
    """Every mistake is named before anybody is asked."""
    text = (STARTERS / starter).read_text("utf-8")
    assert old in text
    path = tmp_path / starter
    path.write_text(text.replace(old, new, 1), "utf-8")

    found = [one for one in check_source(path) if one.level == "error"]
    assert any(what in one.what for one in found), found
    assert all(one.cure for one in found)
