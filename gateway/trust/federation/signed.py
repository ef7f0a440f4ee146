"""Signed documents: a JWS in the general JSON form (RFC 7515 section 7.2.1), k of n signatures.

    {"payload": "…", "signatures": [{"protected": "…", "signature": "…"}]}

The protected header is exactly `alg` (ES256 or EdDSA, fixed by the key, never believed), `kid` (the
key's thumbprint) and `typ` (which kind of document this is, so that one kind never passes for
another). A stock JOSE tool verifies each signature. Which keys may sign, and how many must, is said
by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from gateway.trust.federation.errors import MalformedDocument, SignatureRejected
from gateway.trust.pki import is_p256, key_thumbprint
from schemas.encoding import b64url, unb64url
from schemas.errors import ExchangeError
from schemas.strict_json import canonical, parse_object

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
DocumentType = Literal["isthmus-pin+json", "isthmus-record+json", "isthmus-reinstatement+json"]

MAX_SIGNED_BYTES: Final = 512 * 1024
MAX_SIGNATURES: Final = 16
_ES256 = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Signed:
    """A payload, and the thumbprints of the known keys whose signatures held."""

    payload: bytes
    signers: frozenset[str]


def sign(payload: bytes, keys: Iterable[PrivateKey], typ: DocumentType) -> bytes:
    """Sign a payload with each key."""
    body = b64url(payload)
    signatures = []
    for key in keys:
        public = key.public_key()
        header = {"alg": _algorithm(public), "kid": key_thumbprint(public), "typ": typ}
        protected = b64url(canonical(header))
        signature = _sign(key, f"{protected}.{body}".encode("ascii"))
        signatures.append({"protected": protected, "signature": b64url(signature)})
    return canonical({"payload": body, "signatures": signatures})


def add_signature(document: bytes, key: PrivateKey, typ: DocumentType) -> bytes:
    """The same document with one more officer's signature.

    Raises:
        MalformedDocument: it is not a signed document.
    """
    content = _parse(document)
    added = _parse(sign(_decode(content["payload"]), [key], typ))
    return canonical({**content, "signatures": content["signatures"] + added["signatures"]})


def unverified_payload(document: bytes) -> bytes:
    """The payload without a look at its signatures: only to learn which keys must have signed.

    Raises:
        MalformedDocument: it is not a signed document.
    """
    return _decode(_parse(document)["payload"])


def verify(document: bytes, keys: Sequence[PublicKey], threshold: int, typ: DocumentType) -> Signed:
    """Return the payload if at least `threshold` different keys signed it as this type.

    A signature by a key that is not listed counts nothing; one that does not hold refuses the
    document, since nobody honest writes it.

    Raises:
        MalformedDocument: it is not a signed document.
        SignatureRejected: too few signatures, a wrong one, or a threshold below one.
    """
    content = _parse(document)
    known = {key_thumbprint(key): key for key in keys}
    if threshold < 1:
        raise SignatureRejected("a threshold is at least one signature")
    signers: set[str] = set()
    for entry in content["signatures"]:
        header = _header(entry["protected"])
        key = known.get(str(header.get("kid")))
        if key is None:
            continue
        if header != {"alg": _algorithm(key), "kid": header["kid"], "typ": typ}:
            raise SignatureRejected("a signature is of another type or algorithm")
        signed = f"{entry['protected']}.{content['payload']}".encode("ascii")
        _verify(key, _decode(entry["signature"]), signed)
        signers.add(header["kid"])
    if len(signers) < threshold:
        raise SignatureRejected(f"{len(signers)} of {threshold} needed signatures")
    return Signed(_decode(content["payload"]), frozenset(signers))


def format_key(key: PublicKey) -> str:
    """A public key as the PEM text that documents carry."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def parse_key(text: str) -> PublicKey:
    """Read a PEM public key: P-256 or Ed25519.

    Raises:
        MalformedDocument: it is neither.
    """
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise MalformedDocument("a key is not a PEM public key") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and is_p256(key):
        return key
    raise MalformedDocument("a key is neither P-256 nor Ed25519")


def _parse(document: bytes) -> dict[str, Any]:
    try:
        content = parse_object(document, max_bytes=MAX_SIGNED_BYTES, what="a signed document")
    except ExchangeError as error:
        raise MalformedDocument(error.detail) from None
    signatures = content.get("signatures")
    if content.keys() != {"payload", "signatures"} or not isinstance(content["payload"], str):
        raise MalformedDocument("a signed document has payload and signatures, nothing else")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= MAX_SIGNATURES:
        raise MalformedDocument(f"a signed document has 1 to {MAX_SIGNATURES} signatures")
    for entry in signatures:
        well_formed = isinstance(entry, dict) and entry.keys() == {"protected", "signature"}
        if not well_formed or not all(isinstance(text, str) for text in entry.values()):
            raise MalformedDocument("a signature has protected and signature, nothing else")
    return content


def _header(protected: str) -> dict[str, Any]:
    try:
        return parse_object(_decode(protected), max_bytes=1024, what="a signature's header")
    except ExchangeError as error:
        raise MalformedDocument(error.detail) from None


def _decode(text: str) -> bytes:
    try:
        return unb64url(text)
    except ExchangeError as error:
        raise MalformedDocument(error.detail) from None


def _algorithm(key: PublicKey) -> str:
    return "EdDSA" if isinstance(key, ed25519.Ed25519PublicKey) else "ES256"


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, _ES256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _verify(key: PublicKey, signature: bytes, message: bytes) -> None:
    if len(signature) != 64:
        raise SignatureRejected("a signature has 64 bytes")
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), message, _ES256)
    except InvalidSignature:
        raise SignatureRejected("a signature does not hold") from None
