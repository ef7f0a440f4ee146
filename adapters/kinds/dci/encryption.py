"""Encrypted DCI messages: `EncryptedMessage` in place of `message` (DCI API 1.0.0, section 1.2).

It is a flattened JWE (RFC 7516 section 7.2.2) whose algorithms stand in the unprotected `header`, as
OpenCRVS's bridge makes it: RSA-OAEP-256 wraps the key, A256GCM encrypts. The standard names no
algorithms; no others are taken. The unprotected header is not authenticated, so it decides nothing here.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from schemas.errors import ExchangeError
from schemas.strict_json import dump, parse_object

ALGORITHM: Final = "RSA-OAEP-256"
ENCRYPTION: Final = "A256GCM"
_KEY_BYTES: Final = 32
_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")


class Undecryptable(Exception):
    """A message that cannot be decrypted; the text is safe to show."""


def encrypt(message: Mapping[str, Any], key: RSAPublicKey, key_name: str) -> dict[str, Any]:
    """The `EncryptedMessage` of a message for the holder of a key."""
    content_key, iv = os.urandom(_KEY_BYTES), os.urandom(_IV_BYTES)
    sealed = AESGCM(content_key).encrypt(iv, dump(message), b"")
    return {
        "header": {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key_name},
        "ciphertext": _b64url(sealed[:-_TAG_BYTES]),
        "encrypted_key": _b64url(key.encrypt(content_key, _oaep())),
        "tag": _b64url(sealed[-_TAG_BYTES:]),
        "iv": _b64url(iv),
    }


def decrypt(sealed: Any, key: RSAPrivateKey, max_bytes: int) -> dict[str, Any]:
    """The message inside an `EncryptedMessage`.

    Raises:
        Undecryptable: it is none, not for us, changed on its way, or holds no JSON object.
    """
    if not isinstance(sealed, Mapping) or not isinstance(sealed.get("header"), Mapping):
        raise Undecryptable("the message is not an encrypted one")
    header = sealed["header"]
    if (header.get("alg"), header.get("enc")) != (ALGORITHM, ENCRYPTION):
        raise Undecryptable("the message is not encrypted with RSA-OAEP-256 and A256GCM")
    wrapped, iv, tag = (_part(sealed, name) for name in ("encrypted_key", "iv", "tag"))
    protected = sealed.get("protected", "")
    if len(iv) != _IV_BYTES or len(tag) != _TAG_BYTES or not isinstance(protected, str):
        raise Undecryptable("the message is not a flattened JWE")
    try:
        plain = _content_key(key, wrapped).decrypt(iv, _part(sealed, "ciphertext") + tag, protected.encode())
        return parse_object(plain, max_bytes=max_bytes, what="the message")
    except (InvalidTag, ValueError):  # one word for all, so that nobody can probe the key with guesses
        raise Undecryptable("the message cannot be decrypted with our key") from None
    except ExchangeError:
        raise Undecryptable("the message is not acceptable JSON") from None


def _content_key(key: RSAPrivateKey, wrapped: bytes) -> AESGCM:
    content_key = key.decrypt(wrapped, _oaep())
    if len(content_key) != _KEY_BYTES:
        raise ValueError("not a key for A256GCM")
    return AESGCM(content_key)


def _oaep() -> OAEP:
    return OAEP(MGF1(SHA256()), SHA256(), None)


def _part(sealed: Mapping[str, Any], name: str) -> bytes:
    text = sealed.get(name)
    if not isinstance(text, str) or _BASE64URL.fullmatch(text) is None:
        raise Undecryptable("the message is not a flattened JWE")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Undecryptable("the message is not a flattened JWE") from None


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
