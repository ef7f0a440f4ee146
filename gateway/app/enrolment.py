"""Enrolment: what a member tells the federation about itself, made from its own settings.

Officers pin a member's keys and its gateways' addresses and log keys; the member signs its record:
certificates, subsystems, services. A new service therefore needs nobody's hand but the member's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from adapters.source import Source
from audit.note import Signer
from gateway.settings import Member, Settings
from gateway.trust.federation.admission import sign_record
from gateway.trust.federation.documents import (
    GatewayCertificates,
    HostedSubsystem,
    Pin,
    PinnedGateway,
    Record,
)
from gateway.trust.federation.signed import format_key
from gateway.trust.keys import load_certificate, load_log_key, load_signing_key
from gateway.trust.tls import certificate_digest
from schemas.errors import ConfigurationError
from schemas.identifiers import MemberId, SubsystemId
from schemas.reserved import reserved_subsystem

RECORD_LIFETIME_S: Final = 90 * 24 * 3600


def log_vkey(settings: Settings) -> str:
    """The verifier key of the gateway's log, as pins carry it."""
    return Signer(settings.gateway_id.log_origin, load_log_key(settings.log_key)).verifier.format()


def pin_for(settings: Settings, member: MemberId, name: str, peer_url: str, *, version: int = 1) -> Pin:
    """The pin that officers have to sign to admit a member of this gateway. A gateway is pinned with
    the member that runs it."""
    entry = _member(settings, member)
    key = format_key(load_signing_key(entry.key).public_key())
    gateways = (
        (PinnedGateway(settings.gateway_id, peer_url, (log_vkey(settings),)),)
        if settings.gateway_id.member == member
        else ()
    )
    return Pin(member, name, version, (key,), gateways)


def signed_record(
    settings: Settings, member: MemberId, sources: Sequence[Source], *, version: int = 1
) -> bytes:
    """The member's record, signed by the member."""
    entry = _member(settings, member)
    now = int(time.time())
    own = settings.gateway_id
    record = Record(
        member=member,
        version=version,
        signed_at=now,
        not_after=now + RECORD_LIFETIME_S,
        signing_certificates=(entry.certificate.read_text(encoding="ascii"),),
        gateways=(
            (GatewayCertificates(own, (certificate_digest(load_certificate(settings.tls.certificate)),)),)
            if own.member == member
            else ()
        ),
        subsystems=tuple(
            HostedSubsystem(subsystem, (own,))
            for subsystem in (*map(SubsystemId.parse, entry.subsystems), reserved_subsystem(member))
        ),
        services=tuple(
            description
            for source in sources
            if source.subsystem.member == member
            for description in source.descriptions()
        ),
    )
    return sign_record(record, load_signing_key(entry.key))


def _member(settings: Settings, member: MemberId) -> Member:
    for entry in settings.members:
        if MemberId.parse(entry.id) == member:
            return entry
    raise ConfigurationError(f"{member} is not hosted on this gateway")
