"""The treasury's payments platform: GovStack's batches, Payment Hub EE's statuses, camt.053 statements.

A batch is accepted with 202 and paid in the background; when it is done, its summary goes to the address
that `X-Callback-URL` names, which must be on this machine. The same `X-CorrelationID` is one batch, however
often it is sent. Amounts come back as JSON numbers, as the Hub writes them. Every 400 says "File not
uploaded", whatever was wrong. Left out: CSV batches, vouchers, approvals.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.servers import payment_books
from examples.lumeria.servers.payment_books import Books, InvalidBatchError
from examples.lumeria.servers.payment_callback import call_back, is_local
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, UnreadableBodyError, has_bearer, open_for_writing, read_json

TENANT: Final = "lumeria"
_LARGEST_PAGE: Final = 500
_Endpoint = Callable[[Request], Awaitable[Response]]


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `payments.db`; the token comes from LUMERIA_PAYMENTS_TOKEN."""
    platform = _Platform(open_for_writing(path), required(environ, "LUMERIA_PAYMENTS_TOKEN"))
    return Starlette(
        routes=[
            Route("/health", platform.health),
            Route("/batchtransactions", platform.guarded(platform.submit), methods=["POST"]),
            Route("/api/v1/batch", platform.guarded(platform.summary)),
            Route("/api/v1/batch/detail", platform.guarded(platform.detail)),
            Route("/api/v1/transfers", platform.guarded(platform.transfers)),
            Route(
                "/identityAccountMapper/beneficiary", platform.guarded(platform.register), methods=["POST"]
            ),
            Route("/statements/{day}.xml", platform.guarded(platform.statement)),
        ]
    )


class _Platform:
    """The platform's answers, from its books."""

    def __init__(self, database: sqlite3.Connection, token: str) -> None:
        self._books = Books(database)
        self._token = token

    def guarded(self, endpoint: _Endpoint) -> _Endpoint:
        """Let only holders of the token, within the tenant, reach an endpoint."""

        async def checked(request: Request) -> Response:
            if not has_bearer(request, self._token):
                return _error(401, "error.msg.unauthorized", "Authentication required")
            if request.headers.get("platform-tenantid") != TENANT:
                return _error(400, "error.msg.platform.tenant", "File not uploaded")
            return await endpoint(request)

        return checked

    async def health(self, _: Request) -> Response:
        self._books.check()
        return Json({"status": "ok", "system": "payments"})

    async def submit(self, request: Request) -> Response:
        """Accept a batch."""
        correlation, callback = (
            request.headers.get("x-correlationid", ""),
            request.headers.get("x-callback-url"),
        )
        if request.query_params.get("type") != "raw" or not 0 < len(correlation) <= 20:
            return _error(400, "error.msg.type", "File not uploaded")
        if callback is not None and not is_local(callback):
            return _error(400, "error.msg.callback", "File not uploaded")
        try:
            instructions = payment_books.parse_instructions(await read_json(request))
        except (UnreadableBodyError, InvalidBatchError):
            return _error(400, "error.msg.batch", "File not uploaded")
        program = request.headers.get("x-program-id", "")
        institution = request.headers.get("x-registering-institution-id", "")
        batch, is_new = self._books.accept(correlation, institution, program, instructions)
        task = BackgroundTask(self._pay, batch, callback) if is_new else None
        return Json({"batchId": batch}, status_code=202, background=task)

    async def summary(self, request: Request) -> Response:
        found = self._books.summary(request.query_params.get("batchId", ""))
        return _error(404, "error.msg.batch.notfound", "Batch not found") if found is None else Json(found)

    async def detail(self, request: Request) -> Response:
        return self._page(request, {"batchId": request.query_params.get("batchId", "")}, "pageNo", "pageSize")

    async def transfers(self, request: Request) -> Response:
        names = ("batchId", "payeePartyId", "payeePartyIdType", "status", "transactionId", "requestId")
        asked = {name: request.query_params[name] for name in names if name in request.query_params}
        if not asked:
            return _error(400, "error.msg.parameters", "File not uploaded")
        return self._page(request, asked, "page", "size")

    async def register(self, request: Request) -> Response:
        """Enter accounts of beneficiaries: `ResponseCode` 00 is success, 01 is not, both in HTTP 200."""
        try:
            body = await read_json(request)
            number = str(body["RequestID"])
            self._books.register(body["Beneficiaries"])
        except (UnreadableBodyError, InvalidBatchError, KeyError, TypeError):
            return Json({"ResponseCode": "01", "ResponseDescription": "Request not acknowledged by Pay-BB"})
        text = "Request successfully received by Pay-BB"
        return Json({"ResponseCode": "00", "ResponseDescription": text, "RequestID": number})

    async def statement(self, request: Request) -> Response:
        content = self._books.statement(request.path_params["day"])
        return Response(content, media_type="application/xml")

    def _page(self, request: Request, asked: Mapping[str, str], page: str, size: str) -> Response:
        texts = (request.query_params.get(page, "0"), request.query_params.get(size, "20"))
        if not all(text.isascii() and text.isdigit() for text in texts):
            return _error(400, "error.msg.page", "File not uploaded")
        number, length = int(texts[0][:6]), min(max(int(texts[1][:6]), 1), _LARGEST_PAGE)
        return Json(self._books.transfers(asked, number, length))

    async def _pay(self, batch: str, callback: str | None) -> None:
        self._books.pay(batch)
        if callback is not None:
            await asyncio.to_thread(call_back, callback, self._books.callback(batch))


def _error(status: int, code: str, text: str) -> Json:
    body: dict[str, Any] = {"errorInformation": text, "errorDescription": text, "errorCode": code}
    return Json(body, status_code=status)
