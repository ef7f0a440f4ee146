"""What makes a document count: signatures, versions and fit (federation layout, rules 1 to 6).

Pure: the registrar asks before it publishes, the reader again before it believes, and neither trusts
the other. Rules: a pin is signed by enough officers; a record by an unrevoked key of the pin in force;
both name the member under whose key they stand in the tree; a version never falls, and never stands
for two contents; a revocation is never taken back except by officers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust.federation.documents import MAX_PIN_BYTES, MAX_RECORD_BYTES, Pin, Record
from gateway.trust.federation.errors import (
    Contradiction,
    MalformedDocument,
    RolledBack,
    SignatureRejected,
)
from gateway.trust.federation.national import Policy, Revocations
from gateway.trust.federation.signed import PrivateKey, PublicKey, parse_key, sign, verify
from gateway.trust.federation.snapshot import SigningKey, VerifiedMember
from gateway.trust.pki import (
    CertificateRejected,
    certificate_thumbprint,
    is_p256,
    key_thumbprint,
    verify_chain,
)
from schemas.identifiers import MemberId

_URI: Final = "isthmus://"
_SIGNED_OVERHEAD: Final = 4096
"""Signatures and encoding beside a payload, before base64's third."""


def sign_pin(pin: Pin, officers: Sequence[PrivateKey]) -> bytes:
    """The officers' signed pin.

    Raises:
        MalformedDocument: the pin says what no officer should sign.
    """
    Pin.parse(pin.format())
    return sign(pin.format(), officers, "isthmus-pin+json")


def sign_record(record: Record, key: PrivateKey) -> bytes:
    """The member's signed record.

    Raises:
        MalformedDocument: the record contradicts itself.
    """
    Record.parse(record.format())
    return sign(record.format(), [key], "isthmus-record+json")


def verify_pin(document: bytes, policy: Policy, member: MemberId) -> Pin:
    """The pin of this member, if enough officers signed it.

    Raises:
        MalformedDocument, SignatureRejected: it is not an officers' pin.
        Contradiction: it is another member's, or of another instance.
    """
    _check_size(document, MAX_PIN_BYTES)
    officers = [parse_key(text) for text in policy.officers]
    pin = Pin.parse(verify(document, officers, policy.officer_threshold, "isthmus-pin+json").payload)
    if pin.member != member or member.instance != policy.instance:
        raise Contradiction("a pin is not that of the member it stands under")
    return pin


def verify_member(pin: Pin, document: bytes | None, policy: Policy, at: float) -> VerifiedMember:
    """The member under its verified pin: check its record, load the certificates that hold.

    `at` is epoch seconds. A certificate that does not hold (no chain, run out, or a key that the pin
    does not list) is left out; it does not spoil the record, for certificates run out unseen. Whether
    the signing key was revoked is `build_snapshot`'s question, since that changes without the member.

    Raises:
        MalformedDocument, SignatureRejected: no key of the pin signed the record.
        Contradiction: it is another member's.
    """
    if document is None:
        return VerifiedMember(pin, None, frozenset(), ())
    _check_size(document, MAX_RECORD_BYTES)
    signed = verify(document, _member_keys(pin), 1, "isthmus-record+json")
    record = Record.parse(signed.payload)
    if record.member != pin.member:
        raise Contradiction("a record is not that of the member it stands under")
    trusted = [_parse_certificate(text) for text in policy.cas]
    found = (_load_signing_key(text, pin, trusted, at) for text in record.signing_certificates)
    return VerifiedMember(pin, record, signed.signers, tuple(key for key in found if key is not None))


def check_version(what: str, seen: tuple[int, str], offered: tuple[int, str]) -> None:
    """Compare `(version, sha256)` with the highest seen.

    Raises:
        RolledBack: an older version, or the same one with another content.
    """
    if offered[0] < seen[0]:
        raise RolledBack(f"{what} went back from version {seen[0]} to {offered[0]}")
    if offered[0] == seen[0] and offered[1] != seen[1]:
        raise RolledBack(f"{what} shows another content under version {seen[0]}")


def sign_reinstatement(taken_back: Revocations, officers: Sequence[PrivateKey]) -> str:
    """The officers' word that these revocations end with `taken_back.seq`."""
    return sign(taken_back.format(), officers, "isthmus-reinstatement+json").decode("ascii")


def succeed(old: Revocations, new: Revocations, policy: Policy) -> Revocations:
    """The revocations in force after `new` follows `old`: everything of both, less what officers
    reinstated since. A result that is not `new` means that somebody tried to drop some silently."""
    reinstated = _reinstated(old, new, policy)
    barred = {
        member: max(new.min_record_ver.get(member, 0), old.min_record_ver.get(member, 0))
        for member in new.min_record_ver.keys() | old.min_record_ver.keys()
    }
    return replace(
        new,
        members=new.members | (old.members - reinstated.members),
        key_thumbprints=new.key_thumbprints | (old.key_thumbprints - reinstated.key_thumbprints),
        cert_sha256=new.cert_sha256 | (old.cert_sha256 - reinstated.cert_sha256),
        min_record_ver=barred,
    )


def _reinstated(old: Revocations, new: Revocations, policy: Policy) -> Revocations:
    """What officers took back after `old`; a word they did not sign counts nothing."""
    officers = [parse_key(text) for text in policy.officers]
    total = Revocations(0)
    for text in new.reinstatements:
        try:
            signed = verify(text.encode(), officers, policy.officer_threshold, "isthmus-reinstatement+json")
            word = Revocations.parse(signed.payload)
        except (MalformedDocument, SignatureRejected):
            continue
        if old.seq < word.seq <= new.seq:
            total = replace(
                total,
                members=total.members | word.members,
                key_thumbprints=total.key_thumbprints | word.key_thumbprints,
                cert_sha256=total.cert_sha256 | word.cert_sha256,
            )
    return total


def _member_keys(pin: Pin) -> list[PublicKey]:
    return [parse_key(text) for text in pin.keys]


def _load_signing_key(
    text: str, pin: Pin, trusted: Sequence[x509.Certificate], at: float
) -> SigningKey | None:
    """One certificate, loaded, or None where it does not hold."""
    certificate = _parse_certificate(text)
    key = certificate.public_key()
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # One that begins tomorrow is loaded today, and `valid_at` keeps it out until then.
    moment = max(datetime.fromtimestamp(at, UTC), begin)
    pinned = {key_thumbprint(known) for known in _member_keys(pin)}
    if not isinstance(key, EllipticCurvePublicKey) or not is_p256(key) or key_thumbprint(key) not in pinned:
        return None
    try:
        verify_chain(certificate, trusted, moment, f"{_URI}{pin.member}")
    except CertificateRejected:
        return None
    der = certificate.public_bytes(Encoding.DER)
    return SigningKey(
        member=pin.member,
        public_key=key,
        thumbprint=certificate_thumbprint(der),
        key_thumbprint=key_thumbprint(key),
        certificate=der,
        not_before=int(begin.timestamp()),
        not_after=int(end.timestamp()),
    )


def _parse_certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise MalformedDocument("a certificate is not PEM") from None


def _check_size(document: bytes, payload_limit: int) -> None:
    if len(document) > payload_limit * 4 // 3 + _SIGNED_OVERHEAD:
        raise MalformedDocument("a signed document is too large")
