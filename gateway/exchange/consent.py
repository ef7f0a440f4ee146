"""Consent in a statement: a reference signed there, the token itself in the head.

The token is a JWT (DESIGN section 7). The asking side only reads which consent it is; it is the
provider that verifies it. Without a listed consent issuer, nothing here makes a consent valid.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from schemas.encoding import b64url, unb64url
from schemas.errors import RequestMismatch
from schemas.strict_json import parse_object

MAX_TOKEN_LENGTH: Final = 4096


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
    if not isinstance(identifier, str) or not isinstance(issuer, str):
        raise RequestMismatch("the consent token says neither its id nor its issuer")
    return {"id": identifier, "issuer": issuer, "digest": b64url(sha256(token.encode("ascii")).digest())}
