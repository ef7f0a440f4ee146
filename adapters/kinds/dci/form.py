"""How a `dci` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_warnings
from adapters.kinds import Complaint
from adapters.pointer import parse
from adapters.yaml_lines import Place

__all__ = [
    "PLACEHOLDER",
    "DciAsk",
    "DciConnection",
    "ask",
    "connection",
    "connection_warnings",
    "service_complaints",
]


@dataclass(frozen=True, slots=True)
class DciConnection:
    """A DCI registry: where it is, and as whom we ask it."""

    http: HttpConnection
    path: str
    sender_id: str
    receiver_id: str | None = None


@dataclass(frozen=True, slots=True)
class DciAsk:
    """One DCI search: identifier type by selector, and what kind of register is searched."""

    id_types: Mapping[str, str]
    reg_type: str | None = None
    reg_event_type: str | None = None
    reg_record_type: str | None = None
    records: tuple[str, ...] = ()


def connection(settings: Mapping[str, Any], folder: Path) -> DciConnection:
    """As `Form.connection`."""
    return DciConnection(
        http.connection(settings, folder),
        settings.get("path", "/registry/sync/search"),
        settings["sender_id"],
        settings.get("receiver_id"),
    )


def ask(service: Mapping[str, Any]) -> DciAsk:
    """As `Form.ask`."""
    search = service["search"]
    return DciAsk(
        search["id_types"],
        search.get("reg_type"),
        search.get("reg_event_type"),
        search.get("reg_record_type"),
        parse(search.get("records", "")),
    )


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: every selector has an identifier type."""
    declared, mapped = service["subject"].keys(), service["search"]["id_types"].keys()
    for name in sorted(declared ^ mapped):
        cure = "name the same selectors under `subject` and `id_types`"
        yield (*place, "search", "id_types"), f"`{name}` stands in one place only", cure
