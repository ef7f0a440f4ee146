"""How an `ogc` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.http import form as http
from adapters.http.error_rules import ErrorRule, error_rule_complaints, error_rules
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_complaints, connection_warnings
from adapters.kinds import Complaint
from adapters.selector import part_names
from adapters.yaml_lines import Place

if TYPE_CHECKING:
    from adapters.yaml_lines import Document

__all__ = [
    "PLACEHOLDER",
    "OgcAsk",
    "OgcConnection",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "document_complaints",
    "service_complaints",
]

Protocol = Literal["features", "wfs"]

_OWN: Final = frozenset({"protocol", "path", "namespaces", "output"})
_OURS: Final = frozenset(
    {"limit", "offset", "bbox", "bbox-crs", "crs", "filter", "filter-lang", "filter-crs"}
)
"""Parameters the kind writes itself."""
_FEATURES_ONLY: Final = ("filter", "parameters")


@dataclass(frozen=True, slots=True)
class OgcConnection:
    """A server of features: where it is, and which of the two protocols it speaks."""

    http: HttpConnection
    protocol: Protocol = "features"
    path: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None

    @property
    def is_json(self) -> bool:
        """Whether features come as GeoJSON."""
        return self.protocol == "features" or "json" in (self.output or "")


@dataclass(frozen=True, slots=True)
class OgcAsk:
    """One question: `where` names properties and what they must equal (`$name` is a selector's part),
    `at` the parts that are longitude and latitude of a point the features must hold."""

    collection: str
    where: Mapping[str, str]
    at: tuple[str, str] | None = None
    filter: Literal["parameters", "cql2"] = "parameters"
    parameters: Mapping[str, str] = field(default_factory=dict)
    geometry: str = "geometry"
    page_size: int = 100
    errors: tuple[ErrorRule, ...] = ()


def connection(settings: Mapping[str, Any], folder: Path) -> OgcConnection:
    """As `Form.connection`."""
    common = {name: value for name, value in settings.items() if name not in _OWN}
    return OgcConnection(
        http.connection(common, folder),
        settings.get("protocol", "features"),
        settings.get("path", ""),
        settings.get("namespaces", {}),
        settings.get("output"),
    )


def ask(service: Mapping[str, Any]) -> OgcAsk:
    """As `Form.ask`."""
    at = service.get("at")
    return OgcAsk(
        service["collection"],
        service.get("where", {}),
        None if at is None else (at["longitude"][1:], at["latitude"][1:]),
        service.get("filter", "parameters"),
        service.get("parameters", {}),
        service.get("geometry", "geometry"),
        service.get("page_size", 100),
        error_rules(service.get("errors", [])),
    )


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the question carries the selector, and nothing unknown."""
    subjects, where, at = service["subject"], service.get("where", {}), service.get("at", {})
    if len(subjects) != 1:
        yield (*place, "subject"), "an ogc service takes one kind of subject", "write a second service"
    names = {name for parts in part_names(subjects).values() for name in parts}
    used = {text[1:] for text in (*where.values(), *at.values()) if text.startswith("$")}
    for name in sorted(used - names):
        yield place, f"`${name}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(names - used):
        yield place, f"nothing compares with `{name}`", f"write `where: {{property: ${name}}}` or `at`"
    if at and service.get("parameters", {}).get("skipGeometry"):
        yield (*place, "parameters"), "`at` needs the outlines", "remove skipGeometry"
    for name in sorted(_OURS & service.get("parameters", {}).keys()):
        yield (*place, "parameters", name), f"`{name}` is written by the gateway", "remove it"
    for name in sorted(where.keys() & service.get("parameters", {}).keys()):
        yield (*place, "parameters", name), f"`{name}` stands under `where` too", "remove one"
    for index, what, cure in error_rule_complaints(service.get("errors", [])):
        yield (*place, "errors", index), what, cure


def document_complaints(document: Document) -> Iterator[Complaint]:
    """What belongs to the other protocol, and prefixes without a namespace."""
    settings = document.value["connection"]
    is_wfs = settings.get("protocol") == "wfs"
    if not is_wfs:
        for name in sorted((_OWN - {"protocol"}) & settings.keys()):
            yield ("connection", name), f"`{name}` is of protocol wfs", "remove it, or write `protocol: wfs`"
        return
    known = settings.get("namespaces", {})
    for name, service in document.value["services"].items():
        place: Place = ("services", name)
        for word in _FEATURES_ONLY:
            if word in service:
                yield (*place, word), f"`{word}` is of protocol features", "remove it"
        if "at" in service and "geometry" not in service:
            yield (*place, "at"), "`at` needs the property of the outline", "write `geometry: the_geom`"
        for text in (service["collection"], *service.get("where", {}), service.get("geometry", "")):
            prefix = text.partition(":")[0] if ":" in text else None
            if prefix is not None and prefix not in known:
                cure = "write it under `connection.namespaces`"
                yield (*place, "collection"), f"the prefix `{prefix}` has no namespace", cure
