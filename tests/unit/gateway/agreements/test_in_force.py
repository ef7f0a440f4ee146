"""Which agreement counts: versions and time, both members' copies, many of them, and broken rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from audit.store_sqlite import SqliteStore
from gateway.agreements import rows
from gateway.agreements.documents import (
    AGREEMENT_CTY,
    REVOCATION_CTY,
    Key,
    Revocation,
    read_document,
    write_document,
)
from gateway.agreements.in_force import InForce
from gateway.agreements.signatures import Signature, sign
from gateway.storage.migrate import migrate
from gateway.trust.jws import StatementSigner
from gateway.trust.pki import SandboxAuthority
from schemas.errors import FederationUnavailable
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from tests.unit.policies.test_agreement_diff import DOCUMENT

MSW, TAX = MemberId.parse("LM/GOV/MSW"), MemberId.parse("LM/GOV/TAX")
CLIENT, BAND = SubsystemId.parse("LM/GOV/MSW/cash-transfer"), ServiceId.parse("LM/GOV/TAX/income/band")
AUTHORITY = SandboxAuthority.create()
CREDENTIALS = {member: AUTHORITY.issue_signing(f"isthmus://{member}") for member in (MSW, TAX)}
STRANGER = SandboxAuthority.create().issue_signing(f"isthmus://{TAX}")
AT = int(CREDENTIALS[MSW].certificate.not_valid_before_utc.timestamp()) + 7200
NOW = read_document(write_document(DOCUMENT)).valid_from + 1000


def signature(document: str, member: MemberId, credential=None, cty: str = AGREEMENT_CTY) -> Signature:
    """A member's signature."""
    credential = credential or CREDENTIALS[member]
    der = credential.certificate.public_bytes(Encoding.DER)
    return sign(document, cty, member, StatementSigner(credential.key, der), der, AT)


class Database:
    """Rows as acts write them, without the acts."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.authorities = (AUTHORITY.credential.certificate_pem.decode(),)
        self.in_force = InForce(lambda: self.authorities)

    async def keep(
        self, *signers: MemberId, holder: MemberId = TAX, forged: MemberId | None = None, **changes: Any
    ) -> None:
        """Keep a version with signatures."""
        value = {**DOCUMENT, **changes}
        document = write_document(value)
        key = Key(holder, MSW if holder == TAX else TAX, value["id"])
        signatures = [
            signature(document, member, STRANGER if member == forged else None)
            for member in signers or (MSW, TAX)
        ]
        writes = [rows.keep_version(key, value["version"], document, AT)]
        for sql, values in writes + rows.keep_signatures(key, value["version"], signatures, AT):
            await self.store.execute(sql, *values)

    async def revoke(self, version: int, holder: MemberId = TAX) -> None:
        """Keep a revocation of the first agreement."""
        document = Revocation(DOCUMENT["id"], version, CLIENT, BAND.provider, MSW, AT, "").write()
        key = Key(holder, MSW if holder == TAX else TAX, DOCUMENT["id"])
        signed = signature(document, MSW, cty=REVOCATION_CTY)
        for sql, values in rows.keep_revocation(key, document, signed, version, AT):
            await self.store.execute(sql, *values)

    async def found(self, now: int = NOW) -> tuple[str, int, str] | None:
        """What counts at a moment: id, version, status."""
        await self.in_force.follow(self.store, now)
        one = self.in_force.find(CLIENT, BAND)
        return None if one is None else (one.id, one.version, one.status)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    await migrate(f"sqlite:///{tmp_path / 'gateway.db'}")
    store = SqliteStore(tmp_path / "gateway.db")
    await store.open()
    yield Database(store)
    await store.close()


async def test_versions__both_signed__the_highest_that_has_begun(database):
    """A version that begins later takes over by itself, at its moment."""
    await database.keep()
    assert await database.found() == ("msw-tax", 1, "active")
    await database.keep(version=2, valid_from="2026-06-01")
    assert await database.found() == ("msw-tax", 1, "active")
    later = NOW + 200 * 86_400
    assert await database.found(later) == ("msw-tax", 2, "active")


async def test_versions__one_signature__does_not_count(database):
    """Neither the first version nor the next."""
    await database.keep(MSW)
    assert await database.found() is None
    await database.keep(TAX, version=2)
    assert await database.found() is None
    await database.keep(version=3)
    await database.keep(MSW, version=4)
    assert await database.found() == ("msw-tax", 3, "active")


async def test_signature__of_no_authority__does_not_count(database):
    """Its own certificate makes nobody a member; only what a federation's authority vouched for does."""
    await database.keep(forged=TAX)
    assert await database.found() is None
    database.authorities = (SandboxAuthority.create().credential.certificate_pem.decode(),)
    await database.keep(id="other")
    assert await database.found() is None


async def test_authorities__unknown_yet__nothing_is_believed_and_later_it_is(database):
    """Without a federation there is nobody to believe."""
    await database.keep()
    known, database.in_force = database.authorities, InForce(lambda: raise_unavailable())
    assert await database.found() is None
    database.in_force._authorities = lambda: known
    assert await database.found() == ("msw-tax", 1, "active")
    database.in_force._authorities = raise_unavailable
    assert await database.found() == ("msw-tax", 1, "active")


def raise_unavailable():
    """A federation that ran out."""
    raise FederationUnavailable


async def test_revoked__stays_so_until_a_newer_version(database):
    """A revocation ends all versions so far, and no later one."""
    await database.keep()
    await database.keep(version=2)
    await database.revoke(2)
    assert await database.found() == ("msw-tax", 2, "revoked")
    await database.keep(version=3)
    assert await database.found() == ("msw-tax", 3, "active")


async def test_two_holders__one_revoked__it_is_over(database):
    """Both members on one gateway: whoever revokes, ends it, before the other one was told."""
    await database.keep()
    await database.keep(holder=MSW)
    assert await database.found() == ("msw-tax", 1, "active")
    await database.revoke(1, holder=MSW)
    assert await database.found() == ("msw-tax", 1, "revoked")


async def test_two_agreements__one_over__the_other_counts(database):
    """What ended does not stand in the way of what is in force."""
    await database.keep()
    await database.revoke(1)
    await database.keep(id="a-new-one")
    assert await database.found() == ("a-new-one", 1, "active")


async def test_many__more_than_a_page__all_found_and_nothing_read_twice(database):
    """Pages join without a gap; a change reads only what changed."""
    count = 3 * 5 + 2
    rows_page, rows.PAGE = rows.PAGE, 5
    query = rows._NEXT_PAGE
    rows._NEXT_PAGE = query.replace(f"LIMIT {rows_page}", "LIMIT 5")
    try:
        for number in range(count):
            await database.keep(id=f"a-{number:02}", client=f"LM/GOV/MSW/s-{number}")
        await database.in_force.follow(database.store, NOW)
    finally:
        rows.PAGE, rows._NEXT_PAGE = rows_page, query
    assert len(list(database.in_force.signed())) == count
    assert all(database.in_force.find(SubsystemId.parse(f"LM/GOV/MSW/s-{n}"), BAND) for n in range(count))
    assert not await database.in_force.follow(database.store, NOW)
    await database.keep()
    assert await database.in_force.follow(database.store, NOW)
    assert len(list(database.in_force.signed())) == count + 1


async def test_row__no_agreement_or_of_another_id__does_not_count(database):
    """What stands in a database is not believed to have a form."""
    await database.keep()
    await database.store.execute("UPDATE agreement_version SET id = 'renamed'")
    await database.store.execute("UPDATE agreement_signature SET id = 'renamed'")
    assert await database.found() is None
