"""`connection:` of the HTTP kinds: read into values, and checked."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from adapters.kinds import Complaint
from schemas.errors import ConfigurationError

PLACEHOLDER: Final = "https://source.example"
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,8192}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Auth:
    """How to show who we are: `headers` are ready to send and hold the secret."""

    kind: Literal["none", "bearer", "api_key", "basic"]
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """An HTTP service; every request stays on `base_url`'s host. `ca_file` names the CAs to
    trust in place of the system's."""

    base_url: str
    auth: Auth
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> HttpConnection:
    """As `Form.connection`."""
    base_url = settings["base_url"].rstrip("/")
    if re.fullmatch(r"https?://[^\s?#@/]+(/[^\s?#]*)?", base_url) is None:
        raise ConfigurationError("base_url is not http(s)://host[:port][/path]")
    auth = Auth(settings["auth"]["kind"], _auth_headers(settings["auth"]))
    ca_file = folder / settings["ca_file"] if "ca_file" in settings else None
    return HttpConnection(base_url, auth, settings.get("headers", {}), ca_file)


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`."""
    base_url = settings.get("base_url", "")
    if base_url.startswith("http://") and urlsplit(base_url).hostname not in _LOOPBACK:
        yield ("connection", "base_url"), "the connection is not encrypted", "write https://"


def _auth_headers(auth: Mapping[str, Any]) -> dict[str, str]:
    match auth["kind"]:
        case "bearer":
            headers = {"Authorization": f"Bearer {auth['token']}"}
        case "api_key":
            headers = {auth["header"]: auth["key"]}
        case "basic":
            pair = b64encode(f"{auth['user']}:{auth['password']}".encode()).decode()
            headers = {"Authorization": f"Basic {pair}"}
        case _:
            headers = {}
    if not all(_HEADER_VALUE.fullmatch(value) for value in headers.values()):
        raise ConfigurationError("a secret of `auth` cannot stand in an HTTP header")
    return headers
