"""Who signed an agreement: checked under the federation when a signature arrives, and again whenever the
kept copy is loaded.

On arrival the certificate must be one that the federation knows for the signing member now, not revoked, and
valid at the moment of signing. It is kept beside the signature, since members renew their certificates and an
agreement outlives them; when it is loaded, the signature, the certificate's name and an authority of the
federation at the moment of signing must bear it out, so that nobody makes an agreement by writing into a
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from gateway.trust.detached import read_header, sign_detached, verify_detached
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.jws import StatementSigner
from gateway.trust.pki import CertificateRejected, certificate_thumbprint, verify_chain
from schemas.errors import MalformedRequest, Unauthenticated
from schemas.identifiers import MemberId

CLOCK_SKEW_S: Final = 60


@dataclass(frozen=True, slots=True)
class Signature:
    """One member's detached signature on a document, with its DER certificate."""

    signer: MemberId
    jws: str
    certificate: bytes
    signed_at: int
    thumbprint: str


def sign(
    document: str, cty: str, member: MemberId, signer: StatementSigner, certificate: bytes, now: int
) -> Signature:
    """Sign for a member hosted here."""
    jws = sign_detached(signer, document.encode(), cty, now)
    return Signature(member, jws, certificate, now, signer.thumbprint)


def verify_arrived(
    document: str, signatures: Sequence[str], cty: str, federation: FederationSnapshot, now: int
) -> dict[MemberId, Signature]:
    """Verify signatures that another gateway sent; by signer, each at most once.

    Raises:
        MalformedRequest, Unauthenticated: one of them is not a known member's, now and for this document.
    """
    found: dict[MemberId, Signature] = {}
    for jws in signatures:
        claimed = read_header(jws, cty)
        known = federation.signing_certificate(claimed.thumbprint)
        if known is None or not federation.member_active(known.member):
            raise Unauthenticated("the signature's certificate is not known to the federation")
        if claimed.iat > now + CLOCK_SKEW_S or not (known.valid_at(claimed.iat) and known.valid_at(now)):
            raise Unauthenticated("the signature's certificate was not valid at the moment of signing")
        key = known.public_key
        verify_detached(jws, document.encode(), cty, lambda _thumbprint, _iat, key=key: key)  # type: ignore[misc]
        if known.member in found:
            raise MalformedRequest("one member signed twice")
        found[known.member] = Signature(known.member, jws, known.certificate, claimed.iat, claimed.thumbprint)
    return found


@dataclass(frozen=True, slots=True)
class _Vouched:
    """A certificate's key, and its validity in epoch seconds."""

    key: EllipticCurvePublicKey
    begin: int
    end: int


class KeptSignatures:
    """Verifies kept signatures under the federation's authorities (PEM texts)."""

    def __init__(self, authorities: Sequence[str]) -> None:
        self._authorities = [x509.load_pem_x509_certificate(text.encode()) for text in authorities]
        self._vouched: dict[tuple[bytes, MemberId, int], _Vouched | None] = {}

    def holds(self, document: str, cty: str, signer: MemberId, jws: str, certificate: bytes) -> bool:
        """Whether this is the member's signature on the document."""

        def find_key(thumbprint: str, iat: int) -> EllipticCurvePublicKey | None:
            if thumbprint != certificate_thumbprint(certificate):
                return None
            return self._key(certificate, signer, iat)

        try:
            verify_detached(jws, document.encode(), cty, find_key)
        except (MalformedRequest, Unauthenticated):
            return False
        return True

    def _key(self, der: bytes, signer: MemberId, at: int) -> EllipticCurvePublicKey | None:
        """The certificate's key if it was valid then, and an authority vouched for it on that day."""
        place = (der, signer, at // 86_400)
        if place not in self._vouched:
            self._vouched[place] = self._vouch(der, signer, at)
        vouched = self._vouched[place]
        return vouched.key if vouched is not None and vouched.begin <= at <= vouched.end else None

    def _vouch(self, der: bytes, signer: MemberId, at: int) -> _Vouched | None:
        try:
            certificate = x509.load_der_x509_certificate(der)
            verify_chain(
                certificate, self._authorities, datetime.fromtimestamp(at, UTC), f"isthmus://{signer}"
            )
        except (CertificateRejected, ValueError):
            return None
        key = certificate.public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            return None
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return _Vouched(key, int(begin.timestamp()), int(end.timestamp()))
