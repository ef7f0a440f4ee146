"""Alerts as they are held: which of them are in force, and which touch a place. Pure.

What counts: status and scope that the file names (Actual and Public unless it says otherwise), message
type Alert or Update, not replaced or cancelled by a later message of the same sender, not expired. A
drill can neither warn nor call off a warning. Alerts are public and name nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.geometry import Position, in_ring, kilometres

Reference = tuple[str, str, str]
"""Sender, identifier and moment of sending, as they are written: what makes a message that message."""

WARNING: Final = frozenset({"Alert", "Update"})
REPLACING: Final = frozenset({"Update", "Cancel"})


@dataclass(frozen=True, slots=True)
class Area:
    """Where an alert holds: rings and circles in longitude and latitude, geocodes by name and value."""

    description: str | None = None
    rings: tuple[tuple[Position, ...], ...] = ()
    circles: tuple[tuple[Position, float], ...] = ()
    geocodes: frozenset[tuple[str, str]] = frozenset()

    def holds(self, point: Position) -> bool:
        """Whether a point lies in it."""
        in_rings = any(in_ring(ring, point) for ring in self.rings)
        return in_rings or any(kilometres(centre, point) <= radius for centre, radius in self.circles)


@dataclass(frozen=True, slots=True)
class Info:
    """One block of an alert, in one language; `record` has CAP's own names. `expires` is epoch seconds."""

    language: str | None
    expires: int | None
    is_all_clear: bool
    record: Mapping[str, Any]
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. `sent` is epoch seconds."""

    reference: Reference
    sent: int
    status: str
    type: str
    scope: str
    replaces: frozenset[Reference]
    infos: tuple[Info, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked about: an area code under a geocode's name, a point, or both."""

    geocode: tuple[str, str] | None = None
    point: Position | None = None

    def is_touched_by(self, area: Area) -> bool:
        """Whether an alert's area covers it; a geocode decides before an outline."""
        if self.geocode is not None and self.geocode in area.geocodes:
            return True
        return self.point is not None and area.holds(self.point)


def counting(alerts: Iterable[Alert], status: frozenset[str], scope: frozenset[str]) -> list[Alert]:
    """The warnings among messages, newest first: each once, nothing replaced."""
    heard = {one.reference: one for one in alerts if one.status in status and one.scope in scope}
    gone = {
        reference
        for one in heard.values()
        if one.type in REPLACING
        for reference in one.replaces
        # Nobody calls off what another sender said, or what was said later.
        if reference[0] == one.reference[0] and _sent(heard, reference) <= one.sent
    }
    warnings = [one for name, one in heard.items() if one.type in WARNING and name not in gone]
    return sorted(warnings, key=lambda one: (one.sent, one.reference), reverse=True)


def touching(alerts: Sequence[Alert], place: Place, now: int, language: str | None) -> list[dict[str, Any]]:
    """The records of the alerts in force at a place, one for each alert."""
    return [record for one in alerts if (record := _touching(one, place, now, language)) is not None]


def _touching(alert: Alert, place: Place, now: int, language: str | None) -> dict[str, Any] | None:
    sender, identifier, sent = alert.reference
    head = {
        "sender": sender,
        "identifier": identifier,
        "sent": sent,
        "status": alert.status,
        "msgType": alert.type,
        "scope": alert.scope,
    }
    infos = sorted(alert.infos, key=lambda info: not _speaks(info.language, language))
    for info in infos:
        if info.is_all_clear or (info.expires is not None and info.expires <= now):
            continue
        for area in info.areas:
            if place.is_touched_by(area):
                return {**head, **info.record, "areaDesc": area.description}
    return None


def _sent(heard: Mapping[Reference, Alert], reference: Reference) -> int:
    found = heard.get(reference)
    return found.sent if found is not None else 0


def _speaks(language: str | None, wanted: str | None) -> bool:
    primary = (language or "en").lower().partition("-")[0]
    return wanted is not None and primary == wanted.lower().partition("-")[0]
