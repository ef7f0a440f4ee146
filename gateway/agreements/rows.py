"""The rows of agreements: what acts write (in the transaction of their entry), and how they are read.

Tables: `gateway.storage.tables.agreements`. Adding what is there already changes nothing, so that a message
that comes twice does no harm. Every act also adds a row to `agreement_change`; acts are put in order by the
log's lock, so its numbers have no gaps that could fill up later.
"""

# ruff: noqa: S608  every text here is a constant of this file
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.store import Store, Write
from gateway.agreements.documents import Key, Message
from gateway.agreements.signatures import Signature
from schemas.identifiers import MemberId
from schemas.strict_json import dump

_SAME: Final = "x.holder = v.holder AND x.counterpart = v.counterpart AND x.id = v.id"
_AT: Final = "holder = $1 AND counterpart = $2 AND id = $3"

_CHANGED: Final = (
    "INSERT INTO agreement_change (seq, holder, counterpart, id)"
    " SELECT coalesce(max(seq), 0) + 1, $1, $2, $3 FROM agreement_change"
)
_KEEP_VERSION: Final = (
    "INSERT INTO agreement_version (holder, counterpart, id, version, document, kept_at)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
)
_KEEP_SIGNATURE: Final = (
    "INSERT INTO agreement_signature (holder, counterpart, id, version, signer, jws, certificate, kept_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
)
_KEEP_REVOCATION: Final = (
    "INSERT INTO agreement_revocation"
    " (holder, counterpart, id, version, signer, document, jws, certificate, kept_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
)
_DELIVER: Final = (
    "INSERT INTO agreement_delivery"
    " (delivery, holder, counterpart, id, version, client, typ, body, next_at, attempts)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)"
)
_WITHDRAW: Final = f"DELETE FROM agreement_delivery WHERE {_AT}"
_VERSIONS: Final = (
    "SELECT v.version, v.document, v.kept_at, x.signer, x.jws, x.certificate FROM agreement_version v"
    f" JOIN agreement_signature x ON {_SAME} AND x.version = v.version"
    " WHERE v.holder = $1 AND v.counterpart = $2 AND v.id = $3 ORDER BY v.version, x.signer"
)
_REVOKED: Final = f"SELECT coalesce(max(version), 0) FROM agreement_revocation WHERE {_AT}"
_REVOCATIONS: Final = (
    "SELECT version, signer, document, jws, certificate, kept_at FROM agreement_revocation"
    f" WHERE {_AT} ORDER BY version, signer"
)
_KEYS: Final = (
    "SELECT DISTINCT holder, counterpart, id FROM agreement_version ORDER BY id, holder, counterpart"
)
_PENDING: Final = (
    "SELECT count(*) FROM agreement_version v WHERE v.holder = $1 AND v.counterpart = $2 AND NOT EXISTS"
    f" (SELECT 1 FROM agreement_signature x WHERE {_SAME} AND x.version = v.version AND x.signer = v.holder)"
    f" AND NOT EXISTS (SELECT 1 FROM agreement_revocation x WHERE {_SAME} AND x.version >= v.version)"
)
_WAITING: Final = (
    f"SELECT version, typ, attempts, refused FROM agreement_delivery WHERE {_AT} ORDER BY next_at"
)
PAGE: Final = 500
"""Versions that are read at a time when all are."""
_BOTH_SIGNED: Final = (
    "SELECT v.holder, v.counterpart, v.id, v.version, v.document, h.jws, h.certificate, o.jws, o.certificate,"
    f" (SELECT coalesce(max(x.version), 0) FROM agreement_revocation x WHERE {_SAME})"
    " FROM agreement_version v"
    " JOIN agreement_signature h ON h.holder = v.holder AND h.counterpart = v.counterpart AND h.id = v.id"
    " AND h.version = v.version AND h.signer = v.holder"
    " JOIN agreement_signature o ON o.holder = v.holder AND o.counterpart = v.counterpart AND o.id = v.id"
    " AND o.version = v.version AND o.signer = v.counterpart"
)
_NEXT_PAGE: Final = (
    f"{_BOTH_SIGNED} WHERE (v.holder, v.counterpart, v.id, v.version) > ($1, $2, $3, $4)"
    f" ORDER BY v.holder, v.counterpart, v.id, v.version LIMIT {PAGE}"
)
_BOTH_OF_ONE: Final = f"{_BOTH_SIGNED} WHERE v.holder = $1 AND v.counterpart = $2 AND v.id = $3"
_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM agreement_change"
_CHANGES: Final = "SELECT DISTINCT holder, counterpart, id FROM agreement_change WHERE seq > $1 AND seq <= $2"


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it is kept: the document, and the signatures by member."""

    number: int
    document: str
    kept_at: int
    signatures: dict[MemberId, tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class KeptRevocation:
    """One side's signed revocation as it is kept."""

    version: int
    signer: MemberId
    document: str
    jws: str
    certificate: bytes
    kept_at: int


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that a hosted member holds about one agreement. `revoked` is the highest version that
    was revoked, 0 if none was; `undelivered` what the other side has not taken: (typ, attempts, refusal)."""

    key: Key
    versions: tuple[Version, ...]
    revoked: int
    revocations: tuple[KeptRevocation, ...] = ()
    undelivered: tuple[tuple[str, int, str | None], ...] = ()

    def version(self, number: int) -> Version | None:
        """One version, or None."""
        return next((one for one in self.versions if one.number == number), None)

    @property
    def in_force(self) -> int:
        """The highest version that both signed, 0 if none or if it was revoked."""
        signed = max((v.number for v in self.versions if v.signatures.keys() >= self.key.parties), default=0)
        return signed if signed > self.revoked else 0

    @property
    def highest(self) -> int:
        """The highest number used up: signed by both, or revoked."""
        return max(self.in_force, self.revoked)


async def read_held(store: Store, key: Key) -> Held:
    """One agreement of one holder; without versions if it is not known."""
    at = (str(key.holder), str(key.counterpart), key.id)
    versions: dict[int, Version] = {}
    for number, document, kept_at, signer, jws, certificate in await store.rows(_VERSIONS, *at):
        version = versions.setdefault(number, Version(number, document, kept_at, {}))
        version.signatures[MemberId.parse(signer)] = (jws, bytes(certificate))
    revoked = (await store.rows(_REVOKED, *at))[0][0]
    revocations = tuple(
        KeptRevocation(number, MemberId.parse(signer), document, jws, bytes(certificate), kept_at)
        for number, signer, document, jws, certificate, kept_at in await store.rows(_REVOCATIONS, *at)
    )
    waiting = tuple((typ, tries, refused) for _, typ, tries, refused in await store.rows(_WAITING, *at))
    return Held(key, tuple(versions.values()), revoked, revocations, waiting)


async def read_keys(store: Store) -> list[Key]:
    """Every agreement that a member hosted here holds, by id."""
    rows = await store.rows(_KEYS)
    return [Key(MemberId.parse(holder), MemberId.parse(other), name) for holder, other, name in rows]


async def count_pending(store: Store, holder: MemberId, counterpart: MemberId) -> int:
    """How many proposals of the counterpart wait for the holder."""
    return int((await store.rows(_PENDING, str(holder), str(counterpart)))[0][0])


async def newest_change(store: Store) -> int:
    """The number of the newest change."""
    return int((await store.rows(_NEWEST))[0][0])


async def read_changes(store: Store, after: int, until: int) -> list[tuple[Any, ...]]:
    """What changed after one number and until another: (holder, counterpart, id)."""
    return await store.rows(_CHANGES, after, until)


async def read_page(store: Store, after: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The next versions that both signed, after (holder, counterpart, id, version): these four, document,
    the holder's signature and certificate, the counterpart's, and the highest version revoked."""
    return await store.rows(_NEXT_PAGE, *after)


async def read_both_signed(store: Store, one: str, other: str, name: str) -> list[tuple[Any, ...]]:
    """As `read_page`, all of one agreement, whichever of its members hold it here."""
    rows = await store.rows(_BOTH_OF_ONE, one, other, name)
    return rows if one == other else rows + await store.rows(_BOTH_OF_ONE, other, one, name)


def keep_version(key: Key, version: int, document: str, now: int) -> Write:
    """Keep a version's document; a second one of the same number fails the whole act."""
    return _KEEP_VERSION, (*_at(key), version, document, now)


def keep_signatures(key: Key, version: int, signatures: Sequence[Signature], now: int) -> list[Write]:
    """Keep signatures, and tell every node."""
    kept: list[Write] = [
        (_KEEP_SIGNATURE, (*_at(key), version, str(one.signer), one.jws, one.certificate, now))
        for one in signatures
    ]
    return [*kept, (_CHANGED, _at(key))]


def keep_revocation(key: Key, document: str, signature: Signature, version: int, now: int) -> list[Write]:
    """Keep a revocation, and tell every node."""
    values: tuple[Any, ...] = (
        *_at(key), version, str(signature.signer), document, signature.jws, signature.certificate, now,
    )  # fmt: skip
    return [(_KEEP_REVOCATION, values), (_CHANGED, _at(key))]


def deliver(delivery: str, key: Key, version: int, client: str, message: Message, now: int) -> Write:
    """Have a message carried to the other member."""
    body = dump(message.as_json()).decode()
    return _DELIVER, (delivery, *_at(key), version, client, message.typ, body, now)


def withdraw_deliveries(key: Key) -> Write:
    """What was not delivered before a revocation shall not arrive after it."""
    return _WITHDRAW, _at(key)


def _at(key: Key) -> tuple[str, str, str]:
    return str(key.holder), str(key.counterpart), key.id
