"""TLS between gateways and with client systems: version 1.3, mutual, strict X.509.

`VERIFY_X509_STRICT` is on for every Python version, so that 3.11 and 3.13 behave alike. A valid
chain says only that the CA knows a key; which gateway or subsystem it stands for is decided against
the federation or the settings, by the SHA-256 of the certificate itself. The certificate comes from
the TLS session through the ASGI scope (`gateway.app.listeners`), never from a header.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from schemas.encoding import b64url
from schemas.errors import ConfigurationError

PEER_CERTIFICATE: Final = "isthmus.peer_certificate"
"""The ASGI scope extension that holds the peer's DER certificate, or None."""


def server_context(certificate: Path, key: Path, client_cas: Iterable[str]) -> ssl.SSLContext:
    """A server that demands a client certificate under one of the CAs (PEM texts)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    _show(context, certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, client_cas)
    context.num_tickets = 0
    return context


def client_context(certificate: Path, key: Path, server_cas: Iterable[str]) -> ssl.SSLContext:
    """A client that trusts these CAs (PEM texts) and no others, and shows its certificate. The name
    is not checked: the peer is the one whose registered certificate it shows, whatever its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context)
    context.check_hostname = False
    _show(context, certificate, key)
    _trust(context, server_cas)
    return context


def peer_certificate(scope: Mapping[str, Any]) -> bytes | None:
    """The certificate that the TLS session itself proved, in DER, or None."""
    certificate: bytes | None = scope.get("extensions", {}).get(PEER_CERTIFICATE)
    return certificate


@lru_cache(maxsize=1024)
def certificate_digest(certificate: bytes) -> str:
    """SHA-256 of a DER certificate, base64url: how the federation names it."""
    return b64url(sha256(certificate).digest())


def _show(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            f"{certificate}: does not go with {key}, or one is not readable PEM"
        ) from None


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])


def _trust(context: ssl.SSLContext, cas: Iterable[str]) -> None:
    for authority in cas:
        context.load_verify_locations(cadata=authority)
