"""The consent desk of a gateway, put together: over a running node, and for one command.

Whoever runs a command at this machine acts as an assisting clerk of the member they name: their
pseudonym stands in the record, and every act is an entry of the same log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from audit.subject_tag import SubjectTags
from gateway.app.agreements import in_force_of
from gateway.app.federation_copy import federation_of, snapshot_of
from gateway.app.log_access import opened_log, operator_name
from gateway.consent.desk import ConsentDesk
from gateway.consent.issuing import TokenIssuer
from gateway.consent.notices.catalogue import SHIPPED, load_catalogues
from gateway.consent.representation import Representations
from gateway.consent.store import Consents
from gateway.consent.vault import ConsentVault
from gateway.people.pseudonym import LOCAL_ISSUER, people_key, pseudonym
from gateway.settings import Settings
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.keys import load_signer
from schemas.agreement import Agreement
from schemas.catalogue import RecordForm, ServiceDescription
from schemas.errors import FederationUnavailable
from schemas.identifiers import MemberId, ServiceId, SubsystemId


@dataclass(frozen=True, slots=True)
class FederationDirectory:
    """What notices need of the federation as it is now. While that is too old to trust, names are left
    out and nothing else is told (FederationUnavailable); taking back needs none of it."""

    current: Callable[[], FederationSnapshot]

    def name(self, member: MemberId) -> str | None:
        """As `notices.notice.Directory.name`."""
        try:
            found = self.current().members()
        except FederationUnavailable:
            return None
        return next((entry.name for entry in found if entry.id == member and entry.name), None)

    def canonicals(self, provider: SubsystemId, service: ServiceId | None) -> tuple[str, ...]:
        """As `notices.notice.Directory.canonicals`."""
        snapshot = self.current()
        if service is not None:
            found = snapshot.service(service)
            return () if found is None else _canonicals([found])
        offered = (one for one in snapshot.services() if one.id.provider == provider)
        return _canonicals(sorted(offered, key=lambda one: str(one.id)))

    def issues(self, member: MemberId) -> bool:
        """As `notices.notice.Directory.issues`."""
        return self.current().consent_issuer(member)


def desk_of(
    settings: Settings,
    records: Consents,
    tokens: TokenIssuer,
    current: Callable[[], FederationSnapshot],
    agreements: Callable[[], Iterable[Agreement]],
) -> ConsentDesk:
    """The desk over a gateway's opened parts. Raises ConfigurationError for notices that are wrong."""
    return ConsentDesk(
        consents=records,
        representations=Representations(records.store, records.log, records.vault, records.tags),
        agreements=agreements,
        directory=FederationDirectory(current),
        catalogues=load_catalogues(settings.consent.notices or SHIPPED),
        tokens=tokens,
        hosted=frozenset(settings.member_ids()),
        contacts={MemberId.parse(member): text for member, text in settings.consent.contacts.items()},
    )


@asynccontextmanager
async def opened_desk(settings: Settings) -> AsyncIterator[tuple[ConsentDesk, str]]:
    """The desk from outside a running gateway, and the pseudonym of whoever runs this command.

    Raises:
        ConfigurationError: the settings or a file they name are wrong.
        LogDamaged, AuditUnavailable: the log cannot be used.
        FederationError, FederationUnavailable: there is no copy of the federation, and nobody answers.
    """
    signers = {member.id: load_signer(member.key, member.certificate) for member in settings.members}
    federation = _ReadOnce(await asyncio.to_thread(_snapshot, settings))
    agreements = in_force_of(settings, federation)
    async with opened_log(settings) as opened:
        store, case_key = opened.store, opened.case_key
        await agreements.follow(store, int(time.time()))
        officer = pseudonym(await people_key(store, case_key), LOCAL_ISSUER, operator_name())
        vault = ConsentVault(store, case_key)
        records = Consents(store, opened.log, vault, SubjectTags(store, case_key))
        tokens = TokenIssuer(vault, signers)
        desk = desk_of(settings, records, tokens, federation.current, lambda: agreements)
        yield desk, officer


@dataclass(frozen=True, slots=True)
class _ReadOnce:
    """The federation as a command found it."""

    snapshot: FederationSnapshot

    def current(self) -> FederationSnapshot:
        """As `CurrentFederation.current`."""
        return self.snapshot


def _snapshot(settings: Settings) -> FederationSnapshot:
    with federation_of(settings) as refresher:
        return snapshot_of(refresher)


def _canonicals(services: Iterable[ServiceDescription]) -> tuple[str, ...]:
    """The names of the schemas, without their versions, each once."""
    forms = (one.form for one in services)
    names = (form.canonical.split("/")[0] for form in forms if isinstance(form, RecordForm))
    return tuple(dict.fromkeys(names))
