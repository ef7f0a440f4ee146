"""Messages as they travel: encrypted, then signed; and the way back, verified, then decrypted.

Verification is over the JSON as it was received. Whether an answer must be signed is the source file's
word, never the answer's: an absent signature is as bad as a wrong one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.kinds.dci.encryption import Undecryptable, decrypt, encrypt
from adapters.kinds.dci.envelope import is_encrypted, member
from adapters.kinds.dci.form import Sealing
from adapters.kinds.dci.keys import PeerKeys
from adapters.kinds.dci.signing import Unverified, verifier_of
from schemas.outcome import Misbehaving, Unanswered


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that is the peer's: its header and its plain message."""

    header: Mapping[str, Any]
    message: Any


class Sealed:
    """Seals our messages and opens a peer's."""

    def __init__(
        self, sealing: Sealing, keys: PeerKeys, max_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._sealing = sealing
        self._keys = keys
        self._max_bytes = max_bytes
        self._clock = clock
        self._verifier = verifier_of(sealing.verify) if sealing.verify else None

    @property
    def encrypts(self) -> bool:
        """Whether our messages are encrypted."""
        return self._sealing.encrypt

    async def seal(
        self, header: Mapping[str, Any], message: Mapping[str, Any]
    ) -> dict[str, Any] | Unanswered:
        """The body to send."""
        content: Mapping[str, Any] = message
        if self._sealing.encrypt:
            keys = await self._keys.get()
            if isinstance(keys, Unanswered):
                return keys
            if not keys.encryption:
                return Misbehaving("the registry shows no key to encrypt for")
            name, key = next(iter(keys.encryption.items()))
            content = encrypt(message, key, name)
        body: dict[str, Any] = {"header": header, "message": content}
        if self._sealing.signer is None:
            return body
        signature = self._sealing.signer.sign(header, content, int(self._clock()))
        return {"signature": signature, **body}

    async def open(self, document: Any, received: bytes) -> Opened | Unanswered:
        """A received message, when it is the peer's. `document` is `received`, parsed and bounded; the
        signature is checked over `received` itself, where numbers are as they were written."""
        refused = await self.refused(document, received)
        return self.unsealed(document) if refused is None else refused

    def unsealed(self, document: Any) -> Opened | Misbehaving:
        """The plain message of one whose signature was verified."""
        header, content = member(document, "header"), member(document, "message")
        if not isinstance(header, Mapping):
            return Misbehaving("the answer has no header")
        if is_encrypted(header) or (isinstance(content, Mapping) and "ciphertext" in content):
            return self._decrypted(header, content)
        if self._sealing.encrypt and self._sealing.decrypt is not None:
            return Misbehaving("the answer is not encrypted, and the question was")
        return Opened(header, content)

    async def refused(self, document: Any, received: bytes) -> Unanswered | None:
        """Why a received message is not the peer's; None when it is. Both as in `open`."""
        if self._verifier is None:
            return None
        signature = member(document, "signature")
        if signature is None and not self._sealing.required:
            return None
        if not isinstance(signature, str) or not signature:
            return Misbehaving("the answer is not signed, and must be")
        keys = await self._keys.get(self._verifier.key_id(signature))
        if isinstance(keys, Unanswered):
            return keys
        raw = json.loads(received)  # bounded before: it was parsed strictly already
        try:
            self._verifier.verify(
                signature, raw.get("header"), raw.get("message"), keys.signing, int(self._clock())
            )
        except Unverified as error:
            return Misbehaving(f"the answer cannot be trusted: {error}")
        return None

    def _decrypted(self, header: Mapping[str, Any], content: Any) -> Opened | Misbehaving:
        if self._sealing.decrypt is None:
            return Misbehaving("the answer is encrypted, and the source has no key for it")
        try:
            return Opened(header, decrypt(content, self._sealing.decrypt, self._max_bytes))
        except Undecryptable as error:
            return Misbehaving(str(error))
