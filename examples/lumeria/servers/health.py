"""The Ministry of Health: a programme tracker that answers as DHIS2's web API does, with an access token.

A programme or a type of tracked entity is required; values stand in a list of attributes under identifiers
that mean nothing (`/api/trackedEntityAttributes` names them); what a user may not see looks like nobody. Left
out: writing, relationships, ordering, users and sharing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.country import DISTRICTS
from examples.lumeria.health_vocabulary import ATTRIBUTES, ORG_UNITS, PERSON_TYPE, PROGRAM_NAMES, STAGES
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.tracker_query import InvalidQueryError, TrackerQuery, parse_query, project
from examples.lumeria.servers.web import Json, is_secret, open_for_reading

_COLUMNS: Final = dict(
    zip(
        ATTRIBUTES,
        ("national_id", "given_names", "family_name", "native_name", "birth_date", "sex"),
        strict=True,
    )
)
_Endpoint = Callable[[Request], Awaitable[Response]]


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `health.db`; the token comes from LUMERIA_HEALTH_TOKEN."""
    tracker = _Tracker(open_for_reading(path), required(environ, "LUMERIA_HEALTH_TOKEN"))
    return Starlette(
        routes=[
            Route("/health", tracker.health),
            Route("/api/system/info", tracker.guarded(tracker.info)),
            Route("/api/trackedEntityAttributes", tracker.guarded(tracker.attributes)),
            Route("/api/programs", tracker.guarded(tracker.programs)),
            Route("/api/organisationUnits", tracker.guarded(tracker.org_units)),
            Route("/api/tracker/trackedEntities", tracker.guarded(tracker.search)),
            Route("/api/tracker/trackedEntities/{uid}", tracker.guarded(tracker.entity)),
        ]
    )


class _Tracker:
    """The tracker's answers, read from its database."""

    def __init__(self, database: sqlite3.Connection, token: str) -> None:
        self._database = database
        self._token = token

    def guarded(self, endpoint: _Endpoint) -> _Endpoint:
        """Let only holders of the token reach an endpoint; turn faults into DHIS2's error bodies."""

        async def checked(request: Request) -> Response:
            scheme, _, shown = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "apitoken" or not is_secret(shown.strip(), self._token):
                return _error(401, "Unauthorized", "Unauthorized", "E3000")
            try:
                return await endpoint(request)
            except InvalidQueryError as error:
                return _error(error.status, error.reason, str(error), error.code)

        return checked

    async def health(self, _: Request) -> Response:
        self._database.execute("SELECT 1 FROM tracked_entities LIMIT 1")
        return Json({"status": "ok", "system": "health"})

    async def info(self, _: Request) -> Response:
        return Json({"version": "2.41.0", "calendar": "iso8601", "systemName": "Lumeria health tracker"})

    async def attributes(self, _: Request) -> Response:
        listed = [
            {"id": uid, "code": code, "name": name, "valueType": kind}
            for uid, (code, name, kind) in ATTRIBUTES.items()
        ]
        return Json({"trackedEntityAttributes": listed})

    async def programs(self, _: Request) -> Response:
        return Json({"programs": [{"id": uid, "name": name} for uid, name in PROGRAM_NAMES.items()]})

    async def org_units(self, _: Request) -> Response:
        units = [
            {"id": ORG_UNITS[one.code], "code": one.code, "name": f"{one.name} Health Office"}
            for one in DISTRICTS
        ]
        return Json({"organisationUnits": units})

    async def search(self, request: Request) -> Response:
        """A page of tracked entities; the total only where it is asked for."""
        query = parse_query(request.query_params.multi_items(), _COLUMNS)
        found = [project(self._entity(row), query.fields) for row in self._find(query)]
        pager: dict[str, Any] = {"page": query.page, "pageSize": query.page_size}
        if query.total_pages:
            (total,) = self._database.execute(f"SELECT COUNT(*) {query.sql}", query.values).fetchone()
            pager |= {"total": total, "pageCount": max(1, -(-total // query.page_size))}
        return Json({"pager": pager, "trackedEntities": found})

    async def entity(self, request: Request) -> Response:
        query = "SELECT * FROM tracked_entities WHERE uid = ?"
        row = self._database.execute(query, (request.path_params["uid"],)).fetchone()
        if row is None:
            return _error(404, "Not Found", "TrackedEntity with id could not be found.", "E1005")
        fields = parse_query(
            [*request.query_params.multi_items(), ("trackedEntityType", PERSON_TYPE)], _COLUMNS
        ).fields
        return Json(project(self._entity(row), fields))

    def _find(self, query: TrackerQuery) -> list[sqlite3.Row]:
        sql = f"SELECT t.* {query.sql} ORDER BY t.created_at DESC, t.uid LIMIT ? OFFSET ?"
        page = (query.page_size, query.page_size * (query.page - 1))
        return self._database.execute(sql, (*query.values, *page)).fetchall()

    def _entity(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "trackedEntity": row["uid"],
            "trackedEntityType": PERSON_TYPE,
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "orgUnit": row["org_unit"],
            "inactive": False,
            "deleted": False,
            "potentialDuplicate": False,
            "attributes": [
                {
                    "attribute": uid,
                    "code": code,
                    "displayName": name,
                    "valueType": kind,
                    "value": row[_COLUMNS[uid]],
                    "createdAt": row["created_at"],
                    "updatedAt": row["updated_at"],
                }
                for uid, (code, name, kind) in ATTRIBUTES.items()
                if row[_COLUMNS[uid]] is not None
            ],
            "enrollments": [
                self._enrollment(one, row["org_unit"])
                for one in self._database.execute("SELECT * FROM enrollments WHERE entity = ?", (row["uid"],))
            ],
        }

    def _enrollment(self, row: sqlite3.Row, org_unit: str) -> dict[str, Any]:
        query = "SELECT * FROM events WHERE enrollment = ? ORDER BY occurred_at"
        return {
            "enrollment": row["uid"],
            "program": row["program"],
            "status": row["status"],
            "orgUnit": org_unit,
            "enrolledAt": row["enrolled_at"],
            "events": [
                {
                    "event": event["uid"],
                    "programStage": STAGES[row["program"]],
                    "status": "COMPLETED",
                    "occurredAt": event["occurred_at"],
                }
                for event in self._database.execute(query, (row["uid"],))
            ],
        }


def _error(status: int, reason: str, message: str, code: str) -> Json:
    body = {
        "httpStatus": reason,
        "httpStatusCode": status,
        "status": "ERROR",
        "message": message,
        "errorCode": code,
    }
    return Json(body, status_code=status)
