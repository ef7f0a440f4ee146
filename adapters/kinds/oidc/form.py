"""How an `oidc` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_warnings
from adapters.kinds import Complaint
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError
from schemas.record import ACCESS_TOKEN

__all__ = [
    "EXEMPTIONS",
    "PLACEHOLDER",
    "OidcAsk",
    "OidcConnection",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "service_complaints",
]

EXEMPTIONS: Final[Mapping[int, str]] = {6: "a token is one person's: a provider cannot name two"}

_OURS: Final = frozenset({"issuer", "answers", "client_id", "decryption_key", "clients"})
_AUTH: Final = ("none", "basic", "mtls")


@dataclass(frozen=True, slots=True)
class OidcConnection:
    """A provider: where it is, what it calls itself, and what its userinfo is.

    `clients` are those whose tokens are taken, found by introspection; empty: nobody is asked.
    """

    http: HttpConnection
    issuer: str
    answers: Literal["json", "jwt"] = "json"
    client_id: str | None = None
    decryption_key: str | None = field(default=None, repr=False)
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OidcAsk:
    """The question: who is behind this token? There is nothing to choose."""


def connection(settings: Mapping[str, Any], folder: Path) -> OidcConnection:
    """As `Form.connection`."""
    common = {name: value for name, value in settings.items() if name not in _OURS}
    made = http.connection(common, folder)
    issuer = settings.get("issuer", made.base_url)
    if not issuer.startswith(("https://", "http://")):
        raise ConfigurationError("issuer is not an http(s) address")
    return OidcConnection(
        made,
        issuer,
        settings.get("answers", "json"),
        settings.get("client_id"),
        settings.get("decryption_key"),
        tuple(settings.get("clients", ())),
    )


def ask(service: Mapping[str, Any]) -> OidcAsk:
    """As `Form.ask`."""
    del service
    return OidcAsk()


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a connection, secrets not resolved."""
    common = {name: value for name, value in settings.items() if name not in _OURS}
    yield from http.connection_complaints(common)
    is_signed = settings.get("answers") == "jwt"
    if is_signed and "client_id" not in settings:
        cure = "write `client_id`: for whom the provider makes it"
        yield ("connection", "answers"), "signed userinfo is made for somebody", cure
    for name in ("client_id", "decryption_key"):
        if name in settings and not is_signed:
            yield ("connection", name), f"`{name}` is for signed userinfo", "write `answers: jwt`"
    kind = settings["auth"]["kind"]
    if kind not in _AUTH:
        what = f"userinfo is asked with the citizen's token, not with `{kind}` credentials"
        yield ("connection", "auth"), what, "write auth of kind none, basic (for introspection) or mtls"


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the subject is a token and nothing else."""
    subject = service["subject"]
    if list(subject) != [ACCESS_TOKEN] or "parts" in subject[ACCESS_TOKEN]:
        cure = f'write {ACCESS_TOKEN}: {{pattern: "[A-Za-z0-9._~+/=-]{{16,4096}}"}}'
        yield (*place, "subject"), f"the subject is an `{ACCESS_TOKEN}` and nothing else", cure
    if service.get("shape", "record") != "record":
        yield (*place, "shape"), "a token is one person's", "write `shape: record`"
    if service.get("empty") != "misbehaving":
        cure = "write `empty: misbehaving`"
        yield (*place, "empty"), "userinfo never says that there is nobody", cure
