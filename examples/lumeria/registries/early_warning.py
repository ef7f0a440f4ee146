"""The early-warning service's alerts, without times: the service issues them relative to its start.

Seven alerts make every trap of a feed: a flood that is real, the alert that it updates, an exercise, a test,
an expired warning, a warning and its cancellation. Polygons are the districts' outlines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

from examples.lumeria.country import DISTRICT_BY_CODE, FLOODED_DISTRICTS
from examples.lumeria.geography import outline

FIRST: Final = "LM-DRM-2026-0041"
HEAT: Final = "LM-DRM-2026-0040"
FLOOD: Final = "LM-DRM-2026-0042"
EXERCISE: Final = "LM-DRM-2026-0043"


def write(path: Path, district: str) -> None:
    """Write `early-warning.json`; the flood is where the story's applicant lives, and in the flood plains."""
    flooded = [code for code in DISTRICT_BY_CODE if code in {district, *FLOODED_DISTRICTS}]
    dry = [code for code in DISTRICT_BY_CODE if code not in flooded]
    alerts = [
        _alert(FIRST, "Flood", "Moderate", flooded, issued=-30, ends=60),
        _alert(FLOOD, "Flood", "Severe", flooded, issued=-6, ends=24 * 7, update=FIRST),
        _alert(EXERCISE, "Flood", "Extreme", dry[:1], issued=-3, ends=24, status="Exercise"),
        _alert("LM-DRM-2026-0044", "Flood", "Minor", dry[:1], issued=-2, ends=1, status="Test"),
        _alert("LM-DRM-2026-0039", "Storm", "Moderate", dry[1:3], issued=-96, ends=-48),
        _alert(HEAT, "Heatwave", "Severe", dry[3:5], issued=-50, ends=40),
        _alert("LM-DRM-2026-0045", "Heatwave", "Severe", dry[3:5], issued=-1, ends=40, cancel=HEAT),
    ]
    path.write_bytes(orjson.dumps(alerts, option=orjson.OPT_INDENT_2) + b"\n")


def _alert(
    identifier: str,
    event: str,
    severity: str,
    districts: list[str],
    *,
    issued: int,
    ends: int,
    status: str = "Actual",
    update: str = "",
    cancel: str = "",
) -> dict[str, Any]:
    """One alert; `issued` and `ends` are hours from the moment the service starts."""
    names = [DISTRICT_BY_CODE[code].name for code in districts]
    return {
        "identifier": identifier,
        "status": status,
        "type": "Update" if update else "Cancel" if cancel else "Alert",
        "event": event,
        "severity": severity,
        "issued_hours": issued,
        "ends_hours": ends,
        "headline": f"{event} in {', '.join(names)}",
        "references": [update or cancel] if update or cancel else [],
        "areas": [
            {"name": DISTRICT_BY_CODE[code].name, "district": code, "ring": outline(code)}
            for code in districts
        ],
    }
