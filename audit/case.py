"""The case: the personal particulars behind an entry, sealed off-tree (DESIGN §8).

Sealing takes canonical JSON of the case and gives
  commitment = SHA-256(salt32 ‖ case)            goes into the entry
  ciphertext = AES-256-GCM(own random key, case)  is stored beside the entry
  wrapped    = AES-256-GCM(case KEK, own key)     is stored with the salt, apart, and can be destroyed
Destroying key and salt erases the case: the ciphertext is noise and the commitment can no longer be guessed
at, while entry, tree and proofs stay as they were. Bodies are never part of a case; heads are, since the
statements' digests are of heads and nobody could check them otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import Malformed, VerificationFailed
from schemas.encoding import b64url

_KEY, _SALT, _NONCE = 32, 32, 12
_CASE_LABEL = b"isthmus/case/v1"
_KEY_LABEL = b"isthmus/case-key/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who and what an entry is about. Statements are compact JWS; heads are the exact text sent.

    `subjects` are subject tags, `user` a pseudonym. `acts` holds what an administrative act or a look-up
    needs to be explained later (who approved, which filter), as short texts. `decided` is what the answering
    side decided and from which facts (`gateway/exchange/decided.py`), as JSON.
    """

    subjects: tuple[str, ...] = ()
    user: str | None = None
    method: str | None = None
    path: str | None = None
    request: str | None = None
    answer: str | None = None
    request_head: str | None = None
    answer_head: str | None = None
    acts: Mapping[str, str] = field(default_factory=dict)
    decided: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return canonical JSON: keys sorted, absent members left out."""
        members = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        try:
            return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError as error:
            raise Malformed("the case has no JSON form") from error

    @classmethod
    def decode(cls, encoded: bytes) -> Case:
        """Read what `encode` wrote; anything else is `Malformed`."""
        try:
            members: dict[str, Any] = orjson.loads(encoded)
            case = cls(**{**members, "subjects": tuple(members.get("subjects", ()))})
        except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
            raise Malformed("not a case") from error
        if case.encode() != encoded:
            raise Malformed("the case is not in canonical form")
        return case


@dataclass(frozen=True, slots=True)
class SealedCase:
    """What is stored of a case, and the commitment that goes into its entry (unpadded base64url)."""

    commitment: str
    ciphertext: bytes
    wrapped_key: bytes
    salt: bytes


class CaseSealer:
    """Seals and opens cases under the gateway's case KEK (32 bytes, handed in; kept in memory only)."""

    def __init__(self, kek: bytes) -> None:
        if len(kek) != _KEY:
            raise Malformed("the case KEK is 32 bytes long")
        self._kek = AESGCM(kek)

    def seal(self, case: Case) -> SealedCase:
        """Encrypt a case under a fresh key of its own and commit to it."""
        encoded = case.encode()
        random = os.urandom(_KEY + _SALT + 2 * _NONCE)
        key, salt = random[:_KEY], random[_KEY : _KEY + _SALT]
        nonce, key_nonce = random[-2 * _NONCE : -_NONCE], random[-_NONCE:]
        return SealedCase(
            commitment(salt, encoded),
            nonce + AESGCM(key).encrypt(nonce, encoded, _CASE_LABEL),
            key_nonce + self._kek.encrypt(key_nonce, key, _KEY_LABEL),
            salt,
        )

    def open(self, sealed: SealedCase) -> bytes:
        """Decrypt, compare with the commitment, and return the case's exact bytes."""
        try:
            key = self._kek.decrypt(sealed.wrapped_key[:_NONCE], sealed.wrapped_key[_NONCE:], _KEY_LABEL)
            encoded = AESGCM(key).decrypt(sealed.ciphertext[:_NONCE], sealed.ciphertext[_NONCE:], _CASE_LABEL)
        except (InvalidTag, ValueError) as error:
            raise VerificationFailed("the case cannot be decrypted with this key") from error
        if commitment(sealed.salt, encoded) != sealed.commitment:
            raise VerificationFailed("the case is not the one committed to")
        return encoded


def commitment(salt: bytes, encoded: bytes) -> str:
    """Commitment to a case: SHA-256(salt ‖ case), unpadded base64url."""
    return b64url(sha256(salt + encoded).digest())
