"""CAP 1.2 documents (OASIS, 1 July 2010) read into alerts.

Latitude stands before longitude here, the reverse of GeoJSON; it is turned round at once. A moment must
say its offset. A document that breaks the standard is refused whole: half a warning warns the wrong
people. Not here: resources, CAP 1.0 and 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from adapters.geometry import MAX_POSITIONS, Position, UnfitGeometry, degrees
from adapters.kinds.feed.alerts import Alert, Area, Info, Reference
from adapters.xml import Element

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MAX_INFOS: Final = 20
MAX_AREAS: Final = 200

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)", re.ASCII)
_STATUS: Final = frozenset({"Actual", "Exercise", "System", "Test", "Draft"})
_TYPES: Final = frozenset({"Alert", "Update", "Cancel", "Ack", "Error"})
_SCOPES: Final = frozenset({"Public", "Restricted", "Private"})
_TOLD: Final = (
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
)
_NO_NAME = re.compile(r"[\s,<&]")


class UnfitAlert(Exception):
    """A document that is no alert we can use; the text says why and quotes nothing."""


def read_cap(root: Element) -> Alert:
    """The alert of a document.

    Raises:
        UnfitAlert: it is no CAP 1.2, or breaks it.
    """
    if root.tag != f"{{{CAP}}}alert":
        raise UnfitAlert("a document of the feed is not CAP 1.2")
    sender, identifier, sent = (_needed(root, name) for name in ("sender", "identifier", "sent"))
    if _NO_NAME.search(sender) or _NO_NAME.search(identifier):
        raise UnfitAlert("an alert's sender or identifier holds a blank or a comma")
    infos = root.findall(f"{{{CAP}}}info")
    if len(infos) > MAX_INFOS:
        raise UnfitAlert(f"an alert has more than {MAX_INFOS} blocks")
    return Alert(
        (sender, identifier, sent),
        moment(sent),
        _one_of(root, "status", _STATUS),
        _one_of(root, "msgType", _TYPES),
        _one_of(root, "scope", _SCOPES),
        frozenset(_references(_text(root, "references") or "")),
        tuple(_info(one) for one in infos),
    )


def moment(text: str) -> int:
    """Epoch seconds of a moment. Raises UnfitAlert: it says no offset, or is none."""
    if _MOMENT.fullmatch(text) is None:
        raise UnfitAlert("a moment of an alert is not one with its offset")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise UnfitAlert("a moment of an alert does not exist") from None


def _info(info: Element) -> Info:
    record: dict[str, Any] = {name: _text(info, name) for name in _TOLD}
    for name in ("effective", "onset", "expires"):
        if record[name] is not None:
            moment(record[name])
    areas = info.findall(f"{{{CAP}}}area")
    if len(areas) > MAX_AREAS:
        raise UnfitAlert(f"an alert has more than {MAX_AREAS} areas")
    for name in ("category", "event", "urgency", "severity", "certainty"):
        _needed(info, name)
    replies = [one.text for one in info.findall(f"{{{CAP}}}responseType")]
    expires = None if record["expires"] is None else moment(record["expires"])
    return Info(record["language"], expires, "AllClear" in replies, record, _areas(areas))


def _areas(elements: list[Element]) -> tuple[Area, ...]:
    left = MAX_POSITIONS
    areas = []
    for element in elements:
        try:
            rings = tuple(_ring(one.text or "") for one in element.findall(f"{{{CAP}}}polygon"))
            circles = tuple(_circle(one.text or "") for one in element.findall(f"{{{CAP}}}circle"))
        except UnfitGeometry as error:
            raise UnfitAlert(str(error)) from None
        left -= sum(map(len, rings))
        if left < 0:
            raise UnfitAlert(f"the areas of an alert have more than {MAX_POSITIONS} corners")
        codes = element.findall(f"{{{CAP}}}geocode")
        pairs = frozenset((_needed(one, "valueName"), _needed(one, "value")) for one in codes)
        areas.append(Area(_text(element, "areaDesc"), rings, circles, pairs))
    return tuple(areas)


def _ring(text: str) -> tuple[Position, ...]:
    words = text.split(maxsplit=MAX_POSITIONS + 1)
    if len(words) > MAX_POSITIONS:
        raise UnfitGeometry(f"an outline has more than {MAX_POSITIONS} corners")
    ring = tuple(_pair(word) for word in words)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise UnfitGeometry("an outline of an alert is not closed")
    return ring


def _circle(text: str) -> tuple[Position, float]:
    centre, _, radius = text.strip().partition(" ")
    try:
        kilometres = float(radius)
    except ValueError:
        raise UnfitGeometry("a circle of an alert has no radius") from None
    if not 0 <= kilometres <= 20_100:
        raise UnfitGeometry("a circle of an alert is larger than the globe")
    return _pair(centre), kilometres


def _pair(text: str) -> Position:
    latitude, _, longitude = text.partition(",")
    return degrees(longitude, latitude)


def _references(text: str) -> Iterator[Reference]:
    for word in text.split():
        parts = word.split(",")
        if len(parts) != 3:
            raise UnfitAlert("a reference of an alert is not sender,identifier,sent")
        yield parts[0], parts[1], parts[2]


def _one_of(element: Element, name: str, known: frozenset[str]) -> str:
    text = _needed(element, name)
    if text not in known:
        raise UnfitAlert(f"`{name}` of an alert is not a word of CAP")
    return text


def _needed(element: Element, name: str) -> str:
    text = _text(element, name)
    if text is None:
        raise UnfitAlert(f"an alert has no `{name}`")
    return text


def _text(element: Element, name: str) -> str | None:
    found = element.find(f"{{{CAP}}}{name}")
    text = (found.text or "").strip() if found is not None else ""
    return text or None
