"""Which subsystem is asking: step 1 of the asking side.

A client system shows a TLS certificate that the settings bind to one or more subsystems; it is
taken from the TLS session itself, and no header is ever believed. A development listener is bound
to one subsystem by the settings, and says so loudly when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.exchange.ports import CurrentFederation
from gateway.trust.asgi import Scope
from gateway.trust.tls import certificate_digest, peer_certificate
from schemas.errors import Unauthenticated
from schemas.identifiers import SubsystemId

DEVELOPMENT_CLIENT: Final = "isthmus.development_client"
"""The ASGI scope extension of a development listener: the subsystem it is bound to."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The client systems of this gateway: certificate SHA-256 (base64url) to its subsystems."""

    by_certificate: Mapping[str, tuple[SubsystemId, ...]]
    federation: CurrentFederation
    """Its revocations hold for client systems' certificates too."""

    def identify(self, scope: Scope, named: SubsystemId | None = None) -> SubsystemId:
        """The subsystem that is asking; `named` is the one the request claims to come from.

        Raises:
            Unauthenticated: unknown or revoked certificate, or a subsystem it does not stand for.
            FederationUnavailable: nobody can tell what has been revoked.
        """
        allowed = self._allowed(scope)
        if named is None:
            if len(allowed) != 1:
                raise Unauthenticated(
                    "this certificate stands for several subsystems: name one in X-Road-Client"
                )
            return allowed[0]
        if named not in allowed:
            raise Unauthenticated("the client's certificate does not stand for the subsystem it names")
        return named

    def _allowed(self, scope: Scope) -> tuple[SubsystemId, ...]:
        bound: SubsystemId | None = scope.get("extensions", {}).get(DEVELOPMENT_CLIENT)
        if bound is not None:
            return (bound,)
        certificate = peer_certificate(scope)
        if certificate is None:
            raise Unauthenticated("show a client certificate that this gateway knows")
        digest = certificate_digest(certificate)
        allowed = self.by_certificate.get(digest)
        if not allowed or self.federation.current().certificate_revoked(digest):
            raise Unauthenticated("this certificate is not bound to a subsystem in the gateway's settings")
        return allowed
