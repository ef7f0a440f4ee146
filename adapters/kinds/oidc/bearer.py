"""Access tokens as they are brought to us: opaque, or JWTs whose words can be read, not believed.

What a token says about itself is only ever a reason to refuse it: an issuer that is not the
registered one (it must never be shown to another provider), a time that is over, a key it is bound to
(DPoP, RFC 9449, and mutual TLS, RFC 8705: not supported). Whether it is good, the provider says.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from schemas.errors import ExchangeError
from schemas.outcome import DeniedBySource
from schemas.strict_json import parse_object

BEARER: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,4096}=*")
"""RFC 6750 section 2.1: what may stand behind `Bearer`."""

_MAX_PART: Final = 16 * 1024
_PARTS_OF_A_JWS: Final = 3


def header_of(token: bytes, parts: int = _PARTS_OF_A_JWS) -> dict[str, Any] | None:
    """The protected header of a compact JWS or JWE; None when it is none."""
    pieces = token.split(b".")
    return _json(pieces[0]) if len(pieces) == parts else None


def words_of(token: str) -> Mapping[str, Any]:
    """What a token says about itself; nothing when it is opaque."""
    pieces = token.encode().split(b".")
    if len(pieces) != _PARTS_OF_A_JWS or _json(pieces[0]) is None:
        return {}
    return _json(pieces[1]) or {}


def refused(words: Mapping[str, Any], issuer: str) -> DeniedBySource | None:
    """Why a token is not shown to the provider; None when it may be."""
    if words.get("iss", issuer) != issuer:
        return DeniedBySource("the token is of another issuer")
    if "cnf" in words:
        return DeniedBySource("the token is bound to a key (DPoP or mutual TLS), which is not supported")
    ends = words.get("exp")
    if isinstance(ends, (int, float)) and ends < time.time():
        return DeniedBySource("the token has expired")
    return None


def _json(part: bytes) -> dict[str, Any] | None:
    try:
        data = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
        return parse_object(data, max_bytes=_MAX_PART, what="a part of a token")
    except (ValueError, ExchangeError):
        return None
