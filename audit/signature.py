"""The signature of one statement, checked by a library of its own: strict form, certificate, chain, ES256."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import jwt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from audit.errors import Malformed, VerificationFailed
from schemas.encoding import b64url

# Exactly one text for one signature: pyjwt alone would accept padding.
_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,16384}\.[A-Za-z0-9_-]{1,16384}\.[A-Za-z0-9_-]{86}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signature holds: its claims and the certificate that it names."""

    jws: str
    claims: dict[str, Any]
    certificate: x509.Certificate

    @property
    def digest(self) -> str:
        """SHA-256 of the whole JWS, unpadded base64url: how entries and answers refer to it."""
        return b64url(sha256(self.jws.encode()).digest())


def verify_statement(raw: bytes, certificates: Sequence[x509.Certificate]) -> Statement:
    """Check form and signature under the certificate that `x5t#S256` names, or raise an `AuditError`."""
    try:
        jws = raw.decode("ascii")
        header = jwt.get_unverified_header(jws)
    except (UnicodeDecodeError, jwt.PyJWTError) as error:
        raise Malformed("the statement is not a compact JWS") from error
    if not _COMPACT.fullmatch(jws):
        raise Malformed("the statement is not a compact JWS")
    certificate = _find(certificates, header.get("x5t#S256"))
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise VerificationFailed("the signing key is not on P-256")
    try:
        payload = jwt.PyJWS().decode(jws, key, algorithms=["ES256"])
        claims = orjson.loads(payload)
    except (jwt.PyJWTError, orjson.JSONDecodeError) as error:
        raise VerificationFailed("the signature does not hold") from error
    if (
        not isinstance(claims, dict)
        or type(claims.get("iat")) is not int
        or header.get("iat") != claims["iat"]
    ):
        raise VerificationFailed("header and payload disagree about the time of signing")
    return Statement(jws, claims, certificate)


def verify_signer(statement: Statement, authorities: Sequence[x509.Certificate]) -> None:
    """Check that an authority vouched for the certificate at that time, as that of the issuer's member."""
    if not authorities:
        raise VerificationFailed("no certificate of an authority is at hand")
    at = datetime.fromtimestamp(statement.claims["iat"], UTC)
    policy = PolicyBuilder().store(Store(list(authorities))).time(at).max_chain_depth(2)
    try:
        policy.build_client_verifier().verify(statement.certificate, [])
    except VerificationError as error:
        raise VerificationFailed("no authority vouches for the certificate at the time of signing") from error
    member = "/".join(str(statement.claims.get("iss")).split("/")[:3])
    if f"isthmus://{member}" not in _uris(statement.certificate):
        raise VerificationFailed(f"the certificate is not that of {member}")


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, unpadded base64url: its `x5t#S256`."""
    return b64url(sha256(certificate.public_bytes(Encoding.DER)).digest())


def _find(certificates: Sequence[x509.Certificate], thumbprint: object) -> x509.Certificate:
    """Return the certificate with this thumbprint."""
    for certificate in certificates:
        if fingerprint(certificate) == thumbprint:
            return certificate
    raise VerificationFailed("the certificate that the statement names is not at hand")


def _uris(certificate: x509.Certificate) -> list[str]:
    """Return the URIs a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)
