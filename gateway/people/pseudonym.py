"""What a person is called here: HMAC(K, label ‖ issuer ‖ subject), unpadded base64url.

The way of `audit.subject_tag`: the key is random, made once per gateway and kept wrapped under the case key,
so that all nodes give a person the same pseudonym and nobody without the key can guess at one. It is bound to
the issuer: the same `sub` of another identity provider is another person. Names and e-mails are never read.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import LogDamaged
from audit.store import Store
from schemas.encoding import b64url
from schemas.errors import MalformedRequest

_LABEL = b"isthmus/person/v1"
_KEY_LABEL = b"isthmus/people-key/v1"
_NONCE = 12
_MAX_LENGTH = 512

_FIND = "SELECT wrapped_key FROM people_key WHERE name = $1"
_KEEP = "INSERT INTO people_key (name, wrapped_key) VALUES ($1, $2) ON CONFLICT DO NOTHING"

LOCAL_ISSUER = "local"
"""The issuer of whoever runs a command at the gateway's own machine; no URL, so no provider's."""


async def people_key(store: Store, kek: bytes) -> bytes:
    """The 32 bytes that people's pseudonyms are made with; the first node to ask makes them."""
    found = await store.rows(_FIND, "people")
    if not found:
        nonce = os.urandom(_NONCE)
        wrapped = nonce + AESGCM(kek).encrypt(nonce, os.urandom(32), _KEY_LABEL)
        await store.execute(_KEEP, "people", wrapped)
        found = await store.rows(_FIND, "people")
    wrapped = bytes(found[0][0])
    try:
        return AESGCM(kek).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _KEY_LABEL)
    except (InvalidTag, ValueError):
        raise LogDamaged("the key of people's pseudonyms cannot be unwrapped with this case key") from None


def pseudonym(key: bytes, issuer: str, subject: str) -> str:
    """The pseudonym of an issuer's subject. Raises MalformedRequest for what names nobody."""
    if not all(0 < len(text) <= _MAX_LENGTH and text.isprintable() for text in (issuer, subject)):
        raise MalformedRequest("a person is an issuer and a subject of 1 to 512 printable characters")
    message = b"\0".join((_LABEL, issuer.encode(), subject.encode()))
    return b64url(hmac.digest(key, message, sha256))


def person_of(key: bytes, text: str) -> str:
    """The pseudonym that `text` stands for: `ISSUER#SUBJECT`, or a pseudonym itself (43 characters)."""
    issuer, hash_sign, subject = text.partition("#")
    if hash_sign:
        return pseudonym(key, issuer, subject)
    if len(text) != 43 or not text.replace("-", "").replace("_", "").isalnum() or not text.isascii():
        raise MalformedRequest("a person is written ISSUER#SUBJECT, or as the id that /v1/admin/me shows")
    return text
