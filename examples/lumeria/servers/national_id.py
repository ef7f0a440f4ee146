"""The National Identity Authority: plain REST with a bearer token; see `national_id_openapi.yaml`.

Attributes of one person, a yes/no verification, a search, and the identity card as a document of its own
(used for pass-through). Errors are `{"error": code, "message": sentence}`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.names import fold
from examples.lumeria.numbers import is_national_id
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, UnreadableBodyError, has_bearer, open_for_reading, read_object

_MOST_RESULTS: Final = 50
_CARD_YEARS: Final = 10
_Endpoint = Callable[[Request], Awaitable[Response]]


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `national-id.db`; the token comes from LUMERIA_NATIONAL_ID_TOKEN."""
    authority = _Authority(open_for_reading(path), required(environ, "LUMERIA_NATIONAL_ID_TOKEN"))
    api = "/api/v1"
    return Starlette(
        routes=[
            Route("/health", authority.health),
            Route(f"{api}/persons", authority.guarded(authority.search)),
            Route(f"{api}/persons/{{nid}}", authority.guarded(authority.person)),
            Route(f"{api}/persons/{{nid}}/card", authority.guarded(authority.card)),
            Route(f"{api}/verify", authority.guarded(authority.verify), methods=["POST"]),
        ]
    )


class _Authority:
    """The authority's answers, read from its database."""

    def __init__(self, database: sqlite3.Connection, token: str) -> None:
        self._database = database
        self._token = token

    def guarded(self, endpoint: _Endpoint) -> _Endpoint:
        """Let only holders of the token reach an endpoint."""

        async def checked(request: Request) -> Response:
            if not has_bearer(request, self._token):
                refusal = _error(401, "unauthorized", "A valid bearer token is required.")
                refusal.headers["www-authenticate"] = "Bearer"
                return refusal
            return await endpoint(request)

        return checked

    async def health(self, _: Request) -> Response:
        self._database.execute("SELECT 1 FROM persons LIMIT 1")
        return Json({"status": "ok", "system": "national-id"})

    async def person(self, request: Request) -> Response:
        row = self._find(request.path_params["nid"])
        return row if isinstance(row, Response) else Json(_attributes(row))

    async def card(self, request: Request) -> Response:
        row = self._find(request.path_params["nid"])
        if isinstance(row, Response):
            return row
        if row["card_number"] is None:
            return _error(404, "no_card", "No card was issued to this person.")
        return Json(_card(row))

    async def search(self, request: Request) -> Response:
        name, birth_date = request.query_params.get("name", ""), request.query_params.get("birth_date", "")
        if not fold(name) and not birth_date:
            return _error(400, "missing_criteria", "Give a name, a birth_date, or both.")
        if birth_date and not _is_date(birth_date):
            return _error(400, "invalid_birth_date", "A birth_date is written YYYY-MM-DD.")
        rows = self._database.execute(
            "SELECT * FROM persons WHERE instr(name_key, ?) > 0 AND (? = '' OR birth_date = ?) "
            "ORDER BY nid LIMIT ?",
            (fold(name), birth_date, birth_date, _MOST_RESULTS + 1),
        ).fetchall()
        found = [_attributes(row) for row in rows[:_MOST_RESULTS]]
        return Json({"results": found, "more": len(rows) > _MOST_RESULTS})

    async def verify(self, request: Request) -> Response:
        """Answer yes or no; an unknown number is a no like any other, so that nothing more is told."""
        try:
            claim = await read_object(request)
        except UnreadableBodyError as error:
            return _error(400, "invalid_body", f"Not understood: {error}.")
        nid, full_name, birth_date = (claim.get(field) for field in ("nid", "full_name", "birth_date"))
        if not (isinstance(nid, str) and isinstance(full_name, str) and isinstance(birth_date, str)):
            return _error(400, "invalid_body", "Give nid, full_name and birth_date as texts.")
        row = self._database.execute(
            "SELECT name_key, birth_date FROM persons WHERE nid = ?", (nid,)
        ).fetchone()
        return Json({"match": row is not None and tuple(row) == (fold(full_name), birth_date)})

    def _find(self, nid: str) -> sqlite3.Row | Response:
        if not is_national_id(nid):
            return _error(400, "invalid_nid", "A national ID has ten digits, the last a check digit.")
        row: sqlite3.Row | None = self._database.execute(
            "SELECT * FROM persons WHERE nid = ?", (nid,)
        ).fetchone()
        return row or _error(404, "not_found", "No person has this national ID.")


def _attributes(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "nid": row["nid"],
        "full_name": row["full_name"],
        "given_names": row["given_names"],
        "family_name": row["family_name"],
        "native_name": row["native_name"],
        "birth_date": row["birth_date"],
        "sex": row["sex"],
        "address": {
            "line": row["address_line"],
            "locality": row["locality"],
            "district": row["district"],
            "district_name": row["district_name"],
        },
        "photo_ref": row["photo_ref"],
        "status": row["status"],
        "protected": bool(row["protected"]),
        "last_updated": row["last_updated"],
    }


def _card(row: sqlite3.Row) -> dict[str, Any]:
    issued_on = date.fromisoformat(row["card_issued_on"])
    # A card issued on 29 February expires on the 28th.
    day = 28 if (issued_on.month, issued_on.day) == (2, 29) else issued_on.day
    expires_on = date(issued_on.year + _CARD_YEARS, issued_on.month, day)
    return {
        "card_number": row["card_number"],
        "nid": row["nid"],
        "full_name": row["full_name"],
        "birth_date": row["birth_date"],
        "issued_on": issued_on.isoformat(),
        "expires_on": expires_on.isoformat(),
        "issuer": "LM/GOV/NIA",
    }


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _error(status: int, code: str, message: str) -> Json:
    return Json({"error": code, "message": message}, status_code=status)
