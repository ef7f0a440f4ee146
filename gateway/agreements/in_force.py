"""The agreements in force, found by client and service in constant time: what exchanges ask.

Signed agreements come from the database, files (`policies.agreements`) only where the settings allow them;
a signed one wins, also when it was revoked, so that no file brings back what a member took away. Of the
versions that both signed, the highest one that has begun counts. A change on any node is seen by its row in
`agreement_change`; only what changed is read again. Signatures are verified whenever something is read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from audit.store import Store
from gateway.agreements.documents import AGREEMENT_CTY, MAX_DOCUMENT_BYTES, Key
from gateway.agreements.rows import newest_change, read_both_signed, read_changes, read_page
from gateway.agreements.signatures import KeptSignatures
from policies.agreement_file import build_agreement
from policies.agreements import Agreements
from schemas.agreement import Agreement
from schemas.errors import ConfigurationError, FederationUnavailable, MalformedRequest
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.strict_json import parse_object

_logger = logging.getLogger(__name__)
_Place = tuple[SubsystemId, ServiceId]
_Name = tuple[str, str, str]


@dataclass(slots=True)
class _Signed:
    """One agreement: the versions that both signed, and up to which number they are over."""

    versions: dict[int, Agreement] = field(default_factory=dict)
    revoked: int = 0

    def at(self, now: int) -> Agreement:
        """The version that counts at a moment."""
        standing = [number for number in self.versions if number > self.revoked]
        if not standing:
            return replace(self.versions[max(self.versions)], status="revoked")
        begun = [number for number in standing if self.versions[number].valid_from <= now]
        return self.versions[max(begun) if begun else min(standing)]

    def forget_older(self, now: int) -> None:
        """Keep what counts now or will count."""
        counts = self.at(now).version
        self.versions = {number: one for number, one in self.versions.items() if number >= counts}


class InForce:
    """`FindAgreement` over signed agreements and allowed files. `authorities` gives the federation's, as
    PEM texts; it may raise FederationUnavailable, and then nothing new is believed."""

    def __init__(self, authorities: Callable[[], Sequence[str]], files: Agreements | None = None) -> None:
        self.files = files
        self._authorities = authorities
        self._believed: tuple[str, ...] = ()
        self._kept = KeptSignatures(())
        self._seen = 0
        self._signed: dict[_Name, _Signed] = {}
        self._index: dict[_Place, Agreement] = {}
        self._next_at = 0

    def find(self, client: SubsystemId, service: ServiceId) -> Agreement | None:
        """The agreement between this client and this service, whatever its status and validity."""
        found = self._index.get((client, service))
        if found is None and self.files is not None:
            return self.files.find(client, service)
        return found

    def signed_about(self, client: SubsystemId, service: ServiceId) -> Agreement | None:
        """As `find`, without files."""
        return self._index.get((client, service))

    def __iter__(self) -> Iterator[Agreement]:
        yield from self.signed()
        yield from self.files or ()

    def __len__(self) -> int:
        return len(self._signed) + len(self.files or ())

    def signed(self) -> Iterator[Agreement]:
        """The signed ones, each once, revoked ones too."""
        return iter({id(one): one for one in self._index.values()}.values())

    async def follow(self, store: Store, now: int) -> bool:
        """Read what changed since the last time; whether anything that counts did.

        Raises:
            AuditUnavailable: the database cannot be read; what was in force stays.
        """
        newest = await newest_change(store)
        if self._trust_authorities():
            signed = await self._read_all(store)
        elif newest != self._seen:
            signed = await self._read_changed(store, newest)
        elif now >= self._next_at > 0:
            signed = self._signed
        else:
            return False
        self._signed, self._seen = signed, newest
        return self._build_index(now)

    def _trust_authorities(self) -> bool:
        """Whether the federation names other authorities than before: then everything is verified anew."""
        try:
            named = tuple(self._authorities())
        except FederationUnavailable:
            return False
        if named == self._believed:
            return False
        self._believed, self._kept = named, KeptSignatures(named)
        return True

    async def _read_all(self, store: Store) -> dict[_Name, _Signed]:
        found: dict[_Name, _Signed] = {}
        after: tuple[Any, ...] = ("", "", "", 0)
        while rows := await read_page(store, after):
            after = tuple(rows[-1][:4])
            await asyncio.to_thread(self._take, rows, found)
        return found

    async def _read_changed(self, store: Store, newest: int) -> dict[_Name, _Signed]:
        found = dict(self._signed)
        for holder, counterpart, name in await read_changes(store, self._seen, newest):
            found.pop(_name(holder, counterpart, name), None)
            rows = await read_both_signed(store, holder, counterpart, name)
            await asyncio.to_thread(self._take, rows, found)
        return found

    def _take(self, rows: Sequence[Sequence[Any]], found: dict[_Name, _Signed]) -> None:
        """Verify rows, and add what holds."""
        for (
            holder,
            counterpart,
            name,
            version,
            document,
            jws,
            certificate,
            jws2,
            certificate2,
            revoked,
        ) in rows:
            signed = found.setdefault(_name(holder, counterpart, name), _Signed())
            signed.revoked = max(signed.revoked, revoked)
            if version in signed.versions:
                continue
            believed = self._holds(holder, document, jws, certificate) and self._holds(
                counterpart, document, jws2, certificate2
            )
            agreement = _agreement(document, Key(MemberId.parse(holder), MemberId.parse(counterpart), name))
            if believed and agreement is not None and agreement.version == version:
                signed.versions[version] = agreement
            else:
                _logger.error("agreement %s version %d does not count: not what both signed", name, version)

    def _holds(self, signer: str, document: str, jws: str, certificate: bytes) -> bool:
        return self._kept.holds(document, AGREEMENT_CTY, MemberId.parse(signer), jws, bytes(certificate))

    def _build_index(self, now: int) -> bool:
        """Index what counts at this moment, and note when that changes by itself."""
        index: dict[_Place, Agreement] = {}
        changes: list[int] = []
        for name in sorted(self._signed):
            signed = self._signed[name]
            if not signed.versions:
                continue
            signed.forget_older(now)
            one = signed.at(now)
            changes += [
                moment
                for v in signed.versions.values()
                for moment in (v.valid_from, v.valid_until)
                if moment > now
            ]
            for terms in one.services:
                other = index.setdefault((one.client, terms.service), one)
                if other is not one and _weight(one, now) > _weight(other, now):
                    index[(one.client, terms.service)] = one
        self._next_at = min(changes, default=0)
        changed = index != self._index
        self._index = index
        return changed


def _weight(agreement: Agreement, now: int) -> int:
    """Of two agreements about the same, the one that can still allow something counts."""
    return 2 * (agreement.status == "active") + (agreement.valid_from <= now < agreement.valid_until)


def _name(holder: str, counterpart: str, name: str) -> _Name:
    return min(holder, counterpart), max(holder, counterpart), name


def _agreement(document: str, key: Key) -> Agreement | None:
    """The agreement, if it is one of these two members and has this id."""
    try:
        value = parse_object(document.encode(), max_bytes=MAX_DOCUMENT_BYTES, what="the agreement")
        agreement = build_agreement(value, key.id)
    except (ConfigurationError, MalformedRequest):
        return None
    members = {agreement.client.member, agreement.provider.member}
    return agreement if members == key.parties and agreement.id == key.id else None
