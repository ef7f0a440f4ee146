"""`isthmus agreement`: the acts of officers at the command line, and what people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.commands.failures import CLIENT
from tests.unit.gateway.cli.conftest import LUMERIA, MEMBER, Isthmus, Ministry

FILE = LUMERIA / "agreements" / "msw-msw.yaml"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two versions of an agreement of the ministry with itself, the second one wider."""
    folder = tmp_path_factory.mktemp("agreements")
    first, second = folder / "v1.yaml", folder / "v2.yaml"
    text = FILE.read_text().replace("id: msw-msw", "id: own")
    first.write_text(text)
    second.write_text(
        text.replace("version: 1", "version: 2").replace("absence: disclosed", "absence: hidden")
    )
    assert second.read_text() != text.replace("version: 1", "version: 2")
    return first, second


def sign(isthmus: Isthmus, ministry: Ministry, file: Path) -> None:
    """Two officers propose; a member that agrees with itself has then signed for both sides."""
    said = isthmus("agreement", "propose", ministry.settings, file, "--by", "officer-1", "--json")
    assert said.code == 0, said.err
    proposal = said.json["proposal"]
    waiting = isthmus("agreement", "list", ministry.settings, "--json").json["waiting"]
    assert [one["proposal"] for one in waiting] == [proposal]
    alone = isthmus("agreement", "approve", ministry.settings, proposal, "--by", "officer-1", "--json")
    assert alone.code == CLIENT
    assert isthmus("agreement", "approve", ministry.settings, proposal, "--by", "officer-2").code == 0


def test_agreement_acts__signed_shown_compared_revoked(
    isthmus: Isthmus, own_ministry: Ministry, files: tuple[Path, Path], tmp_path: Path
) -> None:
    """From a file to a signed agreement, a memorandum, a second version, and its end."""
    for file in files:
        sign(isthmus, own_ministry, file)
    listed = isthmus("agreement", "list", own_ministry.settings, "--json").json
    assert [(one["id"], one["version"], one["state"]) for one in listed["signed"]] == [("own", 2, "in_force")]
    assert [one["id"] for one in listed["agreements"]] == ["msw-msw"]

    page = tmp_path / "memorandum.html"
    shown = isthmus("agreement", "show", own_ministry.settings, "own", "--memorandum", page, "--json").json
    assert (shown["version"], shown["state"]) == (2, "in_force")
    (signature,) = shown["signatures"]
    assert signature["member"] == MEMBER
    assert signature["certificate"] in page.read_text()
    assert shown["digest"] in page.read_text()
    assert (
        isthmus("agreement", "show", own_ministry.settings, "own", "--version", 1, "--json").json["state"]
        == "superseded"
    )
    assert isthmus("agreement", "show", own_ministry.settings, "own", "--version", 7).code == CLIENT

    by_files = isthmus("agreement", "diff", *files, "--json").json["differences"]
    by_id = isthmus("agreement", "diff", own_ministry.settings, "own", "--json").json["differences"]
    assert by_files == by_id
    assert [one["effect"] for one in by_id] == ["narrowed"]

    said = isthmus(
        "agreement", "revoke", own_ministry.settings, "own", "--by", "officer-1", "--reason", "over", "--json"
    )
    assert said.json == {"agreement": "own", "version": 2, "state": "revoked"}
    assert isthmus("agreement", "show", own_ministry.settings, "own", "--json").json["state"] == "revoked"
    assert (
        isthmus(
            "agreement", "revoke", own_ministry.settings, "own", "--by", "officer-1", "--reason", "x"
        ).code
        == CLIENT
    )
    again = isthmus("agreement", "propose", own_ministry.settings, files[1], "--by", "officer-1", "--json")
    assert again.code == CLIENT
    assert "version 3" in again.out + again.err


def test_agreement_new__from_the_catalogue__in_order_once_purposes_are_written(
    isthmus: Isthmus, running: Ministry, tmp_path: Path
) -> None:
    """The draft names what the provider offers."""
    out = tmp_path / "draft.yaml"
    subsystem = "LM/GOV/MSW/cash-transfer"
    said = isthmus(
        "agreement", "new", running.settings, subsystem, subsystem, "--id", "drafted", "--out", out
    )
    assert said.code == 0, said.err
    assert isthmus("agreement", "check", out).code == 1
    text = (
        out.read_text()
        .replace("purposes: []", "purposes: [x]")
        .replace("legal_bases: []", "legal_bases: [y]")
    )
    out.write_text(text)
    assert isthmus("agreement", "check", out).code == 0
    assert isthmus("agreement", "new", running.settings, subsystem, "LM/GOV/MSW/none").code == CLIENT


def test_settings__unsigned_files_not_allowed__said_with_the_cure(
    isthmus: Isthmus, own_ministry: Ministry
) -> None:
    """Files that nobody signed count only where the settings allow it."""
    strict = own_ministry.settings.with_name("strict.yaml")
    strict.write_text(own_ministry.settings.read_text().replace("unsigned_agreements: allow\n", ""))
    try:
        said = isthmus("gateway", "check", strict, "--json")
        (found,) = [part for part in said.json["parts"] if part["name"] == "agreements"]
        assert not found["ok"]
        assert "isthmus agreement propose" in found["found"]
    finally:
        strict.unlink()
