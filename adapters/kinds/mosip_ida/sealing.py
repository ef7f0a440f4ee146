"""The encryption and signature of MOSIP IDA (release 1.2).

A text is sealed by AES-256-GCM under a fresh key, written as ciphertext ‖ tag ‖ IV (both 16 bytes);
the key by RSA-OAEP with SHA-256 to the receiver's certificate; all as base64url. A request carries a
detached JWS (RS256, `x5c`) over the very bytes of its body in the header `Signature`.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from joserfc import jws
from joserfc.jwk import RSAKey

from adapters.kinds.mosip_ida.form import IdaConnection
from schemas.errors import ConfigurationError

KEY_BYTES: Final = 32
IV_BYTES: Final = 16
TAG_BYTES: Final = 16


class Unsealable(Exception):
    """A sealed text that is not for us, or was changed; the text is safe to show."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Our keys, and IDA's certificate."""

    signing: RSAKey = field(repr=False)
    certificate: x509.Certificate
    ida: x509.Certificate
    decryption: RSAPrivateKey | None = field(default=None, repr=False)

    @property
    def thumbprint(self) -> str:
        """The name of IDA's certificate: its SHA-256."""
        return base64.urlsafe_b64encode(self.ida.fingerprint(SHA256())).decode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text for IDA: what stands in `request`, `requestSessionKey` and `requestHMAC`."""

    text: str
    session_key: str
    digest: str


def read_keys(connection: IdaConnection) -> Keys:
    """The keys of a connection.

    Raises:
        ConfigurationError: a file is missing, or a key is no RSA key in PEM.
    """
    decryption = connection.decryption_key
    signing = _private(connection.signing_key, "signing_key")
    certificate = _certificate(connection.certificate, "certificate")
    if certificate.public_key() != signing.public_key():
        raise ConfigurationError("certificate is not that of signing_key")
    return Keys(
        RSAKey.import_key(signing),
        certificate,
        _certificate(connection.ida_certificate, "ida_certificate"),
        None if decryption is None else _private(decryption, "decryption_key"),
    )


def seal(data: bytes, receiver: x509.Certificate) -> Sealed:
    """A text that only the certificate's owner can read, and the digest that belongs to it."""
    key = os.urandom(KEY_BYTES)
    public = receiver.public_key()
    if not isinstance(public, RSAPublicKey):
        raise ConfigurationError("ida_certificate has no RSA key")
    digest = hashlib.sha256(data).hexdigest().upper().encode()
    return Sealed(
        _b64url(_encrypted(data, key)),
        _b64url(public.encrypt(key, _oaep())),
        _b64url(_encrypted(digest, key)),
    )


def unseal(text: str, session_key: str, key: RSAPrivateKey) -> bytes:
    """The text of an answer that was sealed for us.

    Raises:
        Unsealable: it cannot be read; why is not told, so that nobody can probe the key with guesses.
    """
    try:
        sealed, content_key = _bytes(text), key.decrypt(_bytes(session_key), _oaep())
        iv, body = sealed[-IV_BYTES:], sealed[:-IV_BYTES]
        if len(content_key) != KEY_BYTES or len(body) < TAG_BYTES:
            raise Unsealable("the answer is not sealed for us")
        return AESGCM(content_key).decrypt(iv, body, None)
    except (InvalidTag, ValueError):
        raise Unsealable("the answer is not sealed for us") from None


def signature(body: bytes, keys: Keys) -> str:
    """The detached JWS over a body."""
    certificate = base64.b64encode(keys.certificate.public_bytes(Encoding.DER)).decode()
    whole = jws.serialize_compact({"alg": "RS256", "x5c": [certificate]}, body, keys.signing, ["RS256"])
    head, _, tail = whole.split(".")
    return f"{head}..{tail}"


def _encrypted(data: bytes, key: bytes) -> bytes:
    iv = os.urandom(IV_BYTES)
    return AESGCM(key).encrypt(iv, data, None) + iv


def _oaep() -> OAEP:
    return OAEP(MGF1(SHA256()), SHA256(), None)


def _private(pem: str, name: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"{name} is no RSA private key in PEM")
    return key


def _certificate(path: Path, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(f"{name}: {path.name} is no certificate in PEM") from None


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
