"""The statement's signature: ES256 compact JWS in the form of JAdES baseline B-B.

ETSI TS 119 182-1: protected header `alg`, `iat`, `x5t#S256`, `typ`, `cty`, and `x5c` on request;
the payload is attached and its exact bytes are signed. One form only: any other member, algorithm,
type or encoding is refused, and so is every lenient reading of base64url. The code is this small
because a general JOSE library would accept more than the protocol does; the tests compare it with
PyJWT. Certificates are judged by the federation, which `verify` asks for the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from schemas.encoding import b64url, unb64url
from schemas.errors import ConfigurationError, MalformedRequest, Unauthenticated
from schemas.strict_json import dump, parse_object

MAX_JWS_BYTES: Final = 16 * 1024
_ES256 = ECDSA(SHA256())
_TYP: Final = "JOSE"
_CTY: Final = "isthmus-statement+json"
_REQUIRED = frozenset({"alg", "iat", "x5t#S256", "typ", "cty"})

FindKey = Callable[[str], EllipticCurvePublicKey | None]
"""From a certificate's SHA-256 (`x5t#S256`) to its key, None if the federation does not know it."""


def thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a DER certificate."""
    return b64url(sha256(certificate).digest())


class StatementSigner:
    """Signs for one member: its key, and the certificate that the federation knows."""

    def __init__(self, key: EllipticCurvePrivateKey, certificate: bytes) -> None:
        if not isinstance(key.curve, SECP256R1):
            raise ConfigurationError("a member's signing key must be on the curve P-256")
        self.thumbprint = thumbprint(certificate)
        self._key = key
        self._header_of_second: tuple[int, bytes] = (-1, b"")

    def sign(self, payload: bytes, iat: int) -> str:
        """Sign the payload's exact bytes; `iat` must be the payload's own."""
        signing_input = self._header(iat) + _encode(payload)
        return (signing_input + b"." + _encode(self.raw_signature(signing_input))).decode("ascii")

    def raw_signature(self, data: bytes) -> bytes:
        """ES256 over the data, as JWS writes it: 64 bytes. For `detached`, which adds its own header."""
        r, s = decode_dss_signature(self._key.sign(data, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _header(self, iat: int) -> bytes:
        """The encoded header with its dot; it changes once a second, so it is kept that long."""
        second, encoded = self._header_of_second
        if second != iat:
            header = {"alg": "ES256", "cty": _CTY, "iat": iat, "typ": _TYP, "x5t#S256": self.thumbprint}
            encoded = _encode(dump(header)) + b"."
            self._header_of_second = (iat, encoded)
        return encoded


@dataclass(frozen=True, slots=True)
class Verified:
    """A payload whose signature held, and the header's two facts about it."""

    payload: bytes
    thumbprint: str
    iat: int


def verify(jws: str, find_key: FindKey) -> Verified:
    """Check form and signature.

    Raises:
        MalformedRequest: it is not a statement's JWS.
        Unauthenticated: the certificate is not one the federation trusts, or the signature is wrong.
    """
    if len(jws) > MAX_JWS_BYTES:
        raise MalformedRequest("the statement is longer than 16 KiB")
    parts = jws.split(".")
    if len(parts) != 3:
        raise MalformedRequest("the statement is not a compact JWS")
    header = _parse_header(parts[0])
    payload = unb64url(parts[1])
    signature = unb64url(parts[2], length=64)
    key = find_key(header.thumbprint)
    if key is None:
        raise Unauthenticated("the statement's certificate is not known to the federation")
    if not signature_holds(key, signature, f"{parts[0]}.{parts[1]}".encode("ascii")):
        raise Unauthenticated("the statement's signature does not hold")
    return Verified(payload, header.thumbprint, header.iat)


def signature_holds(key: EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    """Whether an ES256 signature of 64 bytes is this key's over the data."""
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, data, _ES256)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Header:
    thumbprint: str
    iat: int


@lru_cache(maxsize=1024)
def _parse_header(segment: str) -> _Header:
    """Read the protected header strictly; the same one comes many times a second."""
    header = parse_object(unb64url(segment), max_bytes=MAX_JWS_BYTES, what="the statement's header")
    if not _REQUIRED <= header.keys() <= _REQUIRED | {"x5c"}:
        raise MalformedRequest("the statement's header has a missing or an unknown member")
    if (header["alg"], header["typ"], header["cty"]) != ("ES256", _TYP, _CTY):
        raise MalformedRequest(f"the statement's header must say ES256, {_TYP}, {_CTY}")
    iat, x5t = header["iat"], header["x5t#S256"]
    if not isinstance(iat, int) or isinstance(iat, bool) or not isinstance(x5t, str):
        raise MalformedRequest("the statement's header has an ill-typed member")
    unb64url(x5t, length=32)
    return _Header(x5t, iat)


def _encode(data: bytes) -> bytes:
    return b64url(data).encode("ascii")
