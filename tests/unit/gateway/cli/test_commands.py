"""Commands that work on files: what they answer, how they fail, and the contract of all of them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main

from gateway.cli.commands import app
from gateway.cli.demo.country import LUMERIA, ROOT
from gateway.storage.migrate import HEAD
from tests.unit.gateway.cli.conftest import MEMBER, SOURCE, SUBSYSTEM, Isthmus, Ministry

GROUPS = (
    "demo",
    "gateway",
    "federation",
    "source",
    "codes",
    "policy",
    "agreement",
    "view",
    "audit",
    "verify",
)
AGREEMENT = LUMERIA / "agreements" / "msw-tax.yaml"


def test_help__lists_every_group_quickly() -> None:
    """`isthmus --help` names every group, and loads nothing that a command needs."""
    code = (
        "import sys; from typer.testing import CliRunner; from gateway.cli.commands import app;"
        "result = CliRunner().invoke(app, ['--help']); print(result.output);"
        "heavy = {'fastapi', 'sqlalchemy', 'httpx', 'tuf', 'pydantic', 'cryptography', 'yaml'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    began = time.monotonic()
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert time.monotonic() - began < 5
    assert all(group in ran.stdout for group in GROUPS)


def test_every_command__has_json_and_a_help_text() -> None:
    """The contract: each command takes `--json` and says what it does."""
    waiting: list[Any] = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        if hasattr(command, "commands"):
            waiting += command.commands.values()
            continue
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, command.name
        assert command.help, command.name


def test_unknown_command__is_usage(isthmus: Isthmus) -> None:
    """What is no command is the client's fault: exit code 2."""
    assert isthmus("nope").code == 2
    assert isthmus("federation", "show").code == 2


def test_gateway_check__everything_in_order(isthmus: Isthmus, ministry: Ministry) -> None:
    """A built gateway has no wrong part."""
    said = isthmus("gateway", "check", ministry.settings, "--json")
    assert said.code == 0, said.out
    assert all(part["ok"] for part in said.json["parts"])


BREAKAGES = {
    "log key": ("keys/log.key", b"not a key"),
    "case key": ("keys/case.key", b"c2hvcnQ"),
    "member LM/GOV/MSW": ("keys/lm-gov-msw.crt", b"not a certificate"),
    "federation root": ("root.json", b"{}"),
    "agreements": ("agreements/msw-msw.yaml", b"id: [\n"),
    "sources": ("sources/programme_mis.yaml", b"id: 7\n"),
}


@pytest.mark.parametrize("part", BREAKAGES)
def test_gateway_check__one_part_broken__names_it_and_goes_on(
    isthmus: Isthmus, copied: Path, part: str
) -> None:
    """One wrong file is one finding with exit code 1; the other parts are looked at all the same."""
    file, content = BREAKAGES[part]
    (copied.parent / file).write_bytes(content)
    said = isthmus("gateway", "check", copied, "--json")
    assert said.code == 1
    assert [found["name"] for found in said.json["parts"] if not found["ok"]] == [part]


def test_gateway_check__database_not_migrated__names_the_cure(isthmus: Isthmus, copied: Path) -> None:
    """A missing schema is a finding, `migrate` cures it, and looking makes no database."""
    database = copied.parent / "gateway.db"
    for file in copied.parent.glob("gateway.db*"):
        file.unlink()
    said = isthmus("gateway", "check", copied)
    assert said.code == 1
    assert "isthmus gateway migrate" in said.out
    assert not database.exists()
    assert isthmus("gateway", "migrate", copied, "--json").json == {"schema": HEAD}
    assert isthmus("gateway", "check", copied).code == 0


def test_wrong_settings__gateway_fault_in_words(isthmus: Isthmus, tmp_path: Path) -> None:
    """A settings file that is wrong is exit code 4, with a next step; in JSON too."""
    said = isthmus("source", "list", tmp_path / "none.yaml")
    assert said.code == 4
    assert "next:" in said.err
    said = isthmus("source", "list", tmp_path / "none.yaml", "--json")
    assert said.code == 4
    assert said.json["error"]["title"] == "The configuration is wrong"
    assert isthmus("gateway", "check", tmp_path / "none.yaml").code == 1


def test_status__nobody_there__gateway_fault(isthmus: Isthmus) -> None:
    """A gateway that does not answer is exit code 4."""
    assert isthmus("gateway", "status", "http://127.0.0.1:1").code == 4
    assert isthmus("gateway", "status", "nowhere").code == 2


def test_source_commands__on_files(isthmus: Isthmus, ministry: Ministry, tmp_path: Path) -> None:
    """Sources are listed, checked and tested; a wrong file is exit code 1 and names its line."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SOURCE.read_text().replace("kind: sql", "kind: sequel"))
    listed = isthmus("source", "list", ministry.settings, "--json").json["sources"]
    assert [source["id"] for source in listed] == ["cash-transfer"]
    assert isthmus("source", "check", SOURCE, "--json").json["ok"]
    assert isthmus("source", "test", SOURCE).code == 0
    said = isthmus("source", "check", SOURCE, wrong)
    assert said.code == 1
    assert "wrong.yaml:5" in said.out
    assert isthmus("source", "test", wrong, "--json").code == 1


def test_source_try__values_stay_hidden_unless_asked_for(isthmus: Isthmus, ministry: Ministry) -> None:
    """`try` asks the live system, masked; nobody known is an answer, a wrong service is not."""
    arguments = ("--settings", ministry.settings, "--json")
    subject = f"national_id={ministry.national_id}"
    said = isthmus("source", "try", SOURCE, "household", subject, *arguments)
    assert said.code == 0, said.out
    assert said.json["outcome"] == "match"
    assert ministry.national_id not in said.out
    shown = isthmus("source", "try", SOURCE, "household", subject, "--show-values", *arguments)
    assert ministry.national_id in shown.out
    assert isthmus("source", "try", SOURCE, "household", "national_id=0000000000", *arguments).code == 0
    assert isthmus("source", "try", SOURCE, "nope", subject, *arguments).code == 2
    assert isthmus("source", "try", SOURCE, "household", "whoever", *arguments).code == 2


def test_source_register__copies_what_can_be_asked(isthmus: Isthmus, copied: Path, tmp_path: Path) -> None:
    """A source that answers is copied, and the next steps are named; its name is then taken."""
    (copied.parent / "sources" / "programme_mis.yaml").unlink()
    said = isthmus("source", "register", SOURCE, copied, "--json")
    assert said.code == 0, said.out
    written = (copied.parent / "sources" / "cash-transfer.yaml").read_text().splitlines()
    plain = [line for line in written if "fingerprint: sha256:" not in line]
    assert plain == SOURCE.read_text().splitlines()
    assert len(written) > len(plain)
    assert "isthmus federation record" in said.json["next"][0]
    assert isthmus("source", "register", SOURCE, copied).code == 4


def test_source_register__system_down__refused_and_nothing_copied(
    isthmus: Isthmus, copied: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The health probe decides: exit code 3, and the folder stays as it was."""
    (copied.parent / "sources" / "programme_mis.yaml").unlink()
    monkeypatch.setenv("LUMERIA_CASH_TRANSFER_DSN", f"sqlite:///{tmp_path / 'gone.db'}")
    said = isthmus("source", "register", SOURCE, copied)
    assert said.code == 3
    assert not list((copied.parent / "sources").glob("*.yaml"))


def test_policy_commands(isthmus: Isthmus, tmp_path: Path) -> None:
    """The shipped policy passes; a failing test and a forbidden file are exit code 1."""
    assert isthmus("policy", "test", "--json").json["failed"] == 0
    assert isthmus("policy", "lint").code == 0
    assert len(isthmus("policy", "version", "--json").json["policy_version"]) == 16
    (tmp_path / "bad_test.rego").write_text("package bad_test\n\ntest_never if false\n")
    said = isthmus("policy", "test", tmp_path, "--json")
    assert said.code == 1
    assert said.json["failed"] == 1
    (tmp_path / "bad.rego").write_text("package bad\n\nallow if http.send({})\n")
    assert isthmus("policy", "lint", tmp_path).code == 1


def test_agreement_commands(isthmus: Isthmus, ministry: Ministry, tmp_path: Path) -> None:
    """Agreements are found by folder and by settings; a wrong file is exit code 1."""
    listed = isthmus("agreement", "list", ministry.settings, "--json").json["agreements"]
    assert [one["id"] for one in listed] == ["msw-msw"]
    assert isthmus("agreement", "show", AGREEMENT.parent, "msw-tax", "--json").json["client"] == SUBSYSTEM
    assert "income_band" in isthmus("agreement", "show", AGREEMENT.parent, "msw-tax").out
    assert isthmus("agreement", "show", AGREEMENT.parent, "nope").code == 2
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(AGREEMENT.read_text().replace("valid_until: 2030", "valid_until: 2020"))
    assert isthmus("agreement", "check", AGREEMENT).code == 0
    said = isthmus("agreement", "check", AGREEMENT, wrong, "--json")
    assert said.code == 1
    assert [one["ok"] for one in said.json["files"]] == [True, False]


def test_view_list_and_explain(isthmus: Isthmus) -> None:
    """Shipped views are listed and explained without a subject; an unknown one is exit code 2."""
    assert "social-record" in isthmus("view", "list").out
    said = isthmus("view", "explain", "social-record", "--fields", "household_size", "--json")
    assert "household" in said.json["plan"]
    assert isthmus("view", "explain", "nope").code == 2
    assert isthmus("view", "explain", "social-record", "--fields", "nope").code == 2


def test_federation__from_founding_to_revocation(
    isthmus: Isthmus, ministry: Ministry, tmp_path: Path
) -> None:
    """The registrar's whole work by commands: found, pin, admit, show, revoke, publish."""
    purposes = tmp_path / "purposes.yaml"
    purposes.write_text("- {code: social-assistance, title: Social assistance}\n")
    folder, pin = tmp_path / "registrar", tmp_path / "pin.json"
    ca = ministry.sandbox.authority
    founding = ("federation", "create", folder, "--instance", "LM", "--ca", ca, "--purposes", purposes)
    assert isthmus(*founding, "--json").code == 0
    assert isthmus(*founding).code == 4
    made = isthmus(
        "federation",
        "pin",
        ministry.settings,
        MEMBER,
        "--name",
        "Welfare",
        "--url",
        "https://gw:1",
        "--out",
        pin,
    )
    assert made.code == 0, made.err
    assert isthmus("federation", "admit", folder, pin, "--json").json["version"] == 1
    assert isthmus("federation", "admit", folder, pin).code == 2
    shown = isthmus("federation", "show", folder, "--json").json
    assert shown["members"][0] == {"id": MEMBER, "name": "Welfare", "active": True, "pin": 1, "record": 0}
    issuers = ("federation", "consent-issuers", folder)
    assert isthmus(*issuers, "--json").json == {"consent_issuers": []}
    assert isthmus(*issuers, "--add", "LM/GOV/NOBODY").code == 4
    assert isthmus(*issuers, "--add", MEMBER, "--json").json == {"consent_issuers": [MEMBER]}
    assert isthmus(*issuers, "--json").json == {"consent_issuers": [MEMBER]}
    assert isthmus(*issuers, "--remove", MEMBER, "--json").json == {"consent_issuers": []}
    assert isthmus(*issuers, "--remove", MEMBER).code == 4
    assert isthmus("federation", "revoke", folder).code == 2
    assert isthmus("federation", "revoke", folder, "--key", "short").code == 2
    assert isthmus("federation", "revoke", folder, "--member", MEMBER, "--json").json == {"seq": 1}
    assert isthmus("federation", "show", folder, "--json").json["members"][0]["active"] is False
    certificate = ministry.settings.parent / "keys" / "tls.crt"
    assert isthmus("federation", "revoke", folder, "--certificate", certificate, "--json").json == {"seq": 2}
    assert isthmus("federation", "publish", folder).code == 0


@pytest.mark.parametrize(
    "text",
    ["", "- code\n", "- {code: a}\n", "- {code: a, title: 1}\n", "[", "- {code: b, title: B, parent: a}\n"],
)
def test_federation_create__wrong_purposes__are_named(
    isthmus: Isthmus, ministry: Ministry, tmp_path: Path, text: str
) -> None:
    """A list of purposes that is none makes no instance."""
    purposes = tmp_path / "purposes.yaml"
    purposes.write_text(text)
    said = isthmus(
        "federation",
        "create",
        tmp_path / "r",
        "--instance",
        "LM",
        "--ca",
        ministry.sandbox.authority,
        "--purposes",
        purposes,
    )
    assert said.code == 4
    assert "purposes.yaml" in said.err


def test_federation_show__not_a_registrar(isthmus: Isthmus, tmp_path: Path) -> None:
    """A folder that is no registrar's, and an address where nobody is, are told apart."""
    assert isthmus("federation", "show", tmp_path).code == 4
    assert isthmus("federation", "show", "--url", "http://127.0.0.1:1", "--root", tmp_path / "none").code == 4


def test_federation_record__printed_without_address(isthmus: Isthmus, ministry: Ministry) -> None:
    """Without `--to` the signed record is printed as it is: JSON."""
    said = isthmus("federation", "record", ministry.settings, MEMBER)
    assert said.code == 0
    assert said.json["payload"]
    assert isthmus("federation", "record", ministry.settings, "LM/GOV/NONE").code == 4


def test_verify__no_bundle(isthmus: Isthmus, tmp_path: Path) -> None:
    """A file that is no bundle fails the verification; a missing one is usage."""
    (tmp_path / "b.zip").write_bytes(b"not a zip")
    assert isthmus("verify", tmp_path / "b.zip", "--json").json["error"]["code"] == 1
    assert isthmus("verify", tmp_path / "b.zip").code == 1
    assert isthmus("verify", tmp_path / "none.zip").code == 2
