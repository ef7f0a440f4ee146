"""Signed userinfo (OpenID Connect Core 5.3.2): a JWS by the provider, or a JWE for us around one.

Issuer and audience have to be the registered ones; the algorithms are a short list of signatures with
public keys, so neither `none` nor a shared secret ever signs. A compressed JWE is refused: a small
one could unfold into a huge one. Left out: DPoP, distributed claims.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, RSAKey

from adapters.kinds.oidc.bearer import header_of
from adapters.kinds.oidc.keys import Key, ProviderKeys
from schemas.errors import ConfigurationError, ExchangeError
from schemas.outcome import Misbehaving, Unanswered
from schemas.strict_json import parse

SIGNATURES: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_ENCRYPTIONS: Final = JWERegistry(
    # RFC 7519 section 5.3: providers repeat `iss` and `aud` in the header of a JWE.
    algorithms=["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW", "A128GCM", "A256GCM", "A256CBC-HS512"],
    strict_check_header=False,
)
LEEWAY_S: Final = 60
_PARTS_OF_A_JWE: Final = 5

_UNSIGNED = Misbehaving("the userinfo is not the signed one that the file declares")


@dataclass(frozen=True, slots=True)
class Expected:
    """What signed userinfo has to say: who made it and for whom. With `key` it is also encrypted."""

    issuer: str
    audience: str
    key: RSAKey | ECKey | None = field(default=None, repr=False)


def private_key(pem: str) -> RSAKey | ECKey:
    """Our key for encrypted userinfo.

    Raises:
        ConfigurationError: the secret is no RSA or EC private key in PEM.
    """
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private:
            return key
    raise ConfigurationError("decryption_key is no RSA or EC private key in PEM")


async def verified(
    text: bytes, expected: Expected, keys: ProviderKeys, max_bytes: int
) -> Mapping[str, Any] | Unanswered:
    """The claims of signed userinfo, or why it is not believed."""
    token = text.strip()
    if expected.key is not None:
        opened = _opened(token, expected.key)
        if opened is None:
            return Misbehaving("the userinfo is not encrypted for us")
        token = opened
    header = header_of(token)
    kid = header.get("kid") if header else None
    if header is None or not (kid is None or isinstance(kid, str)) or header.get("alg") not in SIGNATURES:
        return _UNSIGNED
    key = await keys.get(kid)
    if isinstance(key, Unanswered):
        return key
    claims = _claims(token, key, max_bytes)
    return (
        Misbehaving("the signature of the userinfo does not verify")
        if claims is None
        else _fit(claims, expected)
    )


def _opened(token: bytes, key: RSAKey | ECKey) -> bytes | None:
    header = header_of(token, parts=_PARTS_OF_A_JWE)
    if header is None or "zip" in header or "crit" in header:
        return None
    try:
        return jwe.decrypt_compact(token, key, registry=_ENCRYPTIONS).plaintext
    except (JoseError, ValueError, TypeError):
        return None


def _claims(token: bytes, key: Key, max_bytes: int) -> Mapping[str, Any] | None:
    try:
        payload = jws.deserialize_compact(token, key, SIGNATURES).payload
        claims = parse(payload, max_bytes=max_bytes, what="the userinfo", decimals=True)
    except (JoseError, ExchangeError, ValueError, TypeError):
        return None
    return claims if isinstance(claims, Mapping) else None


def _fit(claims: Mapping[str, Any], expected: Expected) -> Mapping[str, Any] | Unanswered:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    now = time.time()
    if claims.get("iss") != expected.issuer:
        return Misbehaving("the userinfo is of another issuer")
    if expected.audience not in audiences:
        return Misbehaving("the userinfo is made for another client")
    if not _in_time(claims, now):
        return Misbehaving("the userinfo is out of its time")
    return claims


def _in_time(claims: Mapping[str, Any], now: float) -> bool:
    ends, begins = claims.get("exp", now), claims.get("nbf", now)
    if not (isinstance(ends, (int, float)) and isinstance(begins, (int, float))):
        return False
    return now <= ends + LEEWAY_S and begins <= now + LEEWAY_S
