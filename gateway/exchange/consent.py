"""Consent in a statement: a reference signed there, the token itself in the head.

The token is a JWT (DESIGN section 7). The asking side only reads which consent it is; it is the
provider that verifies it (`gateway.consent.checking`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeGuard

from gateway.consent.token import MAX_TOKEN_LENGTH
from schemas.encoding import b64url, unb64url
from schemas.errors import RequestMismatch
from schemas.statement import MAX_TEXT_LENGTH
from schemas.strict_json import parse_object


def consent_reference(token: str) -> dict[str, str]:
    """`{id, issuer, digest}` of a consent token.

    Raises:
        RequestMismatch: it is not a compact JWT with `jti` and `iss`.
        MalformedRequest: its payload is not acceptable JSON.
    """
    parts = token.split(".")
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii() or len(parts) != 3:
        raise RequestMismatch("Isthmus-Consent is not a consent token")
    claims: dict[str, Any] = parse_object(unb64url(parts[1]), max_bytes=MAX_TOKEN_LENGTH, what="the consent")
    identifier, issuer = claims.get("jti"), claims.get("iss")
    if not _is_text(identifier) or not _is_text(issuer):
        raise RequestMismatch("the consent token does not say its id and its issuer")
    return {"id": identifier, "issuer": issuer, "digest": b64url(sha256(token.encode("ascii")).digest())}


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH and value.isprintable()
