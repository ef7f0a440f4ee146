"""The Revenue Authority: SOAP 1.1, document/literal, as `tax.wsdl` describes it; credentials in the Body.

As such services do in the wild, it says most of what is wrong in HTTP 200: an unknown taxpayer and a year
out of range as a result code, a refused password as a Fault. Only what is no SOAP request at all is a Fault
in HTTP 500. `CheckConnection` needs no credentials. Left out: WS-Security, MTOM.
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
from examples.lumeria.servers.tax_envelope import (
    Element,
    UnreadableEnvelopeError,
    envelope,
    fault,
    parse_request,
)
from examples.lumeria.servers.web import Json, UnreadableBodyError, is_secret, open_for_reading, read_body

USER: Final = "exchange"
WSDL: Final = Path(__file__).parents[1] / "tax.wsdl"
_ASSESSMENTS: Final = """
    SELECT a.tin, t.national_id, a.year, a.declared_income, a.currency, a.status, a.assessed_on
    FROM taxpayers t JOIN assessments a ON a.tin = t.tin
    WHERE (t.tin = :number OR t.national_id = :number) AND (:year = '' OR a.year = :year)
    ORDER BY a.year, a.tin
"""
_OK: Final = ("0", "OK")
_UNKNOWN: Final = ("12", "No taxpayer has this number.")
_OUT_OF_RANGE: Final = ("31", f"Assessments exist for the years {TAX_YEARS[0]} to {TAX_YEARS[-1]}.")


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `tax.db`; the password comes from LUMERIA_TAX_PASSWORD."""
    authority = _Authority(open_for_reading(path), required(environ, "LUMERIA_TAX_PASSWORD"))
    return Starlette(
        routes=[
            Route("/health", authority.health),
            Route("/TaxpayerService.asmx", authority.describe, methods=["GET"]),
            Route("/TaxpayerService.asmx", authority.call, methods=["POST"]),
        ]
    )


class _Authority:
    """The authority's answers, read from its database."""

    def __init__(self, database: sqlite3.Connection, password: str) -> None:
        self._database = database
        self._password = password

    async def health(self, _: Request) -> Response:
        self._database.execute("SELECT 1 FROM taxpayers LIMIT 1")
        return Json({"status": "ok", "system": "tax"})

    async def describe(self, request: Request) -> Response:
        """Hand out the WSDL, with the address at which it was asked for."""
        url = str(request.url.replace(query=""))
        text = WSDL.read_text(encoding="utf-8").replace("http://localhost/TaxpayerService.asmx", url)
        return Response(text, media_type="text/xml")

    async def call(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("text/xml"):
            return _xml(fault("VersionMismatch", "This is a SOAP 1.1 service."), 500)
        try:
            operation, given = parse_request(await read_body(request))
        except (UnreadableBodyError, UnreadableEnvelopeError) as error:
            return _xml(fault("Client", str(error)), 500)
        if operation == "CheckConnection":
            return _xml(envelope(operation, {"Version": "1.0"}))
        if operation != "GetAssessments":
            return _xml(fault("Client", "The operation is not known."), 500)
        known = given.get("UserId") == USER and is_secret(given.get("PassWord", ""), self._password)
        if not known:
            return _xml(fault("Client.Authentication", "UserId or PassWord is wrong."))
        return _xml(envelope(operation, self._assessments(given)))

    def _assessments(self, given: Mapping[str, str]) -> Element:
        """List assessments by TIN or national ID, of all years or of one; oldest first."""
        number, year = given.get("TaxpayerNumber", ""), given.get("Year", "")
        if year and year not in map(str, TAX_YEARS):
            return _result(_OUT_OF_RANGE, [])
        query = "SELECT 1 FROM taxpayers WHERE tin = ? OR national_id = ?"
        if self._database.execute(query, (number, number)).fetchone() is None:
            return _result(_UNKNOWN, [])
        bound = {"number": number, "year": int(year) if year else ""}
        return _result(_OK, self._database.execute(_ASSESSMENTS, bound).fetchall())


def _result(code: tuple[str, str], rows: list[sqlite3.Row]) -> Element:
    assessments: list[Element] = [
        {
            "Tin": row["tin"],
            "NationalId": row["national_id"],
            "Year": str(row["year"]),
            "DeclaredIncome": row["declared_income"],
            "Currency": row["currency"],
            "Status": row["status"],
            "AssessedOn": row["assessed_on"],
        }
        for row in rows
    ]
    result: Element = {
        "ResultCode": code[0],
        "ResultText": code[1],
        "Assessments": {"Assessment": assessments},
    }
    return {"GetAssessmentsResult": result}


def _xml(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="text/xml")
