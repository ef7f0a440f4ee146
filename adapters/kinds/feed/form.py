"""How a `feed` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from adapters.geometry import Position, UnfitGeometry, degrees
from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection
from adapters.kinds import Complaint
from adapters.yaml_lines import Place

__all__ = [
    "EXEMPTIONS",
    "PLACEHOLDER",
    "FeedAsk",
    "FeedConnection",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "service_complaints",
]

EXEMPTIONS: Final[Mapping[int, str]] = {
    6: "an area has any number of warnings; there are no candidates to choose from",
    18: "a second question is answered from the alerts in memory, without asking the feed again",
}

_OWN: Final = frozenset(
    {"index", "format", "every_s", "max_age_s", "max_alerts", "status", "scope", "places", "certificate_file"}
)
_POINT: Final = frozenset({"latitude", "longitude"})


@dataclass(frozen=True, slots=True)
class FeedConnection:
    """A feed: its index, how often it is looked at, and which of its alerts count."""

    http: HttpConnection
    index: str
    format: Literal["cap", "gdacs"] = "cap"
    every_s: int = 300
    max_age_s: int = 3600
    max_alerts: int = 200
    status: frozenset[str] = frozenset({"Actual"})
    scope: frozenset[str] = frozenset({"Public"})
    places: Mapping[str, Position] = field(default_factory=dict)
    certificate: Path | None = None


@dataclass(frozen=True, slots=True)
class FeedAsk:
    """Which geocodes hold the area codes of a service, and which language it prefers."""

    geocode: str | None = None
    language: str | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> FeedConnection:
    """As `Form.connection`."""
    common = {name: value for name, value in settings.items() if name not in _OWN}
    return FeedConnection(
        http.connection(common, folder),
        settings["index"],
        settings.get("format", "cap"),
        settings.get("every_s", 300),
        settings.get("max_age_s", 3600),
        settings.get("max_alerts", 200),
        frozenset(settings.get("status", ("Actual",))),
        frozenset(settings.get("scope", ("Public",))),
        {code: degrees(place[1], place[0]) for code, place in settings.get("places", {}).items()},
        folder / settings["certificate_file"] if "certificate_file" in settings else None,
    )


def ask(service: Mapping[str, Any]) -> FeedAsk:
    """As `Form.ask`."""
    return FeedAsk(service.get("geocode"), service.get("language"))


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`: what is acted on without being meant."""
    yield from http.connection_warnings(settings)
    for word in sorted({*settings.get("status", ())} - {"Actual"}):
        cure = "remove it, unless this source feeds nothing but tests"
        yield ("connection", "status"), f"an alert of status {word} will count as a warning", cure
    for word in sorted({*settings.get("scope", ())} - {"Public"}):
        cure = "remove it, unless the sender agreed"
        yield ("connection", "scope"), f"an alert of scope {word} is not for everybody", cure


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What no schema can say about a connection."""
    yield from http.connection_complaints(settings)
    if settings.get("max_age_s", 3600) < settings.get("every_s", 300):
        what = "answers would stop before the next look at the index"
        yield ("connection", "max_age_s"), what, "write more seconds than `every_s` has"
    for code, place in settings.get("places", {}).items():
        try:
            degrees(place[1], place[0])
        except UnfitGeometry as error:
            yield ("connection", "places", code), str(error), "write [latitude, longitude]"


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: a subject is an area or a point."""
    if len(service["subject"]) != 1:
        yield (*place, "subject"), "a feed service takes one kind of subject", "write a second service"
    for name, form in service["subject"].items():
        if "parts" in form and form["parts"].keys() != _POINT:
            cure = "write the parts latitude and longitude, or one area code"
            yield (*place, "subject", name), "the parts are not those of a point", cure
    if service.get("shape") == "list":
        yield (*place, "shape"), "the alerts of an area are one record", "remove `shape: list`"
