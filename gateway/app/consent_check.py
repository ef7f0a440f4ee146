"""Consent in the exchange, put together: the check for the answering side, the status for others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from audit.log import AuditLog
from audit.store import Store
from audit.subject_tag import SubjectTags
from gateway.consent.checking import ConsentChecker
from gateway.consent.issuing import TokenIssuer
from gateway.consent.remote import RemoteIssuers
from gateway.consent.status import CODE, OwnStatus
from gateway.consent.store import Consents
from gateway.consent.uses import Uses
from gateway.consent.vault import ConsentVault
from gateway.exchange.ports import CurrentFederation, Hosted
from gateway.exchange.reserved import Ask, ask_reserved
from schemas.identifiers import MemberId


@dataclass(frozen=True, slots=True)
class ListedIssuers:
    """`gateway.consent.checking.Directory` over the federation as it is now."""

    federation: CurrentFederation

    def listed(self, issuer: MemberId) -> bool:
        """As `Directory.listed`."""
        return self.federation.current().consent_issuer(issuer)

    def key(self, issuer: MemberId, thumbprint: str) -> EllipticCurvePublicKey | None:
        """As `Directory.key`."""
        signing = self.federation.current().signing_certificate(thumbprint)
        if signing is None or signing.member != issuer or not signing.valid_at(time.time()):
            return None
        return signing.public_key


@dataclass(frozen=True, slots=True)
class ConsentParts:
    """What a node has of consent: its issuers' records and tokens, their status, and the check."""

    records: Consents
    tokens: TokenIssuer
    status: OwnStatus
    checker: ConsentChecker
    uses: Uses

    async def upkeep(self, now: int) -> None:
        """Write down which consents ran out, and forget their uses."""
        await self.records.expire(now)
        await self.uses.forget(now)


def consent_parts(
    store: Store, log: AuditLog, case_key: bytes, federation: CurrentFederation, hosted: Hosted, ask: Ask
) -> ConsentParts:
    """Build everything over opened parts. `ask` is the asking side's."""
    vault = ConsentVault(store, case_key)
    tokens = TokenIssuer(vault, hosted.signers)
    status, uses = OwnStatus(store, tokens), Uses(store)

    async def ask_issuer(
        issuer: MemberId, provider: MemberId, question: Mapping[str, Any], deadline: float
    ) -> Mapping[str, Any]:
        return await ask_reserved(ask, provider, issuer, CODE, question, deadline=deadline)

    checker = ConsentChecker(
        directory=ListedIssuers(federation),
        own=frozenset(MemberId.parse(member) for member in hosted.signers),
        local=status,
        remote=RemoteIssuers(ask_issuer),
        uses=uses,
    )
    records = Consents(store, log, vault, SubjectTags(store, case_key))
    return ConsentParts(records, tokens, status, checker, uses)
