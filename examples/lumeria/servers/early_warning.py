"""The disaster-risk ministry's early-warning service: an Atom index of CAP 1.2 alerts, public.

The index has an ETag and answers If-None-Match with 304. Times are relative to the start of the service, so
that the flood is always under way; CAP writes latitude before longitude, and times with a numeric offset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from examples.lumeria.servers.web import Json

_ATOM: Final = "http://www.w3.org/2005/Atom"
_CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_SENDER: Final = "alerts@drm.lumeria.example"
_LOCAL: Final = timezone(timedelta(hours=6))
_CATEGORIES: Final = {"Flood": "Met", "Storm": "Met", "Heatwave": "Met"}


def build(path: Path, _: Mapping[str, str]) -> Starlette:
    """Build the application over `early-warning.json`; there is no credential."""
    if not path.is_file():
        raise FileNotFoundError(f"no data at {path}: run `generate` first")
    service = _Service(orjson.loads(path.read_bytes()), datetime.now(UTC))
    return Starlette(
        routes=[
            Route("/health", service.health),
            Route("/alerts/atom.xml", service.index),
            Route("/alerts/{name}", service.alert),
        ]
    )


class _Service:
    """The alerts as issued."""

    def __init__(self, alerts: list[dict[str, Any]], started: datetime) -> None:
        self._alerts = {alert["identifier"]: alert for alert in alerts}
        self._started = started.replace(minute=0, second=0, microsecond=0)

    async def health(self, _: Request) -> Response:
        return Json({"status": "ok", "system": "early-warning", "alerts": len(self._alerts)})

    async def index(self, request: Request) -> Response:
        """The feed, newest first."""
        base = str(request.base_url).rstrip("/")
        content = self._feed(base)
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        return Response(content, media_type="application/atom+xml", headers={"etag": tag})

    async def alert(self, request: Request) -> Response:
        """One CAP document."""
        alert = self._alerts.get(request.path_params["name"].removesuffix(".cap.xml"))
        if alert is None:
            return PlainTextResponse("404 Not Found\n", 404)
        return Response(self._cap(alert), media_type="application/cap+xml")

    def _feed(self, base: str) -> bytes:
        newest_first = sorted(self._alerts.values(), key=lambda alert: alert["issued_hours"], reverse=True)
        feed = ET.Element("feed", xmlns=_ATOM)
        _texts(feed, id=f"{base}/alerts/atom.xml", title="Early warnings of Lumeria")
        _texts(feed, updated=self._at(newest_first[0]["issued_hours"]))
        _texts(ET.SubElement(feed, "author"), name="Disaster Risk Management")
        for alert in newest_first:
            entry = ET.SubElement(feed, "entry")
            _texts(entry, id=f"{_SENDER},{alert['identifier']}", title=alert["headline"])
            _texts(entry, updated=self._at(alert["issued_hours"]))
            href = f"{base}/alerts/{alert['identifier']}.cap.xml"
            ET.SubElement(entry, "link", rel="alternate", type="application/cap+xml", href=href)
        return _document(feed)

    def _cap(self, alert: Mapping[str, Any]) -> bytes:
        sent = self._at(alert["issued_hours"])
        root = ET.Element("alert", xmlns=_CAP)
        _texts(root, identifier=alert["identifier"], sender=_SENDER, sent=sent, status=alert["status"])
        _texts(root, msgType=alert["type"], scope="Public")
        if alert["references"]:
            earlier = (self._alerts[identifier] for identifier in alert["references"])
            triplets = (f"{_SENDER},{one['identifier']},{self._at(one['issued_hours'])}" for one in earlier)
            _texts(root, references=" ".join(triplets))
        info = ET.SubElement(root, "info")
        _texts(info, language="en", category=_CATEGORIES[alert["event"]], event=alert["event"])
        _texts(info, urgency="Expected", severity=alert["severity"], certainty="Likely", effective=sent)
        _texts(info, onset=sent, expires=self._at(alert["ends_hours"]), senderName="Disaster Risk Management")
        _texts(info, headline=alert["headline"])
        for area in alert["areas"]:
            element = ET.SubElement(info, "area")
            polygon = " ".join(f"{latitude:g},{longitude:g}" for longitude, latitude in area["ring"])
            _texts(element, areaDesc=area["name"], polygon=polygon)
            _texts(ET.SubElement(element, "geocode"), valueName="LM-DISTRICT", value=area["district"])
        return _document(root)

    def _at(self, hours: int) -> str:
        return (self._started + timedelta(hours=hours)).astimezone(_LOCAL).isoformat(timespec="seconds")


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _document(root: ET.Element) -> bytes:
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
