"""A consent desk over a real database, in which the NGO may ask the identity authority with consent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import AuditLog
from audit.note import Signer
from audit.store_sqlite import SqliteStore
from audit.subject_tag import SubjectTags
from gateway.consent.choices import Choice
from gateway.consent.desk import ConsentDesk
from gateway.consent.issuing import TokenIssuer
from gateway.consent.notices.catalogue import load_catalogues
from gateway.consent.representation import Representations
from gateway.consent.store import Consents
from gateway.consent.vault import ConsentVault
from gateway.storage.migrate import migrate
from gateway.trust.jws import StatementSigner
from schemas.agreement import AgreedService, Agreement
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.record import Subject
from tests.unit.gateway.consent.wishes import CLIENT, DAY, ISSUER, NOW, PROVIDER, PURPOSE, SERVICE

KEK = bytes(range(32))
CHILD, MOTHER, STRANGER = (Subject("national_id", f"73100000{n}") for n in (21, 22, 23))
CLERK = "pseudonym-of-a-clerk"
OFFER = f"relief-nia~person~{PURPOSE}"
OTHER_OFFER = f"tax-nia~person~{PURPOSE}"
OTHER_CLIENT = SubsystemId.parse("LM/GOV/TAX/income")
OTHER_ISSUER = MemberId.parse("LM/GOV/NIA")


@dataclass
class Directory:
    """The federation as a test wants it."""

    names: dict[str, str] = field(default_factory=lambda: {"LM/NGO/RELIEF": "Lumeria Relief"})
    listed: set[MemberId] = field(default_factory=lambda: {ISSUER})

    def name(self, member: MemberId) -> str | None:
        """A name."""
        return self.names.get(str(member))

    def canonicals(self, provider: SubsystemId, service: ServiceId | None) -> tuple[str, ...]:
        """Every service answers persons."""
        return ("person",)

    def issues(self, member: MemberId) -> bool:
        """Whether it is on the list."""
        return member in self.listed


def an_agreement(identifier: str = "relief-nia", client: SubsystemId = CLIENT, **members: Any) -> Agreement:
    """An agreement with a part that rests on consent and one that does not."""
    by_consent = AgreedService(
        SERVICE, (PURPOSE,), ("consent", "public_task"), fields=("full_name", "birth_date", "district")
    )
    by_law = AgreedService(PROVIDER.service("card"), ("taxation",), ("public_task",), fields=("address",))
    whole = Agreement(
        identifier, 3, client, PROVIDER, "active", NOW - DAY, NOW + 900 * DAY, (by_consent, by_law)
    )
    return replace(whole, **members)


def a_choice(**members: Any) -> Choice:
    """The NGO's offer, for thirty days, in English."""
    return replace(Choice(ISSUER, OFFER, NOW, NOW + 30 * DAY, "en"), **members)


def desk_over(consents: Consents, *agreements: Agreement) -> ConsentDesk:
    """The desk of the issuer, and of another member hosted beside it."""
    signer = StatementSigner(ec.generate_private_key(ec.SECP256R1()), b"a certificate")
    return ConsentDesk(
        consents=consents,
        representations=Representations(consents.store, consents.log, consents.vault, consents.tags),
        agreements=lambda: agreements or (an_agreement(), an_agreement("tax-nia", OTHER_CLIENT)),
        directory=Directory(),
        catalogues=load_catalogues(),
        tokens=TokenIssuer(consents.vault, {str(ISSUER): signer}),
        hosted=frozenset({ISSUER, OTHER_ISSUER}),
        contacts={ISSUER: "the help desk, telephone 100"},
    )


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[ConsentDesk]:
    """A desk over a fresh SQLite database."""
    await migrate(f"sqlite:///{folder / 'gateway.db'}")
    store = SqliteStore(folder / "gateway.db")
    log = AuditLog(store, Signer("isthmus/LM/GOV/MSW/gw1", Ed25519PrivateKey.generate()), KEK)
    await log.open()
    try:
        yield desk_over(Consents(store, log, ConsentVault(store, KEK), SubjectTags(store, KEK)))
    finally:
        await log.close()
