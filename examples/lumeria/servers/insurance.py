"""The Social Security Fund: FHIR R4 as health-insurance systems offer it.

A login gives a token that lives for an hour. Patients, Coverages and Groups are searched by GET or by POST
`_search`; a Bundle's `next` link names the host behind the fund's proxy, which nobody outside can reach: a
client has to take its path and query and keep the host it knows. Only the head of a family has a Coverage.
Left out: writing, history, `_format` other than JSON.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.servers import fhir_resources
from examples.lumeria.servers.fhir_search import Fund, InvalidSearchError
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import (
    Json,
    UnreadableBodyError,
    is_secret,
    open_for_reading,
    read_body,
    read_object,
)

USER: Final = "exchange"
_TOKEN_LIFE: Final = 3600  # seconds
_FHIR_JSON: Final = "application/fhir+json"


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `insurance.db`; the password comes from LUMERIA_INSURANCE_PASSWORD."""
    fund = _Door(Fund(open_for_reading(path)), required(environ, "LUMERIA_INSURANCE_PASSWORD"))
    return Starlette(
        routes=[
            Route("/health", fund.health),
            Route("/fhir/login/", fund.login, methods=["POST"]),
            Route("/fhir/metadata", fund.metadata),
            Route("/fhir", fund.page),
            Route("/fhir/{kind}", fund.search),
            Route("/fhir/{kind}/_search", fund.search, methods=["POST"]),
            Route("/fhir/{kind}/{id}", fund.read),
        ]
    )


class _Door:
    """The fund's answers, and the tokens it gave."""

    def __init__(self, fund: Fund, password: str) -> None:
        self._fund = fund
        self._password = password
        self._tokens: dict[str, float] = {}

    async def health(self, _: Request) -> Response:
        self._fund.check()
        return Json({"status": "ok", "system": "insurance"})

    async def login(self, request: Request) -> Response:
        try:
            body = await read_object(request)
        except UnreadableBodyError as error:
            return _outcome(400, "invalid", str(error))
        if body.get("username") != USER or not is_secret(str(body.get("password", "")), self._password):
            return _outcome(401, "login", "Unknown user or wrong password.")
        token, expires = secrets.token_urlsafe(24), time.time() + _TOKEN_LIFE
        self._tokens = {old: end for old, end in self._tokens.items() if end > time.time()} | {token: expires}
        return Json({"token": token, "exp": int(expires)})

    async def metadata(self, _: Request) -> Response:
        return _resource(fhir_resources.capability())

    async def search(self, request: Request) -> Response:
        query = parse_qsl(request.url.query, keep_blank_values=True)
        if request.method == "POST":
            try:
                query += parse_qsl(
                    (await read_body(request)).decode("ascii", "replace"), keep_blank_values=True
                )
            except UnreadableBodyError as error:
                return _outcome(400, "invalid", str(error))
        return self._answer(request, lambda: self._fund.search(request.path_params["kind"], query))

    async def page(self, request: Request) -> Response:
        token = request.query_params.get("_getpages", "")
        return self._answer(request, lambda: self._fund.page(token))

    async def read(self, request: Request) -> Response:
        kind, key = request.path_params["kind"], request.path_params["id"]
        return self._answer(request, lambda: self._fund.read(kind, key))

    def _answer(self, request: Request, find: Any) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0.0) < time.time():
            return _outcome(401, "login", "A valid token is required.")
        try:
            found = find()
        except InvalidSearchError as error:
            return _outcome(error.status, error.code, str(error))
        return _resource(found)


def _resource(resource: Mapping[str, Any], status: int = 200) -> Json:
    return Json(resource, status_code=status, media_type=_FHIR_JSON)


def _outcome(status: int, code: str, text: str) -> Json:
    return _resource(fhir_resources.outcome(code, text), status)
