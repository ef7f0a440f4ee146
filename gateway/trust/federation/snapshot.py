"""What an exchange asks the federation: a verified copy, made for look-ups.

A `FederationSnapshot` is immutable and complete: signatures, chains and versions were checked before
it was built (`admission`), revocations are applied, and everybody who does not count is not found.
The reader builds a new one when anything changes and swaps it in whole, so an exchange that keeps
its own reference sees one state of the country from its first step to its last. Look-ups are O(1).
How old the copy may be is the reader's matter, not this module's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from gateway.trust.federation.documents import Pin, Record
from gateway.trust.federation.national import Policy, Purpose, Revocations
from schemas.catalogue import ServiceDescription
from schemas.identifiers import GatewayId, MemberId, ServiceId, SubsystemId


@dataclass(frozen=True, slots=True)
class GatewayEntry:
    """One gateway. `url` is `https://host[:port]`; `tls_certificates` the SHA-256 thumbprints
    (unpadded base64url) it may show; `member` runs it."""

    id: GatewayId
    member: MemberId
    url: str
    tls_certificates: frozenset[str]
    log_vkeys: tuple[str, ...]
    witness_vkey: str | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A member's key for statements, loaded once. The chain was verified; only the clock is left to
    the caller. `certificate` is DER; `not_before` and `not_after` are epoch seconds, inclusive."""

    member: MemberId
    public_key: EllipticCurvePublicKey
    thumbprint: str
    key_thumbprint: str
    certificate: bytes
    not_before: int
    not_after: int

    def valid_at(self, moment: float) -> bool:
        """Whether the certificate is within its validity at a moment in epoch seconds."""
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """One member as a directory lists it; those that do not count now are listed too."""

    id: MemberId
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class VerifiedMember:
    """One member's pin and record after `admission` checked them."""

    pin: Pin
    record: Record | None
    record_signers: frozenset[str]
    signing_keys: tuple[SigningKey, ...]


@dataclass(frozen=True, slots=True)
class FederationSnapshot:
    """The federation at one moment. `version` is TUF's snapshot version, the statement's
    `fed.snapshot`; `recheck_at` (epoch seconds) is when the next record runs out."""

    version: int
    policy: Policy
    recheck_at: int
    _gateways: Mapping[GatewayId, GatewayEntry]
    _signing_keys: Mapping[str, SigningKey]
    _hosts: Mapping[SubsystemId, tuple[GatewayEntry, ...]]
    _services: Mapping[ServiceId, ServiceDescription]
    _schemas: Mapping[ServiceId, str]
    _members: Mapping[MemberId, MemberEntry]
    _log_keys: Mapping[GatewayId, tuple[str, ...]]
    _purposes: Mapping[str, Purpose]
    _revoked_certificates: frozenset[str]
    national_policy: bytes | None = None
    """The country's policy data (JSON), as `policy.json` names it by digest; None if it names none."""

    @property
    def instance(self) -> str:
        """The country's instance code."""
        return self.policy.instance

    @property
    def cas(self) -> tuple[str, ...]:
        """The trusted authorities, PEM texts."""
        return self.policy.cas

    @property
    def purposes(self) -> Mapping[str, Purpose]:
        """The national list of purposes by code."""
        return self._purposes

    def purpose_line(self, code: str) -> tuple[str, ...]:
        """A purpose and its ever broader ones, narrowest first; empty if it is not on the list."""
        line: list[str] = []
        purpose = self._purposes.get(code)
        while purpose is not None:
            line.append(purpose.code)
            purpose = self._purposes.get(purpose.parent) if purpose.parent else None
        return tuple(line)

    def gateway(self, gateway: GatewayId) -> GatewayEntry | None:
        """A gateway that counts, or None."""
        return self._gateways.get(gateway)

    def gateways(self) -> tuple[GatewayEntry, ...]:
        """All gateways that count."""
        return tuple(self._gateways.values())

    def gateways_of(self, subsystem: SubsystemId) -> tuple[GatewayEntry, ...]:
        """Where a subsystem is reached, best first; empty if it does not count."""
        return self._hosts.get(subsystem, ())

    def signing_certificate(self, x5t_sha256: str) -> SigningKey | None:
        """The key behind a statement's `x5t#S256`, or None; the caller checks `valid_at`."""
        return self._signing_keys.get(x5t_sha256)

    def certificate_revoked(self, thumbprint: str) -> bool:
        """Whether any certificate, also an information system's, is on the revocation list."""
        return thumbprint in self._revoked_certificates

    def service(self, service: ServiceId) -> ServiceDescription | None:
        """A service of a member that counts, or None."""
        return self._services.get(service)

    def services(self) -> tuple[ServiceDescription, ...]:
        """All services of members that count."""
        return tuple(self._services.values())

    def schema_sha256(self, service: ServiceId) -> str | None:
        """The digest of a service's schema as its member signed it, or None."""
        return self._schemas.get(service)

    def subsystems(self) -> tuple[SubsystemId, ...]:
        """All subsystems of members that count."""
        return tuple(self._hosts)

    def member_active(self, member: MemberId) -> bool:
        """Whether a member counts: pinned as active, and not revoked."""
        entry = self._members.get(member)
        return entry is not None and entry.active

    def consent_issuer(self, member: MemberId) -> bool:
        """Whether a member's consent tokens count: listed as an issuer, and active."""
        return member in self.policy.consent_issuers and self.member_active(member)

    def members(self) -> tuple[MemberEntry, ...]:
        """All members ever admitted, with their standing."""
        return tuple(self._members.values())

    def log_keys(self) -> Mapping[GatewayId, tuple[str, ...]]:
        """Every gateway's log keys, of former members too: old evidence must stay verifiable."""
        return self._log_keys


def build_snapshot(
    policy: Policy,
    revoked: Revocations,
    members: Iterable[VerifiedMember],
    *,
    version: int,
    at: float,
    national_policy: bytes | None = None,
) -> FederationSnapshot:
    """Apply revocations and validity at a moment (epoch seconds), and index the rest."""
    entries: dict[MemberId, MemberEntry] = {}
    log_keys: dict[GatewayId, tuple[str, ...]] = {}
    counting: list[tuple[VerifiedMember, Record]] = []
    for member in members:
        pin = member.pin
        active = pin.status == "active" and pin.member not in revoked.members
        entries[pin.member] = MemberEntry(pin.member, pin.name, active)
        log_keys.update({gateway.id: gateway.log_vkeys for gateway in pin.gateways})
        record = _counting_record(member, revoked, at) if active else None
        if record is not None:
            counting.append((member, record))
    gateways = {
        entry.id: entry for member, record in counting for entry in _gateways(member.pin, record, revoked)
    }
    return FederationSnapshot(
        version=version,
        policy=policy,
        recheck_at=min((record.not_after for _, record in counting), default=2**53),
        _gateways=gateways,
        _signing_keys={
            key.thumbprint: key
            for member, _ in counting
            for key in member.signing_keys
            if key.thumbprint not in revoked.cert_sha256 and key.key_thumbprint not in revoked.key_thumbprints
        },
        _hosts={
            subsystem.id: tuple(gateways[host] for host in subsystem.gateways if host in gateways)
            for _, record in counting
            for subsystem in record.subsystems
        },
        _services={service.id: service for _, record in counting for service in record.services},
        _schemas={
            service: digest for _, record in counting for service, digest in record.schema_sha256.items()
        },
        _members=entries,
        _log_keys=log_keys,
        _purposes={purpose.code: purpose for purpose in policy.purposes},
        _revoked_certificates=revoked.cert_sha256,
        national_policy=national_policy,
    )


def _counting_record(member: VerifiedMember, revoked: Revocations, at: float) -> Record | None:
    """The member's record unless it ran out, was barred, or only revoked keys signed it."""
    record = member.record
    if record is None or not at < record.not_after:
        return None
    if record.version < revoked.min_record_ver.get(record.member, 0):
        return None
    if member.record_signers <= revoked.key_thumbprints:
        return None
    return record


def _gateways(pin: Pin, record: Record, revoked: Revocations) -> Iterable[GatewayEntry]:
    """The gateways that officers pinned and that have a TLS certificate left to show."""
    certificates = {gateway.id: frozenset(gateway.tls_certificates) for gateway in record.gateways}
    for pinned in pin.gateways:
        usable = certificates.get(pinned.id, frozenset()) - revoked.cert_sha256
        if usable:
            yield GatewayEntry(
                pinned.id, pin.member, pinned.url, usable, pinned.log_vkeys, pinned.witness_vkey
            )
