"""One gateway node: every part built from the settings and opened.

The only file that names concrete classes. Reading order of the parts: doors and peers bring a
request in, `exchange` carries it out, with `trust`, `policies`, `adapters` and `audit`.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from audit.log import AuditLog
from audit.note import Signer
from audit.store import Store
from audit.subject_tag import SubjectTags
from gateway.agreements.arrival import CODE as AGREEMENT
from gateway.agreements.in_force import InForce
from gateway.app import emergency
from gateway.app.agreements import (
    AgreementService,
    in_force_of,
    officers_of,
    open_agreements,
    register_acts,
)
from gateway.app.consent_check import ConsentParts, consent_parts
from gateway.app.consenting import desk_of
from gateway.app.hosting import HostedSources, open_sources
from gateway.app.insight.archive import PolicyArchive
from gateway.app.people import people_of
from gateway.app.policy import NodePolicy, open_policy
from gateway.consent.desk import ConsentDesk
from gateway.consent.status import CODE as CONSENT_STATUS
from gateway.doors.admin import PartHealth
from gateway.exchange.answering import AnsweringSide
from gateway.exchange.asking import AskingSide
from gateway.exchange.emergencies import Emergencies
from gateway.exchange.fetching import Fetching
from gateway.exchange.masks import MaskKeys
from gateway.exchange.notices import Notices
from gateway.exchange.ports import Hosted
from gateway.exchange.recovery import close_unfinished
from gateway.exchange.replay import ReplayGuard
from gateway.exchange.reserved import ReservedService
from gateway.exchange.usage import Usage
from gateway.peers.forward import HttpForward
from gateway.peers.link import HttpPeerLink
from gateway.peers.transport import HttpTransport
from gateway.people.people import People
from gateway.settings import Settings
from gateway.storage.migrate import check
from gateway.storage.stores import store_of
from gateway.trust.federation.reader import FederationReader
from gateway.trust.keys import check_secret, load_case_key, load_log_key, load_signer
from gateway.trust.meters import Meters
from gateway.trust.tls import client_context, server_context
from policies.engine import PolicyEngine
from schemas.identifiers import SubsystemId
from schemas.reserved import reserved_subsystem

FRAME_ROOM: Final = 64 * 1024
"""What a head and its frame may add to a body, in bytes."""


@dataclass(frozen=True, slots=True)
class Node:
    """One opened gateway node."""

    settings: Settings
    federation: FederationReader
    log: AuditLog
    policy: PolicyEngine
    policies: NodePolicy
    archive: PolicyArchive
    """Whatever decides is kept here first: `keep` before and after another policy comes into force."""
    agreements: InForce
    agreement_service: AgreementService
    sources: HostedSources
    asking: AskingSide
    answering: AnsweringSide
    consents: ConsentParts
    notices: Notices
    store: Store
    people: People
    desk: ConsentDesk
    meters: Meters
    contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    """Of the peer port, and of our own connections to peers."""

    async def check_parts(self) -> dict[str, PartHealth]:
        """The state of every part, asked now."""
        federation = self.federation.state()
        self.meters.federation_age.set(federation.age_s or 0)
        parts = {
            "federation": PartHealth(
                federation.serving,
                federation.freshness,
                {"age_s": federation.age_s, "snapshot": federation.snapshot, "failure": federation.failure},
            ),
            "log": await _part(self._log_facts),
            "policy": await self.policies.health(),
        }
        parts["agreements"] = PartHealth(True, *self.agreement_service.health())
        for name, health in (await self.sources.health()).items():
            parts[f"source:{name}"] = health
        return parts

    async def _log_facts(self) -> dict[str, object]:
        return {"size": (await self.log.reader.head()).size}


async def _part(facts: Callable[[], Awaitable[dict[str, object]]]) -> PartHealth:
    try:
        return PartHealth(True, "available", await facts())
    except Exception as error:  # noqa: BLE001  a part that fails is a state, not a failure of this page
        return PartHealth(False, type(error).__name__, {})


async def open_node(settings: Settings, stack: AsyncExitStack) -> Node:
    """Build and open every part; the stack closes them in reverse order."""
    url = settings.database.get_secret_value()
    await check(url)
    case_key = load_case_key(settings.case_key)
    store = store_of(url)
    log = AuditLog(store, Signer(settings.gateway_id.log_origin, load_log_key(settings.log_key)), case_key)
    await log.open()
    stack.push_async_callback(log.close)
    await close_unfinished(log)

    people = await people_of(settings, store, log, case_key)
    stack.push_async_callback(people.close)

    federation = FederationReader(
        settings.federation.root.read_bytes(), settings.federation.urls, settings.federation.store
    )
    await federation.start()
    stack.push_async_callback(federation.stop)

    meters = Meters()
    agreements = in_force_of(settings, federation)
    sources = await open_sources(settings, stack, meters, store)
    reserved: dict[str, ReservedService] = {}
    hosted = Hosted(
        subsystems=frozenset(
            [SubsystemId.parse(name) for member in settings.members for name in member.subsystems]
            + [reserved_subsystem(member) for member in settings.member_ids()]
        ),
        signers={member.id: load_signer(member.key, member.certificate) for member in settings.members},
        services=sources.services,
        reserved=reserved,
    )
    policies = await open_policy(settings, federation)
    policy = policies.engine
    stack.push_async_callback(policy.close)
    archive = PolicyArchive(store, log)
    await policies.keep(archive.keep)

    tls = settings.tls
    check_secret(tls.key)
    contexts = (
        server_context(tls.certificate, tls.key, ()),
        client_context(tls.certificate, tls.key, ()),
    )
    networks = [ip_network(network) for network in settings.allowed_networks]
    to_peers = HttpTransport(contexts[1], networks)
    to_sources = HttpForward(tuple(networks))
    stack.push_async_callback(to_peers.close)
    stack.push_async_callback(to_sources.close)

    tags = SubjectTags(store, case_key)
    room = settings.limits.max_body_bytes + FRAME_ROOM
    asking = AskingSide(
        settings.gateway_id, hosted, federation, agreements, tags, log, HttpPeerLink(to_peers, room)
    )
    consents = consent_parts(store, log, case_key, federation, hosted, asking.ask)
    reserved[CONSENT_STATUS] = consents.status
    answering = AnsweringSide(
        settings.gateway_id, hosted, federation, agreements, policy, consents.checker,
        Fetching(to_sources), tags, log, ReplayGuard(), Usage(store, log.reader, tags), Emergencies(store),
        MaskKeys(case_key),
    )  # fmt: skip
    register_acts(officers_of(settings, store, log, people.four_eyes), people.acts)
    emergency.register_acts(people.acts)
    agreement_service = await open_agreements(
        settings, store, log, federation, policy, agreements, asking.ask
    )
    reserved[AGREEMENT] = agreement_service.arrival
    desk = desk_of(settings, consents.records, consents.tokens, federation.current, lambda: agreements)
    return Node(
        settings,
        federation,
        log,
        policy,
        policies,
        archive,
        agreements,
        agreement_service,
        sources,
        asking,
        answering,
        consents,
        Notices(store),
        store,
        people,
        desk,
        meters,
        contexts,
    )
