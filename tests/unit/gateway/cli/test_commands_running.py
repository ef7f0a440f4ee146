"""Commands beside a running gateway: status, views, the log, evidence and its verification."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.gateway.cli.conftest import MEMBER, SUBSYSTEM, Isthmus, Ministry

NOBODY = "01a204ad-b886-75ef-a63a-67d25ea63b4b"


def test_status__running(isthmus: Isthmus, running: Ministry) -> None:
    """A running gateway says part by part that it is ready."""
    said = isthmus("gateway", "status", f"http://127.0.0.1:{running.ports.admin}", "--json")
    assert said.code == 0
    assert said.json["status"] == "ready"


def test_view_ask__prints_values_with_their_sources(isthmus: Isthmus, running: Ministry) -> None:
    """The table holds value, status and source of each attribute."""
    subject = f"national_id={running.national_id}"
    said = isthmus("view", "ask", running.door, "social-record", subject, "--field", "household_size")
    assert said.code == 0, said.err
    assert f"{SUBSYSTEM}/household" in said.out


def test_view_ask__over_mutual_tls(isthmus: Isthmus, running: Ministry) -> None:
    """With a client certificate the client port answers; without one nobody is reached."""
    certificate, key = (
        running.sandbox.folder / "clients" / f"lm-gov-msw-cash-transfer.{end}" for end in ("crt", "key")
    )
    url, subject = f"https://127.0.0.1:{running.ports.client}", f"national_id={running.national_id}"
    asking = ("view", "ask", url, "social-record", subject, "--field", "household_size", "--json")
    trust = ("--cacert", running.sandbox.authority)
    said = isthmus(*asking, *trust, "--cert", certificate, "--key", key)
    assert said.code == 0, said.out
    assert said.json["attributes"]["household_size"]["status"] == "ok"
    assert isthmus(*asking, *trust).code == 4
    assert isthmus(*asking).code == 4


@pytest.mark.parametrize(
    ("view", "subject", "options"),
    [
        ("nope", "national_id=1", ()),
        ("../admin", "national_id=1", ()),
        ("social-record", "1", ()),
        ("social-record", "national_id=1", ("--purpose", "fun")),
    ],
)
def test_view_ask__client_fault(
    isthmus: Isthmus, running: Ministry, view: str, subject: str, options: tuple[str, ...]
) -> None:
    """What the asker has to change is exit code 2."""
    assert isthmus("view", "ask", running.door, view, subject, *options).code == 2


def test_federation_show__over_the_network(isthmus: Isthmus, running: Ministry) -> None:
    """The published federation is read and verified from a pinned root."""
    said = isthmus("federation", "show", "--url", running.registrar_url, "--root", running.root, "--json")
    assert said.code == 0, said.out
    assert {service["id"] for service in said.json["services"]} == {
        f"{SUBSYSTEM}/{n}" for n in ("benefits", "household")
    }
    nobody = isthmus("federation", "show", "--url", "http://127.0.0.1:1", "--root", running.root)
    assert nobody.code == 3


def test_federation_record__sent_to_the_registrar(isthmus: Isthmus, running: Ministry) -> None:
    """The next version is taken, the same one again is refused with the registrar's words."""
    sending = (
        "federation",
        "record",
        running.settings,
        MEMBER,
        "--version",
        "2",
        "--to",
        running.registrar_url,
    )
    assert isthmus(*sending, "--json").json["version"] == 2
    said = isthmus(*sending)
    assert said.code == 2
    assert "version 3" in said.err


def test_audit_list__filters(isthmus: Isthmus, running: Ministry, asked: Sequence[str]) -> None:
    """Entries are filtered by what they say, the newest first."""
    chosen = ("--side", "asking", "--kind", "outcome", "--service", f"{SUBSYSTEM}/household")
    entries = isthmus("audit", "list", running.settings, *chosen, "--json").json["entries"]
    assert entries
    assert {entry["service"] for entry in entries} == {f"{SUBSYSTEM}/household"}
    assert isthmus("audit", "list", running.settings, "--since", "2100-01-01", "--json").json == {
        "entries": []
    }
    assert running.national_id not in isthmus("audit", "list", running.settings).out
    assert isthmus("audit", "list", running.settings, "--kind", "nope").code == 2


def test_audit_show__a_look_up_is_an_entry(isthmus: Isthmus, running: Ministry, asked: Sequence[str]) -> None:
    """Entries are shown as they are; opening their cases is logged, before, with who did it."""
    lookups = ("audit", "list", running.settings, "--kind", "lookup", "--json")
    before = len(isthmus(*lookups).json["entries"])
    shown = isthmus("audit", "show", running.settings, asked[0], "--json").json["entries"]
    assert "opened" not in shown[0]
    assert len(isthmus(*lookups).json["entries"]) == before
    opened = isthmus("audit", "show", running.settings, asked[0], "--open-case", "--json").json["entries"]
    assert opened[0]["opened"]["subjects"]
    newest = isthmus(*lookups).json["entries"][0]
    assert (newest["action"], newest["about"]) == ("case.opened", opened[0]["index"])
    assert len(isthmus(*lookups).json["entries"]) == before + 1


def test_audit_show__unknown(isthmus: Isthmus, running: Ministry) -> None:
    """No such exchange, or no id at all, is exit code 2, and no look-up is logged for it."""
    assert isthmus("audit", "show", running.settings, NOBODY).code == 2
    assert isthmus("audit", "show", running.settings, NOBODY, "--open-case").code == 2
    assert isthmus("audit", "show", running.settings, "nobody").code == 2


def test_audit_show__look_up_cannot_be_logged__nothing_opened(
    isthmus: Isthmus, running: Ministry, asked: Sequence[str], tmp_path: Path
) -> None:
    """No entry, no case: where the log refuses to be written, the case stays closed."""
    settings = _copy_of(running, tmp_path)
    with closing(sqlite3.connect(tmp_path / "g" / "gateway.db")) as database:
        refuse = "BEGIN SELECT RAISE(ABORT, 'read only'); END"
        database.execute(f"CREATE TRIGGER no_entries BEFORE INSERT ON log_entry {refuse}")
        database.commit()
    said = isthmus("audit", "show", settings, asked[0], "--open-case", "--json")
    assert said.code == 4
    assert "opened" not in said.out
    assert isthmus("audit", "evidence", settings, asked[0], "--out", tmp_path / "e.zip").code == 4
    assert not (tmp_path / "e.zip").exists()


def test_audit_verify__names_the_altered_entry(
    isthmus: Isthmus, running: Ministry, asked: Sequence[str], tmp_path: Path
) -> None:
    """An honest log verifies with its cases; one altered entry is named, with exit code 1."""
    assert isthmus("audit", "verify", running.settings, "--kek", "--json").json["ok"]
    settings = _copy_of(running, tmp_path)
    with closing(sqlite3.connect(tmp_path / "g" / "gateway.db")) as database:
        forging = "UPDATE log_entry SET record = CAST(replace(record, 'answered', 'refused!') AS BLOB) WHERE idx = ?"
        (index,) = database.execute(
            "SELECT max(idx) FROM log_entry WHERE exchange = ? AND kind = 'outcome'", (asked[0],)
        ).fetchone()
        database.execute(forging, (index,))
        database.commit()
    said = isthmus("audit", "verify", settings, "--json")
    assert said.code == 1
    assert ("entry.altered", index) in {(one["code"], one["index"]) for one in said.json["findings"]}
    assert isthmus("audit", "show", settings, asked[0], "--open-case").code in {1, 4}


def test_audit_verify__a_head_kept_elsewhere(
    isthmus: Isthmus, running: Ministry, asked: Sequence[str], tmp_path: Path
) -> None:
    """A receipt's head that others kept is compared too."""
    head = tmp_path / "head.txt"
    head.write_text(isthmus("audit", "receipt", running.settings, asked[0]).out.partition("\n\n")[2])
    with_head = isthmus("audit", "verify", running.settings, "--head", head, "--json")
    assert with_head.code == 0
    head.write_text(head.read_text().replace("isthmus/", "other/"))
    assert isthmus("audit", "verify", running.settings, "--head", head).code == 1


def test_evidence__is_verified_and_falsified(
    isthmus: Isthmus, running: Ministry, asked: Sequence[str], tmp_path: Path
) -> None:
    """A bundle of several exchanges passes every check beside a running gateway; a foreign body fails."""
    bundle = tmp_path / "evidence.zip"
    assert isthmus("audit", "receipt", running.settings, asked[0]).out.startswith("c2sp.org/tlog-proof@v1")
    assert isthmus("audit", "evidence", running.settings, *asked, "--out", bundle, "--json").code == 0
    assert bundle.stat().st_mode & 0o077 == 0
    said = isthmus("verify", bundle, "--json")
    assert said.code == 0, said.out
    passed = {check["name"] for check in said.json["checks"] if check["status"] == "pass"}
    assert {"request.signer", "answer.signer", "answer.binding", "case", "receipt"} <= passed
    foreign = tmp_path / "body"
    foreign.write_bytes(b"another body")
    assert isthmus("verify", bundle, "--body", foreign).code == 1
    assert isthmus("audit", "evidence", running.settings, NOBODY, "--out", tmp_path / "n.zip").code == 2


def _copy_of(running: Ministry, tmp_path: Path) -> Path:
    """A copy of the running gateway's folder, its log as it stands now."""
    home = running.settings.parent
    shutil.copytree(home, tmp_path / "g", ignore=shutil.ignore_patterns("gateway.db*", "federation"))
    with (
        closing(sqlite3.connect(home / "gateway.db")) as old,
        closing(sqlite3.connect(tmp_path / "g" / "gateway.db")) as new,
    ):
        old.backup(new)
    return tmp_path / "g" / running.settings.name
