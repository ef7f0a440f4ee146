"""The Revenue Authority's first interface: REST with an API key (SOAP follows).

Like real tax systems it answers some errors with HTTP 200 and an error body: a caller that looks only at
the status takes them for data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.country import TAX_YEARS
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, is_secret, open_for_reading

_ASSESSMENTS: Final = """
    SELECT a.tin, t.national_id, a.year, a.declared_income, a.currency, a.status, a.assessed_on
    FROM taxpayers t JOIN assessments a ON a.tin = t.tin
    WHERE (t.tin = :number OR t.national_id = :number) AND (:year IS NULL OR a.year = :year)
    ORDER BY a.year, a.tin
"""


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `tax.db`; the API key comes from LUMERIA_TAX_KEY."""
    authority = _Authority(open_for_reading(path), required(environ, "LUMERIA_TAX_KEY"))
    return Starlette(
        routes=[
            Route("/health", authority.health),
            Route("/taxpayers/{number}/assessments", authority.assessments),
        ]
    )


class _Authority:
    """The authority's answers, read from its database."""

    def __init__(self, database: sqlite3.Connection, key: str) -> None:
        self._database = database
        self._key = key

    async def health(self, _: Request) -> Response:
        self._database.execute("SELECT 1 FROM taxpayers LIMIT 1")
        return Json({"status": "ok", "system": "tax"})

    async def assessments(self, request: Request) -> Response:
        """List assessments by TIN or national ID, of all years or of `year`; oldest first."""
        if not is_secret(request.headers.get("x-api-key", ""), self._key):
            return _error(401, "INVALID_API_KEY", "The X-Api-Key header is missing or wrong.")
        year = request.query_params.get("year")
        if year is not None and year not in map(str, TAX_YEARS):
            span = f"{TAX_YEARS[0]} to {TAX_YEARS[-1]}"
            return _error(200, "YEAR_OUT_OF_RANGE", f"Assessments exist for the years {span}.")
        number = request.path_params["number"]
        if not self._is_known(number):
            return _error(404, "TAXPAYER_NOT_FOUND", "No taxpayer has this number.")
        rows = self._database.execute(
            _ASSESSMENTS, {"number": number, "year": None if year is None else int(year)}
        )
        return Json([dict(row) for row in rows])

    def _is_known(self, number: str) -> bool:
        query = "SELECT 1 FROM taxpayers WHERE tin = ? OR national_id = ?"
        return self._database.execute(query, (number, number)).fetchone() is not None


def _error(status: int, code: str, message: str) -> Json:
    return Json({"status": "ERROR", "code": code, "message": message}, status_code=status)
