"""What an error of X-Road itself means: `X-Road-Error` (PR-REST section 4.6), or a SOAP fault code.

An error of X-Road says nothing about the person, so it is never NotFound.

| error type | outcome |
|---|---|
| `*.AccessDenied`, `*.SslAuthenticationFailed`, `Client.*Authentication*` | DeniedBySource |
| `Server.ServerProxy.UnknownService`, `*.UnknownMember`, other `Client.*` | Misbehaving: the file is wrong |
| `Server.ServerProxy.ServiceFailed.*` of content or form | Misbehaving: the provider's answer is broken |
| everything else, also types of later versions | Unavailable |
"""

from __future__ import annotations

from typing import Final

from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_DENIED: Final = ("AccessDenied", "SslAuthenticationFailed", "ClientAuthentication", "AuthenticationFailed")
_UNKNOWN: Final = ("UnknownService", "UnknownMember", "InvalidClientIdentifier")
_BROKEN: Final = ("InvalidContentType", "InvalidSoap", "InvalidBody", "InvalidMessage", "MissingHeader")


def error_meaning(error_type: str) -> Unanswered:
    """The outcome of an error type. Its text is not repeated: it may hold names of the provider's."""
    parts = error_type.strip().rpartition(":")[2].split(".")
    if any(part in _DENIED for part in parts):
        return DeniedBySource("X-Road refused us: the provider has not given our client this service")
    if any(part in _UNKNOWN for part in parts):
        return Misbehaving("X-Road does not know the provider or service that the file names")
    if any(part in _BROKEN for part in parts):
        return Misbehaving("X-Road could not read the provider's answer")
    if parts[0] == "Client":
        return Misbehaving("X-Road did not take our request")
    return Unavailable("X-Road could not bring our question to the provider, or its answer to us")


def is_xroad(fault_code: str) -> bool:
    """Whether a SOAP fault code is one of X-Road's own, such as `Server.ServerProxy.AccessDenied`."""
    parts = fault_code.strip().rpartition(":")[2].split(".")
    return len(parts) > 1 and parts[0] in ("Client", "Server")
