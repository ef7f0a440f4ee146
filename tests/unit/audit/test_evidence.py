"""Evidence bundles: contents, and README commands that really run."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

import orjson
import pytest

from audit import AuditLog, NotLogged, PendingEntry
from audit.errors import Malformed
from audit.evidence import collect, write_bundle
from tests.unit.audit import evidence_kit as kit
from tests.unit.audit.conftest import GATEWAY, SIGNER, an_entry

FEDERATION = {"log-keys.json": orjson.dumps({GATEWAY: SIGNER.verifier.format()})}


@pytest.fixture
async def bundle(log: AuditLog, tmp_path: Path) -> Path:
    """A bundle of one answered exchange."""
    authority = kit.issue("Lumeria sandbox CA")
    asker, giver = (kit.issue(f"isthmus://{m}", authority) for m in ("LM/GOV/MSW", "LM/GOV/CRO"))
    request = kit.sign(asker, kit.request_claims())
    answer = kit.sign(giver, kit.answer_claims(request))
    await kit.log_exchange(log, request, answer)
    certificates = {"ca.pem": authority.pem, "msw.pem": asker.pem, "cro.pem": giver.pem}
    path = tmp_path / "evidence.zip"
    write_bundle(
        path, [await collect(log.reader, kit.EXCHANGE)], certificates=certificates, federation=FEDERATION
    )
    return path


async def test_write__answered_exchange__holds_the_contract_s_files(bundle: Path) -> None:
    """The names of DESIGN section 8, and no body."""
    with zipfile.ZipFile(bundle) as opened:
        names = set(opened.namelist())
        assert all(kit.BODY not in opened.read(name) for name in names)
    inside = {name.partition("/")[2] for name in names if name.startswith(kit.EXCHANGE)}
    assert inside == {
        "request.jws",
        "answer.jws",
        "request.head",
        "answer.head",
        "entry.bin",
        "opening.json",
        "receipt.tlog-proof",
    }
    assert names >= {"README.txt", "federation/log-keys.json", "certificates/ca.pem"}


def paste(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a plain shell."""
    return subprocess.run(
        ["sh", "-eu", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.system
async def test_readme__its_commands__verify_everything_with_stock_tools(bundle: Path, tmp_path: Path) -> None:
    """Pasted into a shell as they stand, without Isthmus."""
    with zipfile.ZipFile(bundle) as opened:
        opened.extractall(tmp_path / "b")
    readme = (tmp_path / "b" / "README.txt").read_text("utf-8")
    commands = re.search(r"--- 0\..*?\n(.*)\nWhat these files cannot", readme, re.DOTALL)
    assert commands is not None
    script = re.sub(r"^--- .*$", "", commands[1], flags=re.MULTILINE)
    run = paste(script, tmp_path / "b")
    assert run.stderr == ""
    lines = [line.strip() for line in run.stdout.splitlines()]
    for kind, member, issuer in (("request", "LM/GOV/MSW", kit.ASKED), ("answer", "LM/GOV/CRO", kit.GAVE)):
        assert f"{kind} signature: Verified OK" in lines
        assert f"{kind} certificate: work/{kind}.pem: OK" in lines
        assert f"{kind} head: OK" in lines
        assert f"URI:isthmus://{member}" in lines
        assert issuer in lines
    for line in (
        "binding: OK",
        "entry: OK",
        "case: OK",
        "inclusion: OK",
        "checkpoint: Signature Verified Successfully",
        "timestamp: absent",
    ):
        assert line in lines


async def test_collect__erased_case__keeps_entry_and_receipt_only(log: AuditLog) -> None:
    """What was erased cannot be handed out any more; that it happened can be proven still."""
    request = kit.sign(kit.issue("isthmus://LM/GOV/MSW", kit.issue("ca")), kit.request_claims())
    index = await kit.log_exchange(log, request, None)
    for i in (index - 1, index):
        await log.erase(i, PendingEntry(an_entry(f"e{i}", kind="erased", side=None)))
    assert set((await collect(log.reader, kit.EXCHANGE)).files) == {"entry.bin", "receipt.tlog-proof"}


async def test_collect__unknown_exchange_or_side__is_not_logged(log: AuditLog) -> None:
    """There is no evidence of what did not happen."""
    await log.append(PendingEntry(an_entry("x")))
    for exchange, side in (("y", None), ("x", "asking")):
        with pytest.raises(NotLogged):
            await collect(log.reader, exchange, side)  # type: ignore[arg-type]


async def test_write__without_log_keys_or_exchanges__is_refused(log: AuditLog, tmp_path: Path) -> None:
    """A bundle that nobody could verify is not written."""
    await log.append(PendingEntry(an_entry("x")))
    evidence = await collect(log.reader, "x")
    with pytest.raises(Malformed):
        write_bundle(tmp_path / "b.zip", [evidence], certificates={}, federation={})
    with pytest.raises(Malformed):
        write_bundle(tmp_path / "b.zip", [], certificates={}, federation=FEDERATION)
