"""How a `mosip-ida` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_warnings
from adapters.kinds import Complaint
from adapters.selector import part_names
from adapters.template import placeholders
from adapters.yaml_lines import Place

__all__ = [
    "EXEMPTIONS",
    "PLACEHOLDER",
    "IdaAsk",
    "IdaConnection",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "service_complaints",
]

EXEMPTIONS: Final[Mapping[int, str]] = {6: "a number is one person's: IDA compares, it does not search"}

Call = Literal["auth", "kyc"]

_OURS: Final = frozenset(
    {
        "misp_key",
        "partner_id",
        "api_key",
        "signing_key",
        "decryption_key",
        "certificate",
        "ida_certificate",
        "env",
        "domain_uri",
        "version",
    }
)


@dataclass(frozen=True, slots=True)
class IdaConnection:
    """IDA, and who we are to it. Three of the secrets stand in every address, so none is ever shown."""

    http: HttpConnection
    misp_key: str = field(repr=False)
    partner_id: str
    api_key: str = field(repr=False)
    signing_key: str = field(repr=False)
    certificate: Path
    ida_certificate: Path
    decryption_key: str | None = field(default=None, repr=False)
    env: str = "Staging"
    domain_uri: str = ""
    version: str = "1.0"


@dataclass(frozen=True, slots=True)
class IdaAsk:
    """One question. Texts such as `{name}` stand for parts of the selector; `demographics` by IDA's names."""

    call: Call
    individual_id: str
    individual_id_type: Literal["UIN", "VID"] = "UIN"
    demographics: Mapping[str, str] = field(default_factory=dict)
    language: str = "eng"
    otp: str | None = None
    transaction: str | None = None
    attributes: tuple[str, ...] = ()
    consent_obtained: bool = False


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the authority, and both certificates."""
    named = (settings.get(name) for name in ("ca_file", "certificate", "ida_certificate"))
    yield from (name for name in named if name is not None)


def connection(settings: Mapping[str, Any], folder: Path) -> IdaConnection:
    """As `Form.connection`; keys are read at opening."""
    made = http.connection(_common(settings), folder)
    parts = urlsplit(made.base_url)
    return IdaConnection(
        http=made,
        misp_key=settings["misp_key"],
        partner_id=settings["partner_id"],
        api_key=settings["api_key"],
        signing_key=settings["signing_key"],
        certificate=folder / settings["certificate"],
        ida_certificate=folder / settings["ida_certificate"],
        decryption_key=settings.get("decryption_key"),
        env=settings.get("env", "Staging"),
        domain_uri=settings.get("domain_uri", f"{parts.scheme}://{parts.netloc}"),
        version=settings.get("version", "1.0"),
    )


def ask(service: Mapping[str, Any]) -> IdaAsk:
    """As `Form.ask`."""
    given = dict(service["check"])
    return IdaAsk(**{**given, "attributes": tuple(given.get("attributes", ()))})


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a connection, secrets not resolved."""
    yield from http.connection_complaints(_common(settings))


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the person tells something, and everything told is sent."""
    check, at = service["check"], (*place, "check")
    if len(service["subject"]) != 1:
        yield (*place, "subject"), "a check takes one kind of subject", "write a second service"
    used = set(placeholders(check))
    names = {name for parts in part_names(service["subject"]).values() for name in parts}
    for name in sorted(used - names):
        yield at, f"`{{{name}}}` is no part under `subject`", "declare it or correct it"
    for name in sorted(names - used):
        yield at, f"the check does not carry `{name}`", f"write {{{name}}} into it"
    if "demographics" not in check and "otp" not in check:
        cure = "write `demographics`, or `otp` with its `transaction`"
        yield at, "a number alone proves nothing", cure
    if ("otp" in check) != ("transaction" in check):
        yield at, "a one-time password belongs to a transaction", "write `otp` and `transaction`, or neither"
    if (check["call"] == "kyc") != ("attributes" in check):
        yield at, "`attributes` are what kyc tells", "write them with `call: kyc`, and only there"
    if service.get("shape", "record") != "record":
        yield (*place, "shape"), "a number is one person's", "write `shape: record`"


def _common(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _OURS}
