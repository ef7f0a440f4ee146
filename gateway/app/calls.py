"""The HTTP calls that a person at a command line makes: to a gateway's ports and to a registrar.

Not the exchange's own client (`gateway.peers.transport`): one call, no connection kept. No redirects,
no proxies of the environment.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from schemas.errors import ConfigurationError, MalformedRequest
from schemas.strict_json import parse_object

TIMEOUT_S: Final = 60.0
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024


class Unreachable(Exception):
    """Nobody answered at this address, or not in a form that can be read."""


@dataclass(frozen=True, slots=True)
class Called:
    """An answer: its HTTP status, and its JSON object (empty where there was no body)."""

    status: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """How to show who we are, and whom to believe: PEM files, or None."""

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None


def gateway_state(url: str) -> Called:
    """`/health/ready` of an admin port. Raises Unreachable."""
    return _call("GET", url, "/health/ready", None, Identity())


def ask_view(url: str, view: str, question: Mapping[str, Any], identity: Identity) -> Called:
    """`POST /v1/views/{view}` of a client port or development door. Raises Unreachable."""
    return _call("POST", url, f"/v1/views/{view}", question, identity)


def send_record(url: str, record: bytes) -> Called:
    """Give a member's signed record to its registrar. Raises Unreachable."""
    return _call("PUT", url, "/records", record, Identity())


def _call(
    method: str, url: str, path: str, body: Mapping[str, Any] | bytes | None, identity: Identity
) -> Called:
    content = {"json": dict(body)} if isinstance(body, Mapping) else {"content": body}
    try:
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S, verify=_trust(identity)) as client:
            answered = client.request(method, url.rstrip("/") + path, **content)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise MalformedRequest("the address must be http(s)://host[:port]") from None
    except httpx.HTTPError as error:
        raise Unreachable(f"{url} did not answer ({type(error).__name__})") from None
    return Called(answered.status_code, _document(url, answered.content))


def _document(url: str, content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        return parse_object(content, max_bytes=MAX_ANSWER_BYTES, what="the answer")
    except MalformedRequest:
        raise Unreachable(f"{url} answered, but not as a gateway does") from None


def _trust(identity: Identity) -> ssl.SSLContext:
    """Whom to believe and what to show.

    Raises:
        ConfigurationError: a file is not what it must be.
    """
    try:
        context = ssl.create_default_context(cafile=identity.authority)
        if identity.certificate is not None:
            context.load_cert_chain(identity.certificate, identity.key)
    except OSError as error:
        raise ConfigurationError(
            f"the certificates given cannot be used ({error.strerror or error})"
        ) from None
    return context
