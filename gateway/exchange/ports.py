"""What the exchange needs of the rest of the gateway, as contracts; `gateway.app` hands them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.contract import Adapter
from adapters.upstream import Upstream
from gateway.exchange.reserved import ReservedService
from gateway.trust.federation.snapshot import FederationSnapshot, GatewayEntry
from gateway.trust.jws import StatementSigner
from schemas.agreement import Agreement
from schemas.catalogue import ServiceDescription
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import Subject
from schemas.statement import RequestStatement
from schemas.wire import Headers


class CurrentFederation(Protocol):
    """The verified directory as it is now."""

    def current(self) -> FederationSnapshot:
        """The snapshot in force.

        Raises:
            FederationUnavailable: it is frozen, or older than the federation's grace allows.
        """


class FindAgreement(Protocol):
    """The agreements that this gateway holds."""

    def find(self, client: SubsystemId, service: ServiceId) -> Agreement | None:
        """The agreement between the client and the service's provider, None if there is none."""


class CheckConsent(Protocol):
    """Verifies the consent that a request came with, for the provider (DESIGN section 7)."""

    async def facts(
        self, token: str | None, statement: RequestStatement, subject: Subject | None, *, deadline: float
    ) -> dict[str, Any] | None:
        """The facts that policy gets as `consent`: None without a token.

        `{verified, id, issuer, client, provider, purpose, fields, valid_from, valid_until}`; `verified`
        is False whenever anything about the token is wrong, does not fit, has been withdrawn, or could
        not be asked before `deadline` (a moment of `time.monotonic`). Never raises.
        """


@dataclass(frozen=True, slots=True)
class PeerReply:
    """What came back from a peer: its statement, None when it sent an unsigned problem."""

    status: int
    statement: str | None
    content: bytes


class PeerLink(Protocol):
    """Carries statements to other gateways."""

    async def send(self, peer: GatewayEntry, jws: str, content: bytes, *, deadline: float) -> PeerReply:
        """Send once, to the registered address and certificate only.

        Raises:
            PeerUnavailable: the peer could not be reached, or did not answer before `deadline`, a
                moment of `time.monotonic`.
        """


@dataclass(frozen=True, slots=True)
class UpstreamReply:
    """What a pass-through source answered."""

    status: int
    headers: Headers
    body: bytes


class Forward(Protocol):
    """Forwards a pass-through request to its source."""

    async def __call__(
        self, upstream: Upstream, method: str, target: str, headers: Headers, body: bytes, *, deadline: float
    ) -> UpstreamReply:
        """Send exactly this request once.

        Raises:
            SourceUnavailable, SourceTooSlow, SourceMisbehaved: it gave no usable answer.
        """


@dataclass(frozen=True, slots=True)
class HostedService:
    """A service that this gateway answers: described, and reached through one of the two forms."""

    description: ServiceDescription
    name: str
    adapter: Adapter | None = None
    upstream: Upstream | None = None
    check_subject: Callable[[Subject], object] | None = None
    """Raises RequestMismatch for a subject that has not the form its source file declares."""
    contact: str | None = None
    """The office to ask about a refusal, as the source file says."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """What one gateway hosts: its members' signers, subsystems, and services. Immutable; `app`
    builds a new one when sources change."""

    subsystems: frozenset[SubsystemId]
    signers: Mapping[str, StatementSigner]
    """By member id."""
    services: Mapping[str, HostedService] = field(default_factory=dict)
    """By service id."""
    reserved: Mapping[str, ReservedService] = field(default_factory=dict)
    """By code, for every member hosted here."""
