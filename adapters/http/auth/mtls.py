"""`mtls`: the gateway shows a client certificate; `adapters.http.tls` loads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.http.auth.contract import Authenticator, Post


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Certificate chain and private key, both PEM texts."""

    certificate: str = field(repr=False)
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False

    def authenticator(self, post: Post) -> Authenticator | None:
        """As `Auth.authenticator`: TLS does it all."""
        del post
        return None
