"""TLS towards sources: which authorities are trusted, and the gateway's own certificate (mTLS)."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from adapters.http.auth.mtls import ClientCertificate
from adapters.http.form import HttpConnection
from schemas.errors import ConfigurationError

_MEMORY = Path("/dev/shm")  # noqa: S108 - a private file in memory, for a moment


def tls_context(connection: HttpConnection) -> ssl.SSLContext | None:
    """The TLS settings of a connection; None when nothing of it is encrypted.

    Raises:
        ConfigurationError: the CA file, certificate or key cannot be used.
    """
    if not any(url.startswith("https://") for url in connection.origins):
        return None
    if not isinstance(connection.auth, ClientCertificate):
        return _trusting(connection.ca_file)
    context = _trusting.__wrapped__(connection.ca_file)
    _show(context, connection.auth)
    return context


@lru_cache(maxsize=16)
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """One context for all sources that trust the same: all public authorities take megabytes."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise ConfigurationError("ca_file is no readable PEM file of certificates") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _show(context: ssl.SSLContext, own: ClientCertificate) -> None:
    """Load certificate and key; OpenSSL reads files only, so they stand in one for a moment."""
    with NamedTemporaryFile(dir=_MEMORY if _MEMORY.is_dir() else None) as file:
        file.write(f"{own.certificate}\n{own.key}\n".encode())
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except (OSError, ssl.SSLError):
            raise ConfigurationError("auth: certificate and key are no PEM pair that fits") from None
