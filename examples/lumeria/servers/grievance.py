"""The grievance desk: Open311 GeoReport v2, in XML and JSON, with an API key for what concerns a person.

Lists have no pages: a question covers at most 90 days, and answers at most 1,000 requests. Errors are a list
of `code` and `description`. Beyond the standard: `account_id` (the complainant's national ID) filters and is
shown to holders of the key, which may also come in the header `X-Api-Key`. Left out: media, jurisdictions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.country import DISTRICT_BY_CODE
from examples.lumeria.geography import centre
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import (
    Json,
    UnreadableBodyError,
    is_secret,
    open_for_writing,
    read_body,
)

SERVICES: Final = {
    "late-payment": ("Late payment", "A benefit was due and has not arrived.", "payments"),
    "wrong-amount": ("Wrong amount", "Another amount arrived than was due.", "payments"),
    "exclusion": ("Left out", "Somebody who should be in a programme is not.", "targeting"),
    "data-correction": ("Wrong data", "A registry holds something wrong about a person.", "data"),
    "misconduct": ("Misconduct", "An officer or agent did wrong.", "conduct"),
}
_MOST: Final = 1000
_WINDOW: Final = timedelta(days=90)
_DAYS_TO_ANSWER: Final = 21
_LONGEST: Final = 4000  # characters of a description


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `grievance.db`; the API key comes from LUMERIA_GRIEVANCE_KEY."""
    desk = _Desk(open_for_writing(path), required(environ, "LUMERIA_GRIEVANCE_KEY"))
    base = "/open311/v2"
    return Starlette(
        routes=[
            Route("/health", desk.health),
            Route(f"{base}/services.{{format}}", desk.services),
            Route(f"{base}/services/{{code}}.{{format}}", desk.definition),
            Route(f"{base}/requests.{{format}}", desk.requests, methods=["GET"]),
            Route(f"{base}/requests.{{format}}", desk.lodge, methods=["POST"]),
            Route(f"{base}/requests/{{id}}.{{format}}", desk.request),
        ]
    )


class _Desk:
    """The desk's answers, read from its database, and the requests it takes."""

    def __init__(self, database: sqlite3.Connection, key: str) -> None:
        self._database = database
        self._key = key

    async def health(self, _: Request) -> Response:
        self._database.execute("SELECT 1 FROM requests LIMIT 1")
        return Json({"status": "ok", "system": "grievance"})

    async def services(self, request: Request) -> Response:
        return _answer(request, "services", "service", [_service(code) for code in SERVICES])

    async def definition(self, request: Request) -> Response:
        code = request.path_params["code"]
        if code not in SERVICES:
            return _error(request, 404, "service_code was not found")
        return _answer(request, "service_definition", "attribute", [])

    async def requests(self, request: Request) -> Response:
        """The requests that fit, newest first."""
        asked, keyed = request.query_params, self._has_key(request)
        if asked.get("account_id") and not keyed:
            return _error(request, 403, "api_key is missing or wrong")
        try:
            first, last = self._window(asked.get("start_date"), asked.get("end_date"))
        except ValueError:
            return _error(request, 400, "start_date and end_date are dates of ISO 8601")
        conditions, values = ["requested_datetime BETWEEN ? AND ?"], [first, last]
        for name, column in (
            ("service_request_id", "service_request_id"),
            ("service_code", "service_code"),
            ("status", "status"),
            ("account_id", "account_id"),
        ):
            if asked.get(name):
                wanted = asked[name].split(",")
                conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += wanted
        if asked.get("service_request_id"):  # by number, whenever it was lodged
            conditions, values = conditions[1:], values[2:]
        where = " AND ".join(conditions)
        query = f"SELECT * FROM requests WHERE {where} ORDER BY requested_datetime DESC LIMIT ?"  # noqa: S608 our own words
        rows = self._database.execute(query, (*values, _MOST))
        return _answer(request, "service_requests", "request", [_shown(row, keyed=keyed) for row in rows])

    async def request(self, request: Request) -> Response:
        row = self._read(request.path_params["id"])
        if row is None:
            return _error(request, 404, "service_request_id was not found")
        keyed = self._has_key(request)
        return _answer(request, "service_requests", "request", [_shown(row, keyed=keyed)])

    async def lodge(self, request: Request) -> Response:
        """Take a request: a form, as the standard has it."""
        try:
            form = parse_qs((await read_body(request)).decode())
        except (UnreadableBodyError, UnicodeDecodeError):
            return _error(request, 400, "the body is not a form")
        given = {name: values[0].strip() for name, values in form.items()}
        if not is_secret(given.get("api_key", ""), self._key):
            return _error(request, 403, "api_key is missing or wrong")
        if given.get("service_code") not in SERVICES:
            return _error(request, 400, "service_code was not provided or is not known")
        if given.get("address_id") not in DISTRICT_BY_CODE:
            return _error(request, 400, "address_id (a district code) was not provided or is not known")
        number = self._write(given)
        notice = {"service_request_id": number, "service_notice": f"Answered within {_DAYS_TO_ANSWER} days."}
        return _answer(request, "service_requests", "request", [notice])

    def _has_key(self, request: Request) -> bool:
        shown = request.query_params.get("api_key") or request.headers.get("x-api-key", "")
        return is_secret(shown, self._key)

    def _read(self, number: str) -> sqlite3.Row | None:
        query = "SELECT * FROM requests WHERE service_request_id = ?"
        row: sqlite3.Row | None = self._database.execute(query, (number,)).fetchone()
        return row

    def _window(self, start: str | None, end: str | None) -> tuple[str, str]:
        """At most 90 days: those after the start, else those before the end or the newest request."""
        if start is not None:
            first = datetime.fromisoformat(start)
            last = min(datetime.fromisoformat(end) if end else first + _WINDOW, first + _WINDOW)
        else:
            (newest,) = self._database.execute("SELECT MAX(requested_datetime) FROM requests").fetchone()
            last = datetime.fromisoformat(end or newest)
            first = last - _WINDOW
        return _stamp(first), _stamp(last)

    def _write(self, given: Mapping[str, str]) -> str:
        now = datetime.now(UTC)
        district = DISTRICT_BY_CODE[given["address_id"]]
        longitude, latitude = centre(district.code)
        with self._database:
            (count,) = self._database.execute("SELECT COUNT(*) FROM requests").fetchone()
            number = f"GR-{now.year}-{count + 1:05d}"
            self._database.execute(
                "INSERT INTO requests VALUES (?, ?, 'open', NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number, given["service_code"], given.get("description", "")[:_LONGEST],
                    given.get("account_id") or None, _stamp(now), _stamp(now),
                    _stamp(now + timedelta(_DAYS_TO_ANSWER)),
                    given.get("address_string", district.name)[:200], district.code, longitude, latitude,
                ),
            )  # fmt: skip
        return number


def _service(code: str) -> dict[str, Any]:
    name, description, group = SERVICES[code]
    return {
        "service_code": code, "service_name": name, "description": description, "metadata": False,
        "type": "realtime", "keywords": "", "group": group,
    }  # fmt: skip


def _shown(row: sqlite3.Row, *, keyed: bool) -> dict[str, Any]:
    return {
        "service_request_id": row["service_request_id"],
        "status": row["status"],
        "status_notes": row["status_notes"],
        "service_name": SERVICES[row["service_code"]][0],
        "service_code": row["service_code"],
        "description": row["description"],
        "agency_responsible": "Ministry of Social Welfare",
        "service_notice": None,
        "requested_datetime": row["requested_datetime"],
        "updated_datetime": row["updated_datetime"],
        "expected_datetime": row["expected_datetime"],
        "address": row["address"],
        "address_id": row["address_id"],
        "zipcode": None,
        "lat": row["latitude"],
        "long": row["longitude"],
        **({"account_id": row["account_id"]} if keyed else {}),
    }


def _stamp(when: datetime) -> str:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(request: Request, status: int, description: str) -> Response:
    body = [{"code": status, "description": description}]
    return _answer(request, "errors", "error", body, status)


def _answer(
    request: Request, root: str, item: str, items: list[dict[str, Any]], status: int = 200
) -> Response:
    if request.path_params.get("format") == "json":
        return Json(items, status_code=status)
    document = ET.Element(root)
    for each in items:
        element = ET.SubElement(document, item)
        for name, value in each.items():
            ET.SubElement(element, name).text = None if value is None else str(value)
    content = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return Response(content, status, media_type="text/xml")
