"""`connection:` of the HTTP kinds: read into values, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.http.auth.contract import Auth
from adapters.http.auth.fixed import Fixed
from adapters.http.auth.form import FORWARDED, address, read_auth, unknown_words
from adapters.http.reach import Network, is_loopback
from adapters.kinds import Complaint
from adapters.secrets import REFERENCE
from schemas.errors import ConfigurationError

__all__ = ["PLACEHOLDER", "Auth", "Fixed", "HttpConnection", "Probe", "connection", "connection_warnings"]

PLACEHOLDER: Final = "https://source.example"
_BASE_URL = re.compile(r"https?://[^\s?#@/]+(/[^\s?#]*)?")


@dataclass(frozen=True, slots=True)
class Probe:
    """How to ask whether a source can be asked: a request, and the statuses that say yes (None:
    whatever is below 500)."""

    method: str = "GET"
    path: str = "/"
    expect: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """An HTTP service; every request stays on `base_url`'s host and `allow_hosts`, at global
    addresses and those in `allow_private`. `ca_file` names the CAs to trust in place of the system's."""

    base_url: str
    auth: Auth = Fixed()  # noqa: RUF009 - frozen
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    allow_hosts: tuple[str, ...] = ()
    allow_private: tuple[Network, ...] = ()
    health: Probe = Probe()

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin that may be called, as URLs; further hosts are called like the first."""
        scheme = urlsplit(self.base_url).scheme
        further = [f"{way}://{host}" for host in self.allow_hosts for way in sorted({"https", scheme})]
        return (self.base_url, *further)


def connection(settings: Mapping[str, Any], folder: Path) -> HttpConnection:
    """As `Form.connection`."""
    base_url = settings["base_url"].rstrip("/")
    if _BASE_URL.fullmatch(base_url) is None:
        raise ConfigurationError("base_url is not http(s)://host[:port][/path]")
    made = HttpConnection(
        base_url,
        read_auth(settings["auth"], base_url),
        settings.get("headers", {}),
        folder / settings["ca_file"] if "ca_file" in settings else None,
        tuple(settings.get("allow_hosts", ())),
        tuple(_network(text) for text in settings.get("allow_private", ())),
        _probe(settings.get("health", {})),
    )
    _check_hosts(settings["auth"], made)
    return made


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`."""
    base_url = settings.get("base_url", "")
    if base_url.startswith("http://") and not is_loopback(urlsplit(base_url).hostname or ""):
        yield ("connection", "base_url"), "the connection is not encrypted", "write https://"
    if "query" in settings.get("auth", {}):
        cure = "send it in a header, if the system takes it there"
        yield ("connection", "auth", "query"), "the key will stand in the system's access log", cure


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a connection that no schema can say; secrets are not resolved."""
    auth = settings["auth"]
    for member, word in unknown_words(auth):
        place = ("connection", "auth", member)
        yield place, f"`{{{word}}}` stands for nothing", "write a word of docs/adapters/http.md"
    if auth["kind"] == "session_login" and not REFERENCE.search(str(auth["request"])):
        cure = "write ${secret:NAME} for the password"
        yield ("connection", "auth", "request"), "the login has no secret", cure
    for index, text in enumerate(settings.get("allow_private", ())):
        try:
            _network(text)
        except ConfigurationError as error:
            what, _, cure = error.detail.partition("; ")
            yield ("connection", "allow_private", index), what, cure


def forwarding_complaint(auth: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a pass-through service cannot be forwarded with these credentials, and the cure."""
    if auth["kind"] in FORWARDED and "query" not in auth:
        return None
    what = f"a pass-through service cannot be forwarded with `{auth['kind']}` credentials"
    return what, "write auth of kind none, basic, bearer or api_key in a header, or a record service"


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise ConfigurationError("allow_private: not a network; write one such as 10.20.0.0/16") from None
    if network.is_loopback or network.is_link_local or network.is_multicast or network.prefixlen < 8:
        raise ConfigurationError(
            "allow_private: loopback, link-local and whole address spaces are never allowed; "
            "write the system's own network, such as 10.20.0.0/16"
        )
    return network


def _probe(health: Mapping[str, Any]) -> Probe:
    if not health:
        return Probe()
    return Probe(health.get("method", "GET"), health["path"], frozenset(health.get("expect", (200,))))


def _check_hosts(auth: Mapping[str, Any], made: HttpConnection) -> None:
    """Tokens and logins are fetched from allowed hosts only."""
    asked = auth.get("token_url") or auth.get("request", {}).get("url")
    if asked is None:
        return
    wanted = urlsplit(address(asked, made.base_url))
    for url in made.origins:
        origin = urlsplit(url)
        if (wanted.scheme, wanted.netloc) == (origin.scheme, origin.netloc):
            return
    raise ConfigurationError(
        "auth asks a host that is not the source's; name it in allow_hosts, such as [auth.example]"
    )
