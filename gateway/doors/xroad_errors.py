"""X-Road's error form: header `X-Road-Error`, body `{type, message, detail}`, status 400 or 500.

The type's prefix says where it failed: `Client`, `Server.ClientProxy` (this gateway) or
`Server.ServerProxy` (the provider's). Without the header, the provider's own service has spoken.
`problem` is ours: the whole RFC 9457 document, for clients that know it.
"""

from __future__ import annotations

from gateway.exchange import problems
from schemas.errors import ExchangeError
from schemas.strict_json import dump
from schemas.wire import Headers

_CODES = {
    "refused": "AccessDenied",
    "unknown-service": "UnknownService",
    "malformed-request": "BadRequest",
    "malformed-identifier": "InvalidIdentifier",
    "method-not-allowed": "MethodNotAllowed",
    "request-mismatch": "BadRequest",
    "unauthenticated": "AuthenticationFailed",
    "too-large": "RequestTooLarge",
    "peer-unavailable": "NetworkError",
    "bad-answer": "InvalidSignatureValue",
    "source-unavailable": "ServiceFailed.NetworkError",
    "source-too-slow": "ServiceFailed.NetworkError",
    "source-misbehaved": "ServiceFailed.InvalidResponse",
    "audit-unavailable": "LoggingFailed",
    "federation-unavailable": "OutdatedGlobalConf",
}


def error_type(error: ExchangeError, here: str, *, by_provider: bool = False) -> str:
    """X-Road's type of an error, seen from the gateway `here`. What a provider has signed is the
    provider's, even where both are hosted on this gateway."""
    code = _CODES.get(error.slug, "InternalError")
    if by_provider or error.hop not in (None, here):
        return f"Server.ServerProxy.{code}"
    return f"Client.{code}" if error.fault == "client" else f"Server.ClientProxy.{code}"


def error_response(
    error: ExchangeError, here: str, exchange: str | None, *, by_provider: bool = False
) -> tuple[int, Headers, bytes]:
    """Status, headers and body of an error. `detail` is the exchange's id, where one began."""
    kind = error_type(error, here, by_provider=by_provider)
    document = {
        "type": kind,
        "message": f"{error.title}: {error.detail}" if error.detail != error.title else error.title,
        "detail": exchange,
        "problem": problems.problem(error, exchange=exchange, hop=here),
    }
    status = 400 if kind.startswith("Client.") else 500
    return status, (("content-type", "application/json"), ("X-Road-Error", kind)), dump(document)
