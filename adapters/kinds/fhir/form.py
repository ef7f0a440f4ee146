"""How a `fhir` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from adapters.http import form as http
from adapters.http.form import (
    PLACEHOLDER,
    HttpConnection,
    connection_complaints,
    connection_warnings,
)
from adapters.kinds import Complaint
from adapters.pointer import parse
from adapters.template import placeholders
from adapters.yaml_lines import Place

__all__ = [
    "PLACEHOLDER",
    "FhirAsk",
    "FhirConnection",
    "Search",
    "Then",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "service_complaints",
]

Profile = Literal["r4", "openimis"]

_OURS: Final = frozenset(
    {"_count", "_elements", "_include", "_revinclude", "_total", "_format", "page-offset"}
)
"""Parameters the kind writes itself."""


@dataclass(frozen=True, slots=True)
class FhirConnection:
    """A FHIR server: where it is, and which habits it has."""

    http: HttpConnection
    profile: Profile = "r4"


@dataclass(frozen=True, slots=True)
class Search:
    """One search of one resource type. `{name}` in a parameter stands for a value."""

    resource: str
    parameters: Mapping[str, str]
    method: Literal["POST", "GET"] = "POST"
    elements: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    revinclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """A second search: `values` are places in the record found first, `member` gets what is found."""

    search: Search
    values: Mapping[str, tuple[str, ...]]
    member: str


@dataclass(frozen=True, slots=True)
class FhirAsk:
    """One question: a search, and perhaps a second one with values of its one match."""

    search: Search
    then: Then | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> FhirConnection:
    """As `Form.connection`."""
    common = {name: value for name, value in settings.items() if name != "profile"}
    return FhirConnection(http.connection(common, folder), settings.get("profile", "r4"))


def ask(service: Mapping[str, Any]) -> FhirAsk:
    """As `Form.ask`."""
    first = service["search"]
    search = Search(
        first["resource"],
        first["parameters"],
        first.get("method", "POST"),
        tuple(first.get("elements", ())),
        tuple(first.get("include", ())),
        tuple(first.get("revinclude", ())),
    )
    second = service.get("then")
    if second is None:
        return FhirAsk(search)
    follow_up = Search(second["resource"], second["parameters"], search.method)
    values = {name: parse(place) for name, place in second["with"].items()}
    return FhirAsk(search, Then(follow_up, values, second["as"]))


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: searches carry their values, and results can be told apart."""
    search, then = service["search"], service.get("then")
    yield from _value_complaints(search["parameters"], _values_of(service), (*place, "search", "parameters"))
    yield from _parameter_complaints(search["parameters"], (*place, "search", "parameters"))
    is_list = service.get("shape") == "list"
    if is_list and ("include" in search or "revinclude" in search or then is not None):
        what = "joined resources belong to one record, and this service gives a list"
        yield (*place, "search"), what, "write `shape: record`, or search that resource directly"
    if "identifier" in search["parameters"] and "identifier" not in search.get("elements", ["identifier"]):
        cure = "add `identifier`: it is compared with what was asked"
        yield (*place, "search", "elements"), "`elements` leaves the identifier out", cure
    if then is not None:
        yield from _value_complaints(then["parameters"], set(then["with"]), (*place, "then", "parameters"))
        yield from _parameter_complaints(then["parameters"], (*place, "then", "parameters"))


def _values_of(service: Mapping[str, Any]) -> set[str]:
    names: set[str] = set()
    for selector, form in service["subject"].items():
        names |= set(form.get("parts", {selector: form}))
    return names


def _value_complaints(parameters: Mapping[str, str], known: set[str], place: Place) -> Iterator[Complaint]:
    used = set(placeholders(parameters))
    for name in sorted(used - known):
        yield place, f"`{{{name}}}` is not known here", "declare it or correct it"
    for name in sorted(known - used):
        yield place, f"the search does not carry `{name}`", f"write {{{name}}} into a parameter"


def _parameter_complaints(parameters: Mapping[str, str], place: Place) -> Iterator[Complaint]:
    for name in sorted(_OURS & parameters.keys()):
        yield (*place, name), f"`{name}` is written by the gateway", "remove it"
