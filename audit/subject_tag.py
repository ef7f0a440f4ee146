"""Subject tags: keyed pseudonyms under which a log speaks of a person (reference/trust-and-audit.md §7).

    tag = HMAC-SHA256(K, "isthmus/subject/v1" ‖ 0 ‖ type ‖ 0 ‖ normalised value), unpadded base64url

K is a random key per member and epoch (a UTC month), stored wrapped by the case KEK and shared by the
gateway's nodes through the database. Without K an eleven-digit identifier cannot be guessed at; with keys of
different members or months no tags can be linked. Destroying K at the end of retention makes its tags noise.
"""

from __future__ import annotations

import hmac
import os
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import LogDamaged, Malformed
from audit.store import Store
from schemas.encoding import b64url

_LABEL = b"isthmus/subject/v1"
_KEY_LABEL = b"isthmus/subject-tag-key/v1"
_NONCE = 12

_FIND = "SELECT wrapped_key FROM subject_tag_key WHERE member = $1 AND epoch = $2"
_KEEP = "INSERT INTO subject_tag_key (member, epoch, wrapped_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_DESTROY = "DELETE FROM subject_tag_key WHERE member = $1 AND epoch < $2"


def epoch_of(ts: int) -> str:
    """Return the epoch of a time (epoch seconds): its month in UTC, such as `2026-11`."""
    return _month_of_hour(ts // 3600)


@lru_cache(maxsize=64)
def _month_of_hour(hour: int) -> str:
    """Months begin on the hour; formatting a date for every tag would cost more than the tag."""
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m}"


def normalise(value: str) -> str:
    """Return the one form of an identifier: NFKC, case folded, without blanks."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


def subject_tag(key: bytes, id_type: str, value: str) -> str:
    """Return the tag of a subject under one member's key of one epoch."""
    if "\0" in id_type:
        raise Malformed("an identifier type holds no zero byte")
    message = b"\0".join((_LABEL, id_type.encode(), normalise(value).encode()))
    return b64url(hmac.digest(key, message, sha256))


class SubjectTags:
    """Makes tags, keeping the keys of the members it serves in memory."""

    def __init__(self, store: Store, kek: bytes) -> None:
        self._store = store
        self._kek = AESGCM(kek)
        self._keys: dict[tuple[str, str], bytes] = {}

    async def tag(self, member: str, id_type: str, value: str, ts: int) -> str:
        """Return the tag of a subject in the log of `member` at a time; a month's first call makes a key."""
        return subject_tag(await self.key(member, epoch_of(ts)), id_type, value)

    async def key(self, member: str, epoch: str) -> bytes:
        """Return the key of a member and epoch. All nodes get the same one: the first to store it wins."""
        known = self._keys.get((member, epoch))
        if known is not None:
            return known
        wrapped = await self._find(member, epoch)
        if wrapped is None:
            await self._store.execute(_KEEP, member, epoch, self._wrap(member, epoch, os.urandom(32)))
            wrapped = await self._find(member, epoch)
        if wrapped is None:
            raise LogDamaged("a subject-tag key vanished while it was being made")
        key = self._keys[member, epoch] = self._unwrap(member, epoch, wrapped)
        return key

    async def destroy(self, member: str, before: str) -> int:
        """Destroy the member's keys of all epochs before `before`; their tags can never be made again."""
        destroyed = await self._store.execute(_DESTROY, member, before)
        self._keys = {at: key for at, key in self._keys.items() if at[0] != member or at[1] >= before}
        await self._store.scrub()
        return destroyed

    async def _find(self, member: str, epoch: str) -> bytes | None:
        """Read a wrapped key."""
        rows = await self._store.rows(_FIND, member, epoch)
        return rows[0][0] if rows else None

    def _wrap(self, member: str, epoch: str, key: bytes) -> bytes:
        """Encrypt a key under the KEK, bound to its member and epoch."""
        nonce = os.urandom(_NONCE)
        return nonce + self._kek.encrypt(nonce, key, _binding(member, epoch))

    def _unwrap(self, member: str, epoch: str, wrapped: bytes) -> bytes:
        """Decrypt a key; one that does not belong here is `LogDamaged`."""
        try:
            return self._kek.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _binding(member, epoch))
        except (InvalidTag, ValueError) as error:
            raise LogDamaged("a subject-tag key cannot be unwrapped with this KEK") from error


def _binding(member: str, epoch: str) -> bytes:
    """What a wrapped key is bound to."""
    return b"\0".join((_KEY_LABEL, member.encode(), epoch.encode()))
