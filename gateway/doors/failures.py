"""FastAPI's failures as problems: ours, its validation's and its HTTP errors', all RFC 9457."""

from __future__ import annotations

import logging
from contextlib import suppress

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from audit.errors import AuditError
from gateway.exchange import problems
from gateway.trust.asgi import App, Receive, Scope, Send
from gateway.trust.failures import describe
from schemas.errors import (
    AuditUnavailable,
    ExchangeError,
    GatewayError,
    MalformedRequest,
    MethodNotAllowed,
    RequestMismatch,
    UnknownService,
)

_logger = logging.getLogger(__name__)


def without_traceback(api: App) -> App:
    """The application, keeping to itself what it has answered and logged: Starlette raises it again, and
    the server would print it with its message, which may quote a person."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(Exception):
            await api(scope, receive, send)

    return call


def answer_with_problems(api: FastAPI, gateway: str) -> None:
    """Make every failure of an application a problem of this gateway."""

    def respond(error: ExchangeError) -> Response:
        body = problems.to_bytes(error, exchange=error.exchange, hop=gateway)
        return Response(body, error.status, media_type=problems.MEDIA_TYPE)

    @api.exception_handler(ExchangeError)
    async def ours(_: Request, error: ExchangeError) -> Response:
        return respond(error)

    @api.exception_handler(AuditError)
    async def unread(_: Request, error: AuditError) -> Response:
        _logger.error("the log could not be used: %s", describe(error))
        return respond(AuditUnavailable())

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        """Names the members that do not fit, and never what the client wrote in them."""
        places = {".".join(str(part) for part in found["loc"][1:]) or "body" for found in error.errors()}
        if any(found["type"] == "json_invalid" for found in error.errors()):
            return respond(MalformedRequest("the body is not JSON"))
        return respond(RequestMismatch(f"these members do not fit: {', '.join(sorted(places))}"))

    @api.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, ExchangeError):  # FastAPI wraps what reading the body has raised
            return respond(error.__cause__)
        if error.status_code == 405:
            return respond(MethodNotAllowed())
        return respond(UnknownService("there is no such path on this port"))

    @api.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        _logger.error("a door failed: %s", describe(error))
        return respond(GatewayError("the gateway failed; its log says why"))
