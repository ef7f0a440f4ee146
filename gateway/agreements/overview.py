"""Agreements as officers see them: every version with its state and signatures, and what waits.

States of a version: `awaiting_us` (the other member proposed it), `awaiting_them`, `in_force`, `superseded`,
`revoked`, `expired`. Times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.store import Store
from gateway.agreements.documents import AGREEMENT_CTY, Key, Revocation, digest, read_document
from gateway.agreements.expiry import ends_soon
from gateway.agreements.rows import Held, Version, read_held, read_keys
from gateway.trust.detached import read_header
from schemas.agreement import Agreement
from schemas.errors import Conflict, UnknownService
from schemas.identifiers import MemberId


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of one agreement, for a holder."""

    held: Held
    version: Version
    agreement: Agreement
    state: str
    ends_soon: bool

    def as_json(self) -> dict[str, Any]:
        """State, signatures and revocations."""
        key = self.held.key
        return {
            "id": key.id,
            "version": self.version.number,
            "state": self.state,
            "ends_soon": self.ends_soon,
            "holder": str(key.holder),
            "counterpart": str(key.counterpart),
            "client": str(self.agreement.client),
            "provider": str(self.agreement.provider),
            "valid_from": self.agreement.valid_from,
            "valid_until": self.agreement.valid_until,
            "digest": digest(self.version.document),
            "signatures": [
                {"member": str(member), "at": signed.iat, "certificate": signed.thumbprint}
                for member, signed in self.signatures()
            ],
            "revocations": [
                {"member": str(one.signer), "up_to": one.version, "at": said.at, "reason": said.reason}
                for one in self.held.revocations
                for said in [Revocation.read(one.document)]
                if one.version >= self.version.number
            ],
            "undelivered": [
                {"typ": typ, "attempts": tries, "refused": refused}
                for typ, tries, refused in self.held.undelivered
            ],
        }

    def signatures(self) -> list[tuple[MemberId, Any]]:
        """Who signed, when, and with which certificate; the client's member first."""
        ordered = sorted(
            self.version.signatures.items(), key=lambda one: one[0] != self.agreement.client.member
        )
        return [(member, read_header(jws, AGREEMENT_CTY)) for member, (jws, _) in ordered]


async def see_all(store: Store, now: int) -> list[Seen]:
    """The newest version of every agreement, and beside a waiting one the one in force."""
    found: list[Seen] = []
    for key in await read_keys(store):
        held = await read_held(store, key)
        newest = held.versions[-1]
        shown = {newest.number: newest}
        in_force = held.version(held.in_force)
        if in_force is not None:
            shown[in_force.number] = in_force
        found += [_seen(held, shown[number], now) for number in sorted(shown)]
    return found


async def see(
    store: Store, name: str, now: int, *, counterpart: str | None = None, holder: str | None = None
) -> list[Seen]:
    """All versions of one agreement, oldest first.

    Raises:
        UnknownService: there is none of this id.
        Conflict: there are several; say whose.
    """
    return [
        _seen(held, version, now)
        for held in [await find(store, name, counterpart, holder)]
        for version in held.versions
    ]


async def find(store: Store, name: str, counterpart: str | None = None, holder: str | None = None) -> Held:
    """What a hosted member holds of an agreement. Raises as `see`."""
    keys = [
        key
        for key in await read_keys(store)
        if key.id == name
        and (counterpart is None or str(key.counterpart) == counterpart)
        and (holder is None or str(key.holder) == holder)
    ]
    if not keys:
        raise UnknownService("there is no signed agreement of this id here")
    if len(keys) > 1:
        raise Conflict(f"several agreements have this id: {_several(keys)}; add --member and --with")
    return await read_held(store, keys[0])


def _several(keys: Sequence[Key]) -> str:
    return "; ".join(f"{key.holder} with {key.counterpart}" for key in keys)


def _seen(held: Held, version: Version, now: int) -> Seen:
    agreement = read_document(version.document)
    return Seen(held, version, agreement, _state(held, version, agreement, now), _warns(held, agreement, now))


def _warns(held: Held, agreement: Agreement, now: int) -> bool:
    return held.in_force == agreement.version and ends_soon(agreement, now)


def _state(held: Held, version: Version, agreement: Agreement, now: int) -> str:
    if version.number <= held.revoked:
        return "revoked"
    if version.number < held.in_force:
        return "superseded"
    if version.signatures.keys() < held.key.parties:
        return "awaiting_them" if held.key.holder in version.signatures else "awaiting_us"
    return "expired" if agreement.valid_until <= now else "in_force"
