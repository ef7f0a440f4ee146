"""Certificates: the sandbox authority, and checking a chain (DESIGN sections 5 and 6).

Three kinds of certificate, told apart by their one `isthmus://` URI and their usage:

    gateway (TLS)       isthmus://INSTANCE/CLASS/MEMBER/CODE        server and client
    member (signing)    isthmus://INSTANCE/CLASS/MEMBER             digitalSignature only
    information system  isthmus://INSTANCE/CLASS/MEMBER/SUBSYSTEM   client

All keys are P-256. The form follows the WebPKI profile, so that OpenSSL's strict mode (the default
from Python 3.13) accepts it. `SandboxAuthority` is for demonstrations and tests: a country brings
its own authority, and Isthmus only checks. Revocation is the federation's task (`revoked.json`),
not this module's.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from schemas.encoding import b64url

SANDBOX_NAME: Final = "Lumeria Sandbox CA (not for production)"
SCHEME: Final = "isthmus://"
AUTHORITY_VALIDITY: Final = timedelta(days=365)
LEAF_VALIDITY: Final = timedelta(days=90)

_BACKDATE = timedelta(minutes=5)
"""Certificates begin a little in the past: two machines' clocks differ."""

_TLS_USAGES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
_CLIENT_USAGES = (ExtendedKeyUsageOID.CLIENT_AUTH,)


class CertificateRejected(Exception):
    """A certificate does not prove what it was shown for; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A private key and its certificate. The key is left out of `repr`."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def __repr__(self) -> str:
        return f"Credential({self.certificate.subject.rfc4514_string()!r})"

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM; only for a file with mode 0600."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def save(self, folder: Path, name: str) -> None:
        """Write `<name>.crt` and `<name>.key` (mode 0600) into a folder that is made if missing."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / f"{name}.crt").write_bytes(self.certificate_pem)
        save_secret(folder / f"{name}.key", self.key_pem)

    @classmethod
    def load(cls, folder: Path, name: str) -> Credential:
        """Read what `save` wrote.

        Raises:
            CertificateRejected: the key is not P-256 or does not belong to the certificate.
            OSError, ValueError: a file is missing or not PEM.
        """
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise CertificateRejected(f"the key of {name} does not belong to its certificate")
        return cls(key, certificate)


@dataclass(frozen=True, slots=True)
class SandboxAuthority:
    """A certificate authority for demonstrations and tests, and its name says so."""

    credential: Credential

    @classmethod
    def create(cls, *, at: datetime | None = None, name: str = SANDBOX_NAME) -> SandboxAuthority:
        """Make a new root. `at` is its first moment (default: now)."""
        key = ec.generate_private_key(ec.SECP256R1())
        begin = _begin(at)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key.public_key(), begin, begin + AUTHORITY_VALIDITY, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(authority=True), critical=True)
        return cls(Credential(key, builder.sign(key, hashes.SHA256())))

    @property
    def certificate(self) -> x509.Certificate:
        """The root certificate, for `cas` in the federation's policy."""
        return self.credential.certificate

    def issue_tls(
        self, uri: str, *, hosts: Sequence[str] = ("localhost", "127.0.0.1"), at: datetime | None = None
    ) -> Credential:
        """A gateway's TLS certificate, server and client; `hosts` are DNS names or addresses."""
        return self._issue(uri, _TLS_USAGES, hosts, at)

    def issue_signing(
        self, uri: str, *, at: datetime | None = None, key: ec.EllipticCurvePrivateKey | None = None
    ) -> Credential:
        """A member's signing certificate; `key` renews one for a key that exists."""
        return self._issue(uri, (), (), at, key)

    def issue_client(self, uri: str, *, at: datetime | None = None) -> Credential:
        """An information system's TLS client certificate."""
        return self._issue(uri, _CLIENT_USAGES, (), at)

    def _issue(
        self,
        uri: str,
        usages: Sequence[x509.ObjectIdentifier],
        hosts: Sequence[str],
        at: datetime | None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Credential:
        key = key or ec.generate_private_key(ec.SECP256R1())
        begin = _begin(at)
        # A common name holds 64 characters; the URI is the identity, this is for human eyes.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uri.removeprefix(SCHEME)[-64:])])
        until = min(begin + LEAF_VALIDITY, self.certificate.not_valid_after_utc)
        issuer = self.certificate.subject
        builder = _builder(subject, issuer, key.public_key(), begin, until, self.credential.key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        names = [x509.UniformResourceIdentifier(uri), *map(_host_name, hosts)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return Credential(key, builder.sign(self.credential.key, hashes.SHA256()))


def verify_chain(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate], at: datetime, uri: str
) -> None:
    """Check that one of the authorities vouches, at a moment, that the certificate is `uri`'s.

    Fits all three kinds: a signing certificate carries no extended usage, the others `clientAuth`.

    Raises:
        CertificateRejected: no chain, outside its validity, a key that is not P-256, or the
            certificate does not carry exactly this one `isthmus://` URI.
    """
    if not authorities:
        raise CertificateRejected("no authority is trusted")
    if not is_p256(certificate.public_key()):
        raise CertificateRejected("the certificate's key is not P-256")
    policy = PolicyBuilder().store(Store(list(authorities))).time(at).max_chain_depth(2)
    try:
        policy.build_client_verifier().verify(certificate, [])
    except VerificationError as error:
        raise CertificateRejected(f"no authority vouches for the certificate: {error}") from None
    if identity_uri(certificate) != uri:
        raise CertificateRejected(f"the certificate is not that of {uri}")


def identity_uri(certificate: x509.Certificate) -> str:
    """The certificate's one `isthmus://` URI.

    Raises:
        CertificateRejected: there is none, or more than one.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        raise CertificateRejected("the certificate names nobody") from None
    uris = [
        uri for uri in names.get_values_for_type(x509.UniformResourceIdentifier) if uri.startswith(SCHEME)
    ]
    if len(uris) != 1:
        raise CertificateRejected("the certificate does not name exactly one Isthmus identity")
    return uris[0]


def certificate_thumbprint(der: bytes) -> str:
    """SHA-256 of a DER certificate as unpadded base64url: the JWS header's `x5t#S256`."""
    return _digest(der)


def key_thumbprint(key: PublicKeyTypes) -> str:
    """SHA-256 of a key's DER SubjectPublicKeyInfo as unpadded base64url."""
    return _digest(
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def is_p256(key: object) -> bool:
    """Whether this is a public key on P-256."""
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def save_secret(path: Path, secret: bytes) -> None:
    """Write a file that only its owner can read; it never exists with wider rights."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)


def _digest(content: bytes) -> str:
    return b64url(hashlib.sha256(content).digest())


def _begin(at: datetime | None) -> datetime:
    return (at or datetime.now(UTC)) - _BACKDATE


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begin: datetime,
    until: datetime,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    """What every certificate carries: names, validity, and both key identifiers."""
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), begin, until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(authority, critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
