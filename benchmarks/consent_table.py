"""Consents of an issuer at the provider's own gateway: loading the table, and checking one of many."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import AuditLog
from audit.note import Signer
from audit.store_sqlite import SqliteStore
from audit.subject_tag import SubjectTags, subject_tag
from benchmarks import machine
from benchmarks.report import say
from gateway.consent import rows
from gateway.consent.checking import ConsentChecker
from gateway.consent.issuing import TokenIssuer
from gateway.consent.record import ConsentRecord, Notice, Scope, State, Wish
from gateway.consent.status import OwnStatus
from gateway.consent.store import Consents
from gateway.consent.uses import Uses
from gateway.consent.vault import ConsentVault
from gateway.exchange.consent import consent_reference
from gateway.storage.migrate import migrate
from gateway.trust.jws import StatementSigner
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId, SubsystemId
from schemas.record import Subject
from schemas.statement import BodyDigest, HeadDigest, RequestStatement

ISSUER: Final = MemberId.parse("LM/GOV/NIA")
CLIENT: Final = SubsystemId.parse("LM/GOV/MSW/cash-transfer")
PROVIDER: Final = SubsystemId.parse("LM/GOV/NIA/identity")
PURPOSE: Final = "social-assistance"
DAY: Final = 24 * 3600
CHUNK: Final = 5_000
_ASKED: Final = 1_000
"""Questions per figure."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Wall time of one thing, one value per time it was done, in microseconds."""

    name: str
    times_us: list[float]


@dataclass(frozen=True, slots=True)
class Filled:
    """One size of the table. `resident_mib` is this process's, after the questions."""

    consents: int
    load_s: float
    file_mib: float
    resident_mib: float
    found: list[Timed]


@dataclass(slots=True)
class Table:
    """A gateway's consents over one SQLite file."""

    path: Path
    consents: Consents
    tokens: TokenIssuer
    checker: ConsentChecker
    size: int = 0

    @classmethod
    async def open(cls, path: Path) -> Table:
        """Make the file and everything over it."""
        await migrate(f"sqlite:///{path}")
        store, kek = SqliteStore(path), os.urandom(32)
        log = AuditLog(store, Signer("isthmus/LM/GOV/NIA/gw1", Ed25519PrivateKey.generate()), kek)
        await log.open()
        vault = ConsentVault(store, kek)
        key = generate_private_key(SECP256R1())
        tokens = TokenIssuer(vault, {str(ISSUER): StatementSigner(key, b"bench")})
        status = OwnStatus(store, tokens)
        checker = ConsentChecker(_Listed(key.public_key()), frozenset({ISSUER}), status, status, Uses(store))
        return cls(path, Consents(store, log, vault, SubjectTags(store, kek)), tokens, checker)

    async def fill(self, size: int) -> Filled:
        """Bring the table to that many consents, one per person, and measure."""
        say(f"loading consents up to {size:,}")
        started = time.perf_counter()
        key = await self.consents.vault.key(f"table:{ISSUER}")
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            for first in range(self.size, size, CHUNK):
                connection.execute("BEGIN IMMEDIATE")
                for sql, row in self._writes(key, first, min(first + CHUNK, size)):
                    connection.execute(sql, row)
                connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
        took, self.size = time.perf_counter() - started, size
        found = [await _timed(name, ask) for name, ask in self._questions().items()]
        file_mib = self.path.stat().st_size / 1024**2
        return Filled(size, took, file_mib, machine.resident_mib(os.getpid()), found)

    def _writes(self, key: bytes, first: int, end: int) -> Iterator[tuple[str, tuple[object, ...]]]:
        """The rows that granting would write, without its entries in the log."""
        now, vault = int(time.time()), self.consents.vault
        for number in range(first, end):
            subject = _person(number)
            tag = subject_tag(key, subject.type, subject.value)
            record = ConsentRecord(new_exchange_id(), 1, _wish(subject, now), tag, State.GRANTED, now)
            for sql, row in rows.grant(record, vault.seal(record.key, subject, None), None, "bench"):
                yield sql.replace("$", "?"), row

    def _questions(self) -> dict[str, Callable[[], Awaitable[object]]]:
        async def someone() -> tuple[Subject, ConsentRecord]:
            subject = _person(random.randrange(self.size))
            (record,) = await self.consents.of_subject(ISSUER, subject)
            return subject, record

        async def check_new() -> Callable[[], Awaitable[object]]:
            subject, record = await someone()
            token = await self.tokens.token(record, int(time.time()))
            statement = _statement(token)
            return lambda: self._check(token, statement, subject)

        return {"a person's consents": someone, "check, new token": _prepared(check_new), **self._again()}

    def _again(self) -> dict[str, Callable[[], Awaitable[object]]]:
        known: list[tuple[str, RequestStatement, Subject]] = []

        async def prepare() -> Callable[[], Awaitable[object]]:
            if len(known) < 100:
                subject = _person(random.randrange(self.size))
                (record,) = await self.consents.of_subject(ISSUER, subject)
                token = await self.tokens.token(record, int(time.time()))
                known.append((token, _statement(token), subject))
                await self._check(*known[-1])
            one = known[random.randrange(len(known))]
            return lambda: self._check(*one)

        return {"check, token seen before": _prepared(prepare)}

    async def _check(self, token: str, statement: RequestStatement, subject: Subject) -> None:
        facts = await self.checker.facts(token, statement, subject, deadline=time.monotonic() + 5)
        if facts is None or facts["verified"] is not True:
            raise machine.Missing(f"a good consent was not verified: {facts}")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A directory of one issuer and one key."""

    public_key: EllipticCurvePublicKey

    def listed(self, issuer: MemberId) -> bool:
        return issuer == ISSUER

    def key(self, issuer: MemberId, thumbprint: str) -> EllipticCurvePublicKey | None:
        del issuer, thumbprint
        return self.public_key


_Prepare = Callable[[], Awaitable[Callable[[], Awaitable[object]]]]


def _prepared(prepare: _Prepare) -> Callable[[], Awaitable[object]]:
    """A question with a part that is not timed: what it returns is."""

    async def ready() -> object:
        return await prepare()

    return ready


async def _timed(name: str, ask: Callable[[], Awaitable[object]]) -> Timed:
    """Ask again and again, one after the other."""
    times = []
    for _ in range(_ASKED):
        started = time.perf_counter()
        made = await ask()
        if callable(made):
            started = time.perf_counter()
            await made()
        times.append((time.perf_counter() - started) * 1e6)
    return Timed(name, times)


def _person(number: int) -> Subject:
    return Subject("national_id", f"{number:010}")


def _wish(subject: Subject, now: int) -> Wish:
    scope = Scope(CLIENT, PROVIDER, None, PURPOSE, ("full_name", "birth_date"))
    notice = Notice("bench", 1, "en")
    return Wish(ISSUER, subject, None, scope, now - DAY, now + 365 * DAY, notice)


def _statement(token: str) -> RequestStatement:
    """A request on the ground of that consent."""
    identifier, now = new_exchange_id(), int(time.time())
    return RequestStatement(
        id=identifier, cid=identifier, retry_of=None, iss=str(CLIENT), gw="LM/GOV/MSW/gw1",
        aud=f"{PROVIDER}/person", to="LM/GOV/NIA/gw1", purpose=PURPOSE, purpose_source="client",
        basis="consent", consent=consent_reference(token), user=None, represents=None, issue=None,
        head=HeadDigest.of(b""), body=BodyDigest.of(b"", ""), iat=now, exp=now + 60, snapshot=1,
    )  # fmt: skip
