"""`python -m benchmarks.agreements`: what many agreements cost: to load, to hold, to find, to decide by.

Each size is a process of its own over a SQLite database of its own: agreements that two members signed,
each of its own client, as officers' acts would have left them. Loading verifies both signatures of each.
Finding and deciding are asked of clients drawn at random; decisions are not remembered. Medians of 5 rounds.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from audit.store_sqlite import SqliteStore
from gateway.agreements.documents import AGREEMENT_CTY, write_document
from gateway.agreements.in_force import InForce
from gateway.storage.migrate import migrate
from gateway.trust.detached import sign_detached
from gateway.trust.jws import StatementSigner
from gateway.trust.pki import Credential, SandboxAuthority
from policies.regorus_engine import RegorusEngine
from schemas.decision import DecisionInput
from schemas.identifiers import ServiceId, SubsystemId

SIZES: Final = (10, 500, 10_000)
ROUNDS: Final = 5
ASKED: Final = 200
_MEMBERS: Final = ("LM/GOV/MSW", "LM/GOV/TAX")
_SERVICE: Final = "LM/GOV/TAX/income/band"
_PURPOSE: Final = "social-assistance.eligibility"


def main() -> int:
    """Measure every size, print a table."""
    print("| agreements | load, s | memory, MiB more | find, µs | find and decide, ms |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        measured = json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.agreements", str(size)], check=True, capture_output=True
            ).stdout
        )
        print(
            f"| {size:,} | {measured['load_s']:.2f} | {measured['memory_mib']:.1f} "
            f"| {measured['find_us']:.2f} | {measured['decide_ms']:.3f} |"
        )
    return 0


async def measure(size: int) -> dict[str, float]:
    """Fill a database, load it, ask it."""
    authority = SandboxAuthority.create()
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        path = Path(folder) / "gateway.db"
        await migrate(f"sqlite:///{path}")
        _fill(path, size, [authority.issue_signing(f"isthmus://{member}") for member in _MEMBERS])
        store = SqliteStore(path)
        await store.open()
        engine = RegorusEngine()
        in_force = InForce(lambda: (authority.credential.certificate_pem.decode(),))
        before, began = _memory_mib(), time.perf_counter()
        await in_force.follow(store, int(time.time()))
        load_s, memory = time.perf_counter() - began, _memory_mib() - before
        found = [_find(in_force, size) for _ in range(ROUNDS)]
        decided = [await _decide(in_force, engine, size) for _ in range(ROUNDS)]
        await store.close()
    return {
        "load_s": load_s, "memory_mib": memory,
        "find_us": statistics.median(found) * 1e6, "decide_ms": statistics.median(decided) * 1e3,
    }  # fmt: skip


def _fill(path: Path, size: int, credentials: list[Credential]) -> None:
    """Write the rows that acts would have written."""
    now = int(time.time()) + 1
    ders = [one.certificate.public_bytes(Encoding.DER) for one in credentials]
    signers = [StatementSigner(one.key, der) for one, der in zip(credentials, ders, strict=True)]
    with sqlite3.connect(path) as connection:
        for number in range(size):
            key = (_MEMBERS[1], _MEMBERS[0], f"a-{number}", 1)
            document = write_document(_content(number))
            connection.execute(
                "INSERT INTO agreement_version VALUES (?, ?, ?, ?, ?, ?)", (*key, document, now)
            )
            for member, signer, der in zip(_MEMBERS, signers, ders, strict=True):
                jws = sign_detached(signer, document.encode(), AGREEMENT_CTY, now)
                connection.execute(
                    "INSERT INTO agreement_signature VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*key, member, jws, der, now),
                )
    connection.close()


def _content(number: int) -> dict[str, Any]:
    terms = {
        "service": _SERVICE, "purposes": [_PURPOSE, "social-assistance.review"],
        "legal_bases": ["public_task"], "fields": ["income_band", "tax_year"],
        "default_purpose": _PURPOSE, "default_legal_basis": "public_task",
        "predicates": [{"field": "income_band", "op": "in", "value": ["none", "low"]}],
        "quota": [{"at_most": 1000, "per": "day"}], "repeats": {"at_most": 3, "per": "day"},
    }  # fmt: skip
    return {
        "id": f"a-{number}", "version": 1, "client": str(_client(number)), "provider": "LM/GOV/TAX/income",
        "status": "active", "valid_from": "2020-01-01", "valid_until": "2100-01-01", "services": [terms],
        "title": f"Income bands for office {number}",
    }  # fmt: skip


def _client(number: int) -> SubsystemId:
    return SubsystemId.parse(f"{_MEMBERS[0]}/office-{number}")


def _asked(size: int) -> list[SubsystemId]:
    return [_client(random.randrange(size)) for _ in range(ASKED)]


def _find(in_force: InForce, size: int) -> float:
    """Seconds for one look-up."""
    service, asked = ServiceId.parse(_SERVICE), _asked(size)
    began = time.perf_counter()
    for client in asked:
        in_force.find(client, service)
    return (time.perf_counter() - began) / ASKED


async def _decide(in_force: InForce, engine: RegorusEngine, size: int) -> float:
    """Seconds of CPU for one look-up and one decision."""
    service, asked, now = ServiceId.parse(_SERVICE), _asked(size), int(time.time())
    allowed, began = 0, time.process_time()
    for client in asked:
        agreement = in_force.find(client, service)
        if agreement is not None:
            allowed += (await engine.decide(_question(client, agreement.as_facts(service), now))).allow
    spent = (time.process_time() - began) / ASKED
    if allowed != ASKED:
        raise SystemExit(f"only {allowed} of {ASKED} decisions allowed: this measures nothing")
    return spent


def _question(client: SubsystemId, agreement: dict[str, Any], now: int) -> DecisionInput:
    return DecisionInput(
        now,
        {
            "exchange": {"id": "x", "cid": "x", "unsafe": False, "retry": False},
            "client": {
                "id": str(client), "instance": client.instance, "class": client.member_class,
                "member": client.member_code, "subsystem": client.subsystem,
            },
            "represents": None, "user": None,
            "service": {"id": _SERVICE, "form": "record", "method": "POST", "path": "/"},
            "purpose": _PURPOSE, "legal_basis": "public_task", "agreement": agreement, "consent": None,
            "subject": {"type": "national_id", "relation": "self", "restricted": None, "area": None},
            "fields": ["income_band"], "predicates": [], "usage": {"quota_left": True, "repeats_left": True},
            "emergency": None,
        },
    )  # fmt: skip


def _memory_mib() -> float:
    """The largest that this process has been."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asyncio.run(measure(int(sys.argv[1])))))
    else:
        sys.exit(main())
