"""`isthmus emergency`: two people open, one closes, and all of it is logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.gateway.cli.conftest import MEMBER, Isthmus

DECLARE = ("--member", MEMBER, "--purpose", "disaster-response", "--area", "north", "--reason", "Flood")


def test_emergency__declared_approved_ended__listed_and_logged(isthmus: Isthmus, copied: Path) -> None:
    """Nothing is open before the second person; names are nowhere."""
    asked = isthmus("emergency", "declare", copied, *DECLARE, "--by", "first officer", "--json")
    assert asked.code == 0
    assert isthmus("emergency", "list", copied, "--member", MEMBER, "--json").json == {"emergencies": []}
    own = isthmus("emergency", "approve", copied, asked.json["proposal"], "--by", "first officer")
    assert own.code == 2
    assert "second person" in own.err
    opened = isthmus(
        "emergency", "approve", copied, asked.json["proposal"], "--by", "second officer", "--json"
    )
    (found,) = isthmus("emergency", "list", copied, "--member", MEMBER, "--json").json["emergencies"]
    assert (found["id"], found["state"]) == (opened.json["emergency"], "open")
    assert (found["purposes"], found["areas"]) == (["disaster-response"], ["north"])
    assert isthmus("emergency", "end", copied, found["id"], "--by", "first officer").code == 0
    listed = isthmus("emergency", "list", copied, "--member", MEMBER)
    assert "ended" in listed.out
    assert "officer" not in listed.out
    assert isthmus("emergency", "end", copied, found["id"], "--by", "first officer").code == 2
    logged = isthmus("audit", "list", copied, "--kind", "admin", "--json").json["entries"]
    assert [one["action"] for one in logged[:3]] == ["emergency.end", "proposal.approved", "proposal.made"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--member", "LM/GOV/TAX"), "not hosted"),
        (("--purpose", "no code"), "code"),
        (("--reason", "x" * 501), "500 characters"),
        (("--hours", "9999"), "2160"),
    ],
)
def test_declare__wrong__says_what(
    isthmus: Isthmus, copied: Path, change: tuple[str, str], said: str
) -> None:
    """An error names its cure."""
    answered = isthmus("emergency", "declare", copied, *DECLARE, "--by", "officer", *change)
    assert answered.code == 2
    assert said in answered.err
