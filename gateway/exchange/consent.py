"""Consent in a statement: a reference signed there, the token itself in the head.

The token is a JWT (DESIGN section 7). The asking side only reads which consent it is; it is the
provider that verifies it. Without a listed consent issuer, nothing here makes a consent valid.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, TypeGuard

from schemas.encoding import b64url, unb64url
from schemas.errors import RequestMismatch
from schemas.record import Subject
from schemas.statement import MAX_TEXT_LENGTH, RequestStatement
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
    if not _is_text(identifier) or not _is_text(issuer):
        raise RequestMismatch("the consent token does not say its id and its issuer")
    return {"id": identifier, "issuer": issuer, "digest": b64url(sha256(token.encode("ascii")).digest())}


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH and value.isprintable()


class NoConsentIssuers:
    """A `CheckConsent` where no issuer is listed: a consent is seen, and none is verified."""

    async def facts(
        self, token: str | None, statement: RequestStatement, subject: Subject | None, *, deadline: float
    ) -> dict[str, Any] | None:
        """As `CheckConsent.facts`."""
        del statement, subject, deadline
        return None if token is None else {"verified": False}
