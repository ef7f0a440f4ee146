"""Consents as their parties see them: the client that asks and the provider that answers.

A party sees the consents that name it, and no other. Whom they are about, it is told by a pseudonym of
its own: the client knows the person by other means, or should not learn who it is from a list. Two
parties cannot compare their pseudonyms.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.consent import rows
from gateway.consent.errors import UnknownConsent
from gateway.consent.record import ConsentRecord
from gateway.consent.store import Consents
from gateway.consent.token import sub_tag
from schemas.identifiers import MemberId, SubsystemId


@dataclass(frozen=True, slots=True)
class Parties:
    """Reads the consents of the issuers hosted here."""

    consents: Consents
    hosted: frozenset[MemberId]

    async def consents_of(self, party: SubsystemId, offset: int, limit: int) -> tuple[ConsentRecord, ...]:
        """The newest version of the consents that name a party, newest first."""
        found = await self.consents.store.rows(rows.OF_PARTY, str(party), limit, offset)
        return tuple(self.consents.read(row) for row in found)

    async def consent(self, party: SubsystemId, consent: str) -> ConsentRecord:
        """One consent that names a party. Raises UnknownConsent, alike for others' and for none."""
        for issuer in self.hosted:
            record = await self.consents.find(issuer, consent)
            if record is not None and party in {record.wish.scope.client, record.wish.scope.provider}:
                return record
        raise UnknownConsent("there is no such consent of this client")

    async def pseudonym(self, party: SubsystemId, record: ConsentRecord) -> str:
        """What this party, and nobody else, calls the person of a consent."""
        return sub_tag(await self.consents.vault.key(f"party:{party}"), record.wish.subject)
