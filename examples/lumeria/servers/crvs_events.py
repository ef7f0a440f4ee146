"""The civil registry's other interface: event search as OpenCRVS offers it to record-search clients.

Field names of a declaration are the country's own and hold dots as plain characters (`child.nid`). A token
lives ten minutes and the answer that brings it does not say so; a client may search 2,000 times a day. Left
out: drafts, actions, notifications, the GraphQL of older versions.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.country import DISTRICTS
from examples.lumeria.servers.event_query import InvalidClauseError, parse_clauses
from examples.lumeria.servers.web import Json, UnreadableBodyError, is_secret, read_object

CLIENT: Final = "exchange"
QUOTA: Final = 2000  # searches of a client in a day
_TOKEN_LIFE: Final = 600  # seconds
_LARGEST_PAGE: Final = 100
_FROM: Final = "FROM births b LEFT JOIN deaths d ON d.brn = b.brn"
_SELECT: Final = f"SELECT b.*, d.drn, d.death_date, d.death_place {_FROM}"


class Events:
    """Searches of births and deaths, and the tokens given for them."""

    def __init__(self, database: sqlite3.Connection, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._tokens: dict[str, float] = {}
        self._searches: tuple[str, int] = ("", 0)

    def routes(self) -> list[Route]:
        """Where the interface answers."""
        return [
            Route("/auth/token", self.token, methods=["POST"]),
            Route("/api/events/events/search", self.search, methods=["POST"]),
            Route("/api/events/events/{id}", self.event),
            Route("/api/events/locations", self.locations),
        ]

    async def token(self, request: Request) -> Response:
        """Give a token for client credentials, in a JSON body or, as older versions have it, in the query."""
        given: Mapping[str, Any] = request.query_params
        if "client_id" not in given:
            try:
                given = await read_object(request)
            except UnreadableBodyError:
                return _error(400, "BAD_REQUEST", "Input validation failed")
        known = given.get("client_id") == CLIENT and is_secret(
            str(given.get("client_secret", "")), self._secret
        )
        if not known or given.get("grant_type") != "client_credentials":
            return _error(401, "UNAUTHORIZED", "Invalid client credentials")
        token, now = secrets.token_urlsafe(24), time.time()
        self._tokens = {old: end for old, end in self._tokens.items() if end > now} | {
            token: now + _TOKEN_LIFE
        }
        return Json({"access_token": token})

    async def search(self, request: Request) -> Response:
        """A page of events that meet the clauses, with their number."""
        refusal = self._refusal(request) or self._over_quota()
        if refusal is not None:
            return refusal
        try:
            body = await read_object(request)
            event, condition = parse_clauses(body.get("query"))
            limit, offset = _page(body)
        except (UnreadableBodyError, InvalidClauseError) as error:
            return _error(400, "BAD_REQUEST", f"Input validation failed: {error}")
        where = f"{condition.sql} AND {'d.brn IS NOT NULL' if event == 'death' else '1'}"
        (total,) = self._database.execute(
            f"SELECT COUNT(*) {_FROM} WHERE {where}", condition.values
        ).fetchone()
        query = f"{_SELECT} WHERE {where} ORDER BY b.brn LIMIT ? OFFSET ?"
        rows = self._database.execute(query, (*condition.values, limit, offset)).fetchall()
        return Json({"results": [_event(row, event) for row in rows], "total": total})

    async def event(self, request: Request) -> Response:
        """One event, by the id of a search's result."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        number = request.path_params["id"].rpartition("-")[2]
        query = f"{_SELECT} WHERE b.brn = ? OR d.drn = ?"
        row = self._database.execute(query, (f"B{number[-8:]}", f"D{number[-8:]}")).fetchone()
        for event in ("birth", "death"):
            if row is not None and _identity(row, event) == request.path_params["id"]:
                return Json(_event(row, event))
        return _error(404, "NOT_FOUND", "Event not found")

    async def locations(self, request: Request) -> Response:
        """The districts."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        kind = "ADMIN_STRUCTURE"
        return Json([{"id": one.code, "name": one.name, "locationType": kind} for one in DISTRICTS])

    def _refusal(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._tokens.get(token.strip(), 0.0) > time.time():
            return None
        return _error(401, "UNAUTHORIZED", "UNAUTHORIZED")

    def _over_quota(self) -> Response | None:
        today = datetime.now(UTC).date().isoformat()
        day, count = self._searches
        self._searches = (today, count + 1 if day == today else 1)
        if self._searches[1] <= QUOTA:
            return None
        return _error(429, "TOO_MANY_REQUESTS", "DAILY_QUOTA_EXCEEDED")


def _page(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, offset = body.get("limit", 10), body.get("offset", 0)
    if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
        raise InvalidClauseError("limit and offset are whole numbers")
    return min(limit, _LARGEST_PAGE), offset


def _identity(row: sqlite3.Row, event: str) -> str:
    """A UUID that ends in the registration's number, so that an event is found again by it."""
    number = row["brn"] if event == "birth" else row["drn"]
    uuid = str(uuid5(NAMESPACE_URL, f"https://cro.lumeria.example/{number}"))
    return f"{uuid[:24]}{int(number[1:]):012d}"


def _event(row: sqlite3.Row, event: str) -> dict[str, Any]:
    is_birth = event == "birth"
    number, place = (row["brn"], row["birth_place"]) if is_birth else (row["drn"], row["death_place"])
    registered_at = f"{row['registered_on']}T09:00:00.000Z"
    return {
        "id": _identity(row, event),
        "type": event,
        "status": "REGISTERED",
        "legalStatuses": {
            "REGISTERED": {
                "createdAt": registered_at,
                "acceptedAt": registered_at,
                "registrationNumber": number,
            }
        },
        "createdAt": registered_at,
        "updatedAt": registered_at,
        "dateOfEvent": row["birth_date"] if is_birth else row["death_date"],
        "placeOfEvent": place,
        "trackingId": f"{int(number[1:]):06X}",
        "flags": [],
        "declaration": _birth(row) if is_birth else _death(row),
    }


def _birth(row: sqlite3.Row) -> dict[str, Any]:
    declaration = {
        "child.name": {"firstname": row["given_name"], "surname": row["surname"]},
        "child.dob": row["birth_date"],
        "child.gender": row["sex"],
        "child.nid": row["uin"],
        "child.birthLocation": row["birth_place"],
        "mother.nid": row["parent1_uin"],
        "father.nid": row["parent2_uin"],
    }
    return {name: value for name, value in declaration.items() if value is not None}


def _death(row: sqlite3.Row) -> dict[str, Any]:
    declaration = {
        "deceased.name": {"firstname": row["given_name"], "surname": row["surname"]},
        "deceased.dob": row["birth_date"],
        "deceased.gender": row["sex"],
        "deceased.nid": row["uin"],
        "eventDetails.date": row["death_date"],
        "eventDetails.deathLocation": row["death_place"],
    }
    return {name: value for name, value in declaration.items() if value is not None}


def _error(status: int, code: str, message: str) -> Json:
    return Json({"message": message, "code": code}, status_code=status)
