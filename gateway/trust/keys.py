"""Loading keys from files: private ones are refused when others can read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.trust.jws import StatementSigner
from schemas.encoding import unb64url
from schemas.errors import ConfigurationError, MalformedRequest

_OTHERS: Final = 0o077


def load_certificate(path: Path) -> bytes:
    """A PEM certificate file as DER."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
    except (OSError, ValueError):
        raise ConfigurationError(f"{path}: is not a readable PEM certificate") from None


def load_signer(key: Path, certificate: Path) -> StatementSigner:
    """A member's signer for statements; the key must fit the certificate."""
    private = load_signing_key(key)
    der = load_certificate(certificate)
    if x509.load_der_x509_certificate(der).public_key() != private.public_key():
        raise ConfigurationError(f"{key}: does not belong to the certificate {certificate}")
    return StatementSigner(private, der)


def load_signing_key(path: Path) -> EllipticCurvePrivateKey:
    """A member's private key."""
    private = _load_private(path)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise ConfigurationError(f"{path}: a member signs with a P-256 key")
    return private


def load_log_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs the audit log's heads."""
    private = _load_private(path)
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(f"{path}: the log is signed with an Ed25519 key")
    return private


def _load_private(path: Path) -> PrivateKeyTypes:
    secret = read_secret(path)
    try:
        return load_pem_private_key(secret, None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"{path}: is not an unencrypted private key in PEM") from None


def load_case_key(path: Path) -> bytes:
    """The 32 bytes that wrap the audit log's case keys."""
    try:
        return unb64url(read_secret(path).strip(), length=32)
    except MalformedRequest:
        raise ConfigurationError(f"{path}: must hold 32 bytes in unpadded base64url") from None


def read_secret(path: Path) -> bytes:
    """The content of a secret file.

    Raises:
        ConfigurationError: it is missing, or readable by others.
    """
    check_secret(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None


def check_secret(path: Path) -> None:
    """Raise ConfigurationError unless the file is there, and only its owner can read it."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    if os.name == "posix" and mode & _OTHERS:
        raise ConfigurationError(f"{path}: others can read this secret; run `chmod 600 {path}`")
