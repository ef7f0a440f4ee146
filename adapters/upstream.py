"""What the gateway needs to forward a pass-through request to its source.

The gateway's own client does the forwarding; the source's file says where to, with which
credentials, and how long and large an answer may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.http.form import HttpConnection
from adapters.source import PassThroughService, Source
from schemas.errors import ConfigurationError, UnknownService


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a pass-through service lives. `base_url` includes the service's `base_path`; the
    canonical path is appended to it as it stands. Redirects are never followed."""

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float
    max_bytes: int
    ca_file: Path | None = None


def upstream(source: Source, service_name: str) -> Upstream:
    """The upstream of one pass-through service.

    Raises:
        UnknownService: the source has no such pass-through service.
        ConfigurationError: the source is not reached by HTTP, or by credentials that must be fetched.
    """
    service = source.services.get(service_name)
    if not isinstance(service, PassThroughService):
        raise UnknownService(f"source {source.id} has no pass-through service of this name")
    connection = source.connection
    if not isinstance(connection, HttpConnection):
        raise ConfigurationError(f"source {source.id} is not reached by HTTP")
    if not connection.auth.is_ahead:
        raise ConfigurationError(f"source {source.id} has credentials that cannot be forwarded")
    return Upstream(
        base_url=connection.base_url + service.base_path,
        headers={**connection.headers, **connection.auth.headers},
        timeout_s=source.limits.timeout_s,
        max_bytes=source.limits.max_bytes,
        ca_file=connection.ca_file,
    )
