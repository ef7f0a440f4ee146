"""The check of an ID token: OpenID Connect Core 1.0 section 3.1.3.7, with RFC 8725's advice.

The algorithm comes from a fixed list of signatures by private keys, never `none` and never an HMAC; the key
must fit it in type, use and own `alg`. PyJWT verifies; what it leaves open (azp, nonce, age) is checked here.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import Unauthenticated

ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
"""What a token may be signed with: key type and curve."""
LEEWAY_S: Final = 30
MAX_AGE_S: Final = 600
"""An ID token is read seconds after it was made; an old one comes from somewhere else."""
MAX_LENGTH: Final = 16 * 1024
MAX_LIFETIME_S: Final = 24 * 3600
_MIN_RSA_BITS: Final = 2048
_MAX_SUBJECT: Final = 255
_REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat", "nonce")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token has to say."""

    issuer: str
    client_id: str
    nonce: str


def signing_key_id(token: str) -> str | None:
    """The `kid` the token names, so that its key can be looked for. Raises Unauthenticated."""
    kid = _header(token).get("kid")
    return kid if isinstance(kid, str) else None


def fitting_key(token: str, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The one key that may have signed the token; None if there is none or no telling which."""
    header = _header(token)
    algorithm, kid = _algorithm(header), header.get("kid")
    kind, curve = ALGORITHMS[algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    return fitting[0] if len(fitting) == 1 else None


def check_id_token(token: str, key: Mapping[str, Any], expected: Expected) -> Mapping[str, Any]:
    """The claims of a token that holds in every respect; `key` is its JWK.

    Raises:
        Unauthenticated: says which check failed, and nothing of what the token says.
    """
    import jwt

    algorithm = _algorithm(_header(token))
    try:
        loaded = jwt.PyJWK(dict(key), algorithm)
        if getattr(loaded.key, "key_size", _MIN_RSA_BITS) < _MIN_RSA_BITS and key.get("kty") == "RSA":
            raise _rejected("its key is too short")
        claims: dict[str, Any] = jwt.decode(
            token,
            loaded,
            algorithms=[algorithm],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY_S,
            options={"require": list(_REQUIRED)},
        )
    except jwt.PyJWTError as error:
        raise _rejected(_WHY.get(type(error).__name__, "signature or form")) from None
    _check_more(claims, expected)
    return claims


def _check_more(claims: Mapping[str, Any], expected: Expected) -> None:
    """What PyJWT leaves open."""
    audience, authorised = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or authorised is not None) and authorised != expected.client_id:
        raise _rejected("authorised party")
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise _rejected("nonce")
    issued, expires, now = claims["iat"], claims["exp"], time.time()
    if not isinstance(issued, int) or not now - MAX_AGE_S <= issued <= now + LEEWAY_S:
        raise _rejected("time of issue")
    if not isinstance(expires, int) or expires - issued > MAX_LIFETIME_S:
        raise _rejected("expiry")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise _rejected("subject")


_WHY: Final[Mapping[str, str]] = {
    "ExpiredSignatureError": "expiry",
    "InvalidIssuerError": "issuer",
    "InvalidAudienceError": "audience",
    "InvalidIssuedAtError": "time of issue",
    "ImmatureSignatureError": "time of issue",
    "InvalidSignatureError": "signature",
    "MissingRequiredClaimError": "a missing claim",
}


def _header(token: str) -> Mapping[str, Any]:
    import jwt

    if len(token) > MAX_LENGTH:
        raise _rejected("length")
    try:
        header: Mapping[str, Any] = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise _rejected("form") from None
    if "crit" in header:
        raise _rejected("a critical header")
    return header


def _algorithm(header: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _rejected("algorithm")
    return algorithm


def _rejected(why: str) -> Unauthenticated:
    return Unauthenticated(
        f"the identity provider's token was not accepted: {why}", reasons=("sign_in.token",)
    )
