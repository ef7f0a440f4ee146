"""A gateway's agreements, opened from its settings; and the loud word about files that nobody signed."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from audit.log import AuditLog
from audit.store import Store
from gateway.agreements.acts import ACCEPT, PROPOSE, HostedMember
from gateway.agreements.arrival import AgreementArrival
from gateway.agreements.delivery import Deliveries
from gateway.agreements.expiry import ending_soon
from gateway.agreements.in_force import InForce
from gateway.agreements.officers import Officers
from gateway.app.log_access import opened_log
from gateway.exchange.ports import CurrentFederation
from gateway.exchange.reserved import Ask
from gateway.people.acts import Act, Acts
from gateway.people.four_eyes import FourEyes
from gateway.people.people import open_people
from gateway.people.person import Role
from gateway.people.pseudonym import LOCAL_ISSUER, pseudonym
from gateway.settings import Settings
from gateway.trust.keys import load_certificate, load_signer
from policies.agreements import Agreements
from policies.cache import CachingEngine
from policies.engine import PolicyEngine
from schemas.errors import ConfigurationError
from schemas.identifiers import MemberId, SubsystemId

REMIND_EVERY_S: Final = 24 * 3600

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class AgreementService:
    """The agreements of a running node: in force, arriving, and on their way."""

    store: Store
    in_force: InForce
    policy: PolicyEngine
    arrival: AgreementArrival
    deliveries: Deliveries
    reminded_at: float = 0.0

    async def follow(self) -> None:
        """Learn what changed on any node. Raises AuditUnavailable; then everything stays as it was."""
        if await self.in_force.follow(self.store, int(time.time())):
            self.forget_decisions()

    def forget_decisions(self) -> None:
        """Decisions remembered under other agreements are void."""
        if isinstance(self.policy, CachingEngine):
            self.policy.forget()

    async def deliver(self) -> None:
        """Carry what waits to other members. Raises AuditUnavailable."""
        await self.deliveries.round(int(time.time()))

    def remind(self) -> None:
        """Warn, once a day, of agreements that end soon."""
        if time.monotonic() - self.reminded_at < REMIND_EVERY_S and self.reminded_at:
            return
        self.reminded_at = time.monotonic()
        ending = ending_soon(self.in_force, int(time.time()))
        if ending:
            _logger.warning("%d agreements end within 30 days: %s", len(ending), ", ".join(ending[:20]))

    def health(self) -> tuple[str, dict[str, Any]]:
        """State and facts for `/health/ready`: how many are signed, how many only files, which end soon."""
        files = len(self.in_force.files or ())
        facts = {
            "signed": sum(one.status == "active" for one in self.in_force.signed()),
            "unsigned": files,
            "ending_soon": ending_soon(self.in_force, int(time.time()))[:20],
        }
        return ("unsigned" if files else "signed"), facts


async def open_agreements(
    settings: Settings,
    store: Store,
    log: AuditLog,
    federation: CurrentFederation,
    policy: PolicyEngine,
    in_force: InForce,
    ask: Ask,
) -> AgreementService:
    """Read what is in force, and stand ready for what arrives. Raises AuditUnavailable."""
    service: AgreementService

    async def changed() -> None:
        await service.follow()

    arrival = AgreementArrival(store, log, federation, hosted_members(settings), in_force, changed)
    service = AgreementService(store, in_force, policy, arrival, Deliveries(store, log, ask))
    await service.follow()
    return service


def in_force_of(settings: Settings, federation: CurrentFederation) -> InForce:
    """The agreements of a gateway, still without the signed ones. Raises ConfigurationError."""
    return InForce(lambda: federation.current().cas, files_of(settings))


def files_of(settings: Settings) -> Agreements | None:
    """Agreement files, where the settings allow that nobody signed them.

    Raises:
        ConfigurationError: a file is wrong, or there are files and they are not allowed.
    """
    if settings.agreements is None:
        return None
    if settings.unsigned_agreements == "refuse":
        if any(settings.agreements.glob("*.yaml")):
            raise ConfigurationError(
                f"{settings.agreements}: holds agreement files that nobody signed; have them signed with"
                " `isthmus agreement propose`, or write `unsigned_agreements: allow` for development"
            )
        return None
    files = Agreements.load(settings.agreements)
    if len(files):
        _logger.warning(
            "UNSIGNED: %d agreements count as files in %s, signed by nobody; this is for development only",
            len(files), settings.agreements,
        )  # fmt: skip
    return files


def hosted_members(settings: Settings) -> Mapping[MemberId, HostedMember]:
    """The members hosted here, with what they sign with. Raises ConfigurationError."""
    return {
        MemberId.parse(member.id): HostedMember(
            MemberId.parse(member.id),
            frozenset(SubsystemId.parse(name) for name in member.subsystems),
            load_signer(member.key, member.certificate),
            load_certificate(member.certificate),
        )
        for member in settings.members
    }


def officers_of(settings: Settings, store: Store, log: AuditLog, four_eyes: FourEyes) -> Officers:
    """What the officers of the hosted members do. Raises ConfigurationError."""
    return Officers(store, log, four_eyes, hosted_members(settings))


def register_acts(officers: Officers, acts: Acts) -> None:
    """Let people who signed in approve what another officer asked for."""
    for name in (PROPOSE, ACCEPT):
        acts.register(Act(name, Role.agreement_officer, officers.writes))


@asynccontextmanager
async def opened_officers(settings: Settings, by: str | None) -> AsyncIterator[tuple[Officers, Store, str]]:
    """The officers' acts from outside a running gateway; the local name `by` as the pseudonym to record.

    Raises:
        ConfigurationError: the settings are wrong. LogDamaged, AuditUnavailable: the log cannot be used.
    """
    async with opened_log(settings) as opened:
        store, log = opened.store, opened.log
        people = await open_people(store, log, opened.case_key, frozenset(settings.member_ids()))
        name = "" if by is None else pseudonym(people.key, LOCAL_ISSUER, by)
        yield officers_of(settings, store, log, people.four_eyes), store, name
