"""Offline verification: what is right passes, and each single falsification fails its own line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import AuditLog, Signer
from audit.checkpoint import Checkpoint
from audit.errors import Malformed
from audit.evidence import ExchangeEvidence, collect, write_bundle
from audit.merkle import leaf_hash
from audit.proof import Proof
from audit.verify import Report, verify_bundle
from tests.unit.audit import evidence_kit as kit
from tests.unit.audit.conftest import GATEWAY, SIGNER

AUTHORITY = kit.issue("Lumeria sandbox CA")
ASKER, GIVER = (kit.issue(f"isthmus://{m}", AUTHORITY) for m in ("LM/GOV/MSW", "LM/GOV/CRO"))
STRANGER = kit.issue("isthmus://LM/GOV/MSW", kit.issue("A stranger's CA"))
EXPIRED = kit.issue("isthmus://LM/GOV/MSW", AUTHORITY, days=5)
OTHER_LOG = Signer(f"isthmus/{GATEWAY}", Ed25519PrivateKey.generate())
REQUEST = kit.sign(ASKER, kit.request_claims())
ANSWER = kit.sign(GIVER, kit.answer_claims(REQUEST))


@dataclass
class Kit:
    """The parts of a bundle, to be falsified one by one."""

    files: dict[str, bytes]
    certificates: dict[str, bytes]
    federation: dict[str, bytes]
    path: Path
    exchange: str = kit.EXCHANGE

    def write(self) -> Path:
        """Write the bundle."""
        evidence = ExchangeEvidence(self.exchange, self.files)
        write_bundle(self.path, [evidence], certificates=self.certificates, federation=self.federation)
        return self.path

    def verify(self, body: bytes | None = None) -> Report:
        """Write and verify."""
        return verify_bundle(self.write(), body)


async def a_kit(
    log: AuditLog, tmp_path: Path, request: str = REQUEST, answer: str | None = ANSWER, **changes: object
) -> Kit:
    """Log an exchange and return its evidence."""
    await kit.log_exchange(log, request, answer, **changes)
    certificates = {
        "ca.pem": AUTHORITY.pem,
        "msw.pem": ASKER.pem,
        "cro.pem": GIVER.pem,
        "expired.pem": EXPIRED.pem,
        "stranger.pem": STRANGER.pem,
    }
    federation = {"log-keys.json": orjson.dumps({GATEWAY: SIGNER.verifier.format()})}
    evidence = await collect(log.reader, kit.EXCHANGE)
    return Kit(dict(evidence.files), certificates, federation, tmp_path / "b.zip")


def failed(report: Report) -> set[str]:
    """Return the names of the lines that failed."""
    return {check.name for check in report.checks if check.status == "fail"}


def status(report: Report, name: str) -> str:
    """Return the status of one line."""
    return next(check.status for check in report.checks if check.name == name)


async def test_verify__true_evidence__passes_every_line(log: AuditLog, tmp_path: Path) -> None:
    """And says what it could not know."""
    report = (await a_kit(log, tmp_path)).verify(kit.BODY)
    assert report.ok
    passed = {check.name for check in report.checks if check.status == "pass"}
    assert passed == {
        "entry", "request.signature", "request.signer", "request.head", "answer.signature", "answer.signer", "answer.head",
        "answer.binding", "entry.statements", "case", "receipt", "body",
    }  # fmt: skip
    assert {check.name for check in report.checks if check.status == "absent"} == {"trust", "timestamp"}
    assert next(check.text for check in report.checks if check.name == "timestamp") == "not timestamped"


async def test_verify__anchors_from_outside__settle_the_trust(log: AuditLog, tmp_path: Path) -> None:
    """A bundle that brings its own authority convinces only itself."""
    path = (await a_kit(log, tmp_path)).write()
    keys = {GATEWAY: SIGNER.verifier.format()}
    assert status(verify_bundle(path, cas=[AUTHORITY.certificate], log_keys=keys), "trust") == "pass"
    foreign = kit.issue("Another CA").certificate
    assert failed(verify_bundle(path, cas=[foreign], log_keys=keys)) == {"request.signer", "answer.signer"}
    assert failed(verify_bundle(path, log_keys={GATEWAY: OTHER_LOG.verifier.format()})) == {"receipt"}


async def test_verify__no_answer_came__is_absent_not_failed(log: AuditLog, tmp_path: Path) -> None:
    """A failed exchange has evidence too: that it was asked."""
    report = (await a_kit(log, tmp_path, answer=None)).verify()
    assert report.ok
    assert status(report, "answer.signature") == "absent"


async def test_verify__case_erased__entry_and_receipt_still_pass(log: AuditLog, tmp_path: Path) -> None:
    """Nothing personal is left, and the proof holds."""
    made = await a_kit(log, tmp_path)
    made.files = {name: made.files[name] for name in ("entry.bin", "receipt.tlog-proof")}
    report = made.verify()
    assert report.ok
    assert (status(report, "entry"), status(report, "receipt"), status(report, "case")) == (
        "pass",
        "pass",
        "absent",
    )


async def test_verify__another_body__fails(log: AuditLog, tmp_path: Path) -> None:
    """The statement digests the body, salted."""
    assert failed((await a_kit(log, tmp_path)).verify(b'{"name":"Nobody"}')) == {"body"}


def padded(jws: bytes) -> bytes:
    """A signature that lenient decoders accept too."""
    return jws + b"=="


def alg_none(_: bytes) -> bytes:
    """The oldest trick."""
    return jwt.PyJWS().encode(b"{}", None, "none").encode()


def without(_: bytes) -> None:
    """The file is not there."""


def flipped(content: bytes) -> bytes:
    """One bit differs."""
    return content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]


def forged_receipt(_: bytes) -> bytes:
    """A receipt by a log of the same name and another key."""
    record = b"x"
    return (
        Proof(0, (), Checkpoint(f"isthmus/{GATEWAY}", 1, leaf_hash(record)).sign(OTHER_LOG)).format().encode()
    )


@pytest.mark.parametrize(
    ("name", "change", "lines"),
    [
        ("request.jws", flipped, {"request.signature", "case"}),
        ("request.jws", padded, {"request.signature", "case"}),
        ("request.jws", alg_none, {"request.signature", "case"}),
        ("request.jws", without, {"request.signature", "case"}),
        ("answer.jws", flipped, {"answer.signature", "case"}),
        ("answer.jws", without, {"answer.signature", "case"}),
        ("request.head", flipped, {"request.head"}),
        ("answer.head", without, {"answer.head"}),
        ("entry.bin", flipped, {"entry"}),
        ("entry.bin", without, {"entry"}),
        ("entry.bin", lambda entry: entry.replace(b'"answered"', b'"refused"'), {"receipt"}),
        ("opening.json", lambda opening: opening.replace(b"tag", b"gat"), {"case"}),
        ("opening.json", lambda _: b"[]", {"case"}),
        ("receipt.tlog-proof", flipped, {"receipt"}),
        ("receipt.tlog-proof", forged_receipt, {"receipt"}),
        ("receipt.tlog-proof", without, {"receipt"}),
    ],
)
async def test_verify__one_file_falsified__fails_its_line(
    log: AuditLog, tmp_path: Path, name: str, change: Callable[[bytes], bytes | None], lines: set[str]
) -> None:
    """Each file is bound by something."""
    made = await a_kit(log, tmp_path)
    changed = change(made.files.pop(name))
    if changed is not None:
        made.files[name] = changed
    assert failed(made.verify()) == lines


@pytest.mark.parametrize(
    ("request_", "answer", "lines"),
    [
        (kit.sign(STRANGER, kit.request_claims()), None, {"request.signer"}),
        (kit.sign(EXPIRED, kit.request_claims()), None, {"request.signer"}),
        (kit.sign(GIVER, kit.request_claims()), None, {"request.signer"}),
        (kit.sign(ASKER, kit.request_claims(id="other")), None, {"request.head"}),
        (kit.sign(ASKER, kit.request_claims(purpose="other")), None, {"entry.statements"}),
        (kit.sign(ASKER, kit.request_claims(gw="LM/GOV/TAX/gw1")), None, {"receipt"}),
        (REQUEST, kit.sign(GIVER, kit.answer_claims("another.request.jws")), {"answer.binding"}),
        (REQUEST, kit.sign(GIVER, kit.answer_claims(REQUEST, aud="LM/GOV/TAX/income")), {"answer.binding"}),
        (REQUEST, kit.sign(ASKER, kit.answer_claims(REQUEST)), {"answer.signer"}),
        (REQUEST, kit.sign(GIVER, kit.answer_claims(REQUEST, typ="request")), {"answer.head"}),
    ],
)  # fmt: skip
async def test_verify__truly_logged_but_false__fails_its_line(
    log: AuditLog, tmp_path: Path, request_: str, answer: str | None, lines: set[str]
) -> None:
    """A gateway that logged a lie cannot prove it."""
    assert failed((await a_kit(log, tmp_path, request_, answer)).verify()) == lines


async def test_verify__entry_names_another_answer__fails(log: AuditLog, tmp_path: Path) -> None:
    """The entry binds both statements."""
    assert failed((await a_kit(log, tmp_path, ans="A" * 43)).verify()) == {"entry.statements"}


async def test_verify__certificate_expired_since__still_passes(log: AuditLog, tmp_path: Path) -> None:
    """What counts is the time of signing: evidence holds for years."""
    short = kit.issue("isthmus://LM/GOV/MSW", AUTHORITY, days=11)
    made = await a_kit(log, tmp_path, kit.sign(short, kit.request_claims()), None)
    made.certificates["short.pem"] = short.pem
    assert made.verify().ok


async def test_verify__folder_of_another_exchange__fails(log: AuditLog, tmp_path: Path) -> None:
    """True files under a false name prove nothing about that name."""
    made = await a_kit(log, tmp_path)
    made.exchange = "01929b2e-7c00-7000-8000-0000000000bb"
    assert failed(made.verify()) == {"entry", "request.head", "answer.head"}


async def test_verify__no_log_key__fails(log: AuditLog, tmp_path: Path) -> None:
    """A checkpoint without a key proves nothing."""
    made = await a_kit(log, tmp_path)
    made.federation["log-keys.json"] = b"{}"
    assert failed(made.verify()) == {"receipt"}


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100])
def test_verify__not_a_zip__is_malformed(tmp_path: Path, content: bytes) -> None:
    """Bounded before it is believed."""
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(Malformed):
        verify_bundle(tmp_path / "b.zip")


def test_verify__zip_bomb_or_empty__is_malformed(tmp_path: Path) -> None:
    """Sizes are refused before anything is unpacked."""
    for name, content in (("x/entry.bin", bytes(5 * 1024 * 1024)), ("README.txt", b"")):
        with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(name, content)
        with pytest.raises(Malformed):
            verify_bundle(tmp_path / "b.zip")
