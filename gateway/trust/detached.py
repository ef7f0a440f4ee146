"""A detached signature on a document: ES256 compact JWS without its payload (RFC 7515 appendix F).

The header is that of a statement (`jws`), with a `cty` of the document's own kind, so that no signature
can be shown for another kind of thing. The payload travels beside it, as the exact bytes signed. One form
only, as there; whose certificate counts is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from gateway.trust.jws import StatementSigner, signature_holds
from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest, Unauthenticated
from schemas.strict_json import dump, parse_object

MAX_SIGNATURE_BYTES: Final = 2048
_TYP: Final = "JOSE"
_MEMBERS: Final = frozenset({"alg", "cty", "iat", "typ", "x5t#S256"})

FindKey = Callable[[str, int], EllipticCurvePublicKey | None]
"""From a certificate's thumbprint and the moment of signing to its key; None if it does not count."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed (a certificate's thumbprint), and when (epoch seconds, the signer's word)."""

    thumbprint: str
    iat: int


def sign_detached(signer: StatementSigner, payload: bytes, cty: str, iat: int) -> str:
    """Sign a document's exact bytes: `header..signature`."""
    header = {"alg": "ES256", "cty": cty, "iat": iat, "typ": _TYP, "x5t#S256": signer.thumbprint}
    encoded = b64url(dump(header))
    signature = signer.raw_signature(f"{encoded}.{b64url(payload)}".encode("ascii"))
    return f"{encoded}..{b64url(signature)}"


def read_header(jws: str, cty: str) -> Signed:
    """What a detached signature claims, not verified.

    Raises:
        MalformedRequest: it is no such signature.
    """
    return _split(jws, cty)[1]


def verify_detached(jws: str, payload: bytes, cty: str, find_key: FindKey) -> Signed:
    """Check form and signature over the document's bytes.

    Raises:
        MalformedRequest: it is no detached signature of this kind.
        Unauthenticated: the certificate does not count, or the signature is of something else.
    """
    encoded, signed, signature = _split(jws, cty)
    key = find_key(signed.thumbprint, signed.iat)
    if key is None:
        raise Unauthenticated("the signature's certificate is not known to the federation")
    if not signature_holds(key, signature, f"{encoded}.{b64url(payload)}".encode("ascii")):
        raise Unauthenticated("the signature does not hold for this document")
    return signed


def _split(jws: str, cty: str) -> tuple[str, Signed, bytes]:
    parts = jws.split(".")
    if len(jws) > MAX_SIGNATURE_BYTES or len(parts) != 3 or parts[1]:
        raise MalformedRequest("not a detached JWS")
    header = parse_object(unb64url(parts[0]), max_bytes=MAX_SIGNATURE_BYTES, what="a signature's header")
    if header.keys() != _MEMBERS or (header["alg"], header["typ"], header["cty"]) != ("ES256", _TYP, cty):
        raise MalformedRequest(f"a signature's header must say ES256, {_TYP}, {cty}, and nothing else")
    iat, thumbprint = header["iat"], header["x5t#S256"]
    if type(iat) is not int or iat < 0 or not isinstance(thumbprint, str):
        raise MalformedRequest("a signature's header has an ill-typed member")
    unb64url(thumbprint, length=32)
    return parts[0], Signed(thumbprint, iat), unb64url(parts[2], length=64)
