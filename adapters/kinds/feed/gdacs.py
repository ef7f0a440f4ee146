"""The RSS of GDACS (Global Disaster Alert and Coordination System), read into alerts.

One item is one event: `gdacs:alertlevel` Green, Orange or Red, its country, a point and a box. It is
no CAP, so what CAP would say is filled in: Red is Extreme, Orange Severe, Green Moderate; the country's
ISO 3166 code stands as geocode `ISO3`. The box, as `west east south north`, stands for the outline.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any, Final

from adapters.geometry import Position, UnfitGeometry, degrees
from adapters.kinds.feed.alerts import Alert, Area, Info
from adapters.kinds.feed.cap import UnfitAlert
from adapters.xml import Element

GDACS: Final = "http://www.gdacs.org"
_SENDER: Final = "gdacs.org"
_SEVERITY: Final = {"green": "Moderate", "orange": "Severe", "red": "Extreme"}


def read_gdacs(root: Element, most: int) -> list[Alert]:
    """The alerts of the feed.

    Raises:
        UnfitAlert: it is not GDACS's, or has more than `most` items.
    """
    if root.tag != "rss":
        raise UnfitAlert("the index is not RSS")
    items = root.findall("channel/item")
    if len(items) > most:
        raise UnfitAlert(f"the index has more than {most} entries; raise `max_alerts`")
    return [_alert(item) for item in items]


def _alert(item: Element) -> Alert:
    kind, event = _needed(item, "eventtype"), _needed(item, "eventid")
    version = _text(item, "episodeid") or _text(item, "version") or "1"
    level = _SEVERITY.get(_needed(item, "alertlevel").lower())
    if level is None:
        raise UnfitAlert("an item has a level that is not Green, Orange or Red")
    sent = _moment(item.findtext("pubDate"))
    record: dict[str, Any] = {
        "category": "Met" if kind in ("TC", "FL", "DR") else "Geo",
        "event": kind,
        "urgency": "Unknown",
        "severity": level,
        "certainty": "Observed",
        "effective": None,
        "onset": _iso(_text(item, "fromdate")),
        "expires": None,
        "headline": (item.findtext("title") or "").strip() or None,
    }
    # `iscurrent` is what ends an event; `todate` is when it was last seen.
    ended = (_text(item, "iscurrent") or "true").lower() == "false"
    info = Info("en", 0 if ended else None, False, record, (_area(item),))
    reference = (_SENDER, f"{kind}-{event}-{version}", sent.isoformat())
    return Alert(reference, int(sent.timestamp()), "Actual", "Alert", "Public", frozenset(), (info,))


def _area(item: Element) -> Area:
    codes = (_text(item, "iso3") or "").replace(",", " ").split()
    box = _text(item, "bbox")
    rings = () if box is None else (_ring(box),)
    return Area(_text(item, "country"), rings, (), frozenset(("ISO3", code) for code in codes))


def _ring(text: str) -> tuple[Position, ...]:
    words = text.split()
    try:
        if len(words) != 4:
            raise UnfitAlert("the box of an item is not four numbers")
        west, east, south, north = words
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        return tuple(degrees(*corner) for corner in corners)
    except UnfitGeometry as error:
        raise UnfitAlert(str(error)) from None


def _moment(text: str | None) -> Any:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        raise UnfitAlert("an item does not say when it was published") from None
    if found.tzinfo is None:
        raise UnfitAlert("an item does not say its offset")
    return found


def _iso(text: str | None) -> str | None:
    return None if text is None else str(_moment(text).isoformat())


def _needed(item: Element, name: str) -> str:
    text = _text(item, name)
    if text is None:
        raise UnfitAlert(f"an item has no `gdacs:{name}`")
    return text


def _text(item: Element, name: str) -> str | None:
    return (item.findtext(f"{{{GDACS}}}{name}") or "").strip() or None
