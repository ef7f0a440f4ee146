"""The personal part of a consent: sealed in one column, found by a keyed tag.

    people = nonce12 ‖ AES-256-GCM(case key, {subject, representative}), bound to the consent's id and version
    tag    = HMAC-SHA256(K, type, value) as `audit.subject_tag` makes it, K random, one per issuer

Unlike the log's tags, these do not change from month to month: a consent outlives many months, and is
looked for by its person for as long. K is stored wrapped by the case key and shared by all nodes.
"""

from __future__ import annotations

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import LogDamaged
from audit.store import Store
from audit.subject_tag import subject_tag
from gateway.consent.record import Capacity, Representative
from schemas.identifiers import MemberId
from schemas.record import Subject
from schemas.strict_json import canonical, parse_object

_NONCE = 12
_PEOPLE_LABEL = b"isthmus/consent/v1"
_KEY_LABEL = b"isthmus/consent-key/v1"
_MAX_BYTES = 4096
_FIND = "SELECT wrapped_key FROM consent_key WHERE name = $1"
_KEEP = "INSERT INTO consent_key (name, wrapped_key) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class ConsentVault:
    """Seals subjects, opens them, and makes the tags they are found by. `kek` is the case key."""

    def __init__(self, store: Store, kek: bytes) -> None:
        self._store = store
        self._kek = AESGCM(kek)
        self._keys: dict[str, bytes] = {}

    async def tag(self, issuer: MemberId, subject: Subject) -> str:
        """The tag of a person in one issuer's table of consents."""
        return subject_tag(await self.key(f"table:{issuer}"), subject.type, subject.value)

    async def key(self, name: str) -> bytes:
        """The 32 random bytes of a name; all nodes get the same, since the first to store it wins."""
        known = self._keys.get(name)
        if known is not None:
            return known
        wrapped = await self._find(name)
        if wrapped is None:
            nonce = os.urandom(_NONCE)
            fresh = nonce + self._kek.encrypt(nonce, os.urandom(32), _bound(_KEY_LABEL, name))
            await self._store.execute(_KEEP, name, fresh)
            wrapped = await self._find(name)
        if wrapped is None:
            raise LogDamaged("a key of consents vanished while it was being made")
        key = self._keys[name] = self._open(wrapped, _bound(_KEY_LABEL, name))
        return key

    def seal(self, consent: str, subject: Subject, representative: Representative | None) -> bytes:
        """Encrypt who a consent is about, bound to that consent (its key)."""
        nonce = os.urandom(_NONCE)
        document = {"subject": _format(subject), "representative": _format_representative(representative)}
        return nonce + self._kek.encrypt(nonce, canonical(document), _bound(_PEOPLE_LABEL, consent))

    def open(self, consent: str, sealed: bytes) -> tuple[Subject, Representative | None]:
        """Decrypt what `seal` wrote; anything else is `LogDamaged`."""
        opened = self._open(sealed, _bound(_PEOPLE_LABEL, consent))
        document = parse_object(opened, max_bytes=_MAX_BYTES, what="a consent's people")
        return Subject(**document["subject"]), _read_representative(document["representative"])

    async def _find(self, name: str) -> bytes | None:
        rows = await self._store.rows(_FIND, name)
        return bytes(rows[0][0]) if rows else None

    def _open(self, sealed: bytes, label: bytes) -> bytes:
        try:
            return self._kek.decrypt(sealed[:_NONCE], sealed[_NONCE:], label)
        except (InvalidTag, ValueError) as error:
            raise LogDamaged("a part of a consent cannot be decrypted with this case key") from error


def _bound(label: bytes, name: str) -> bytes:
    """What a ciphertext is bound to."""
    return label + b"\0" + name.encode()


def _format(subject: Subject) -> dict[str, str]:
    return {"type": subject.type, "value": subject.value}


def _format_representative(representative: Representative | None) -> dict[str, Any] | None:
    if representative is None:
        return None
    return {
        "subject": _format(representative.subject),
        "capacity": representative.capacity.value,
        "until": representative.until,
    }


def _read_representative(document: Any) -> Representative | None:
    if document is None:
        return None
    return Representative(Subject(**document["subject"]), Capacity(document["capacity"]), document["until"])
