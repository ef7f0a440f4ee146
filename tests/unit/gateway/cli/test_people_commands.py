"""`isthmus people`: what the local operator may do, and how refusals are said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.gateway.cli.conftest import MEMBER, Isthmus

WHO = "https://provider.example#auditor-1"


def test_grant__listed__revoked__and_all_of_it_logged(isthmus: Isthmus, copied: Path) -> None:
    """The first role of a gateway comes from its shell; people appear as pseudonyms."""
    arguments = [copied, "--person", WHO, "--role", "auditor", "--member", MEMBER, "--json"]
    granted = isthmus("people", "grant", *arguments)
    assert granted.code == 0
    assert "auditor-1" not in granted.out
    (listed,) = isthmus("people", "list", copied, "--json").json["grants"]
    assert (listed["person"], listed["role"]) == (granted.json["person"], "auditor")
    by_id = [copied, "--person", listed["person"], "--role", "auditor", "--member", MEMBER]
    assert isthmus("people", "revoke", *by_id).code == 0
    assert isthmus("people", "list", copied, "--json").json == {"grants": []}
    logged = isthmus("audit", "list", copied, "--kind", "admin", "--json").json["entries"]
    assert [one["action"] for one in logged[:2]] == ["role.revoked", "role.granted"]


def test_token__made__listed__ended(isthmus: Isthmus, copied: Path) -> None:
    """A token has roles its owner holds; its text is shown once."""
    isthmus("people", "grant", copied, "--person", WHO, "--role", "auditor", "--member", MEMBER)
    made = isthmus(
        "people", "token", "create", copied, "--owner", WHO, "--role", "auditor", "--member", MEMBER,
        "--label", "reports", "--json",
    )  # fmt: skip
    assert made.json["token"].startswith("isthmus_")
    listed = isthmus("people", "token", "list", copied, "--owner", WHO, "--json")
    assert made.json["token"] not in listed.out
    assert listed.json["tokens"][0]["id"] == made.json["id"]
    assert isthmus("people", "token", "revoke", copied, made.json["id"]).code == 0
    assert isthmus("people", "token", "list", copied, "--owner", WHO, "--json").json == {"tokens": []}
    assert isthmus("people", "token", "revoke", copied, made.json["id"]).code == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--person", "somebody", "--role", "auditor", "--member", MEMBER), "ISSUER#SUBJECT"),
        (("--person", WHO, "--role", "auditor", "--member", "LM/GOV/TAX"), "does not host"),
        (("--person", WHO, "--role", "auditor", "--member", "LM"), "3 parts"),
    ],
)
def test_grant__wrong__says_what_and_changes_nothing(
    isthmus: Isthmus, copied: Path, change: tuple[str, ...], said: str
) -> None:
    """An error names its cure."""
    answered = isthmus("people", "grant", copied, *change)
    assert answered.code == 2
    assert said in answered.err
    assert isthmus("people", "list", copied, "--json").json == {"grants": []}


def test_token__more_than_its_owner__refused(isthmus: Isthmus, copied: Path) -> None:
    """Not even the local operator makes a token that exceeds its owner."""
    answered = isthmus(
        "people", "token", "create", copied, "--owner", WHO, "--role", "operator", "--member", MEMBER,
        "--label", "more",
    )  # fmt: skip
    assert answered.code == 2
    assert "no more roles than its owner" in answered.err


def test_development_provider__not_on_loopback_or_not_configured__refuses(
    isthmus: Isthmus, copied: Path
) -> None:
    """It starts for nobody but a gateway that asks for it, on loopback."""
    assert "sign_in.development" in isthmus("people", "development-provider", copied).err
    document = yaml.safe_load(copied.read_text())
    document["sign_in"] = {"issuer": "http://127.0.0.1:4444", "client_id": "isthmus", "development": True}
    copied.write_text(yaml.safe_dump(document))
    answered = isthmus("people", "development-provider", copied, "--host", "0.0.0.0")
    assert answered.code == 4
    assert "loopback" in answered.err
