"""The keys of a DCI peer: those its source file registered, and no others.

A file beside the source (PEM or a JWK Set), or the address of a JWK Set that the file names; what a
message says about keys is never followed. A set fetched from an address is kept for an hour; a
signature by a key that is not in it fetches it once more, at most every five minutes, so that a peer
can change its keys and a forger cannot make us fetch all day. Ages are counted by a clock that nobody sets.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from adapters.kinds.dci.signing import PublicKey
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered

FRESH_S: Final = 3600
AGAIN_S: Final = 300
PAUSE_S: Final = 5
"""After a failure, nobody makes us fetch again at once."""
MAX_KEYS: Final = 64
_LEAST_RSA_BITS: Final = 2048
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{1,2048}")

Fetch = Callable[[], Awaitable[Any | Unanswered]]
"""Fetches the JSON of the registered JWK Set."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """A peer's public keys by name: for signatures, and for what we encrypt to it. A key that came
    without a name stands under the empty one and its thumbprint."""

    signing: Mapping[str, PublicKey] = field(repr=False, default_factory=dict)
    encryption: Mapping[str, RSAPublicKey] = field(repr=False, default_factory=dict)


class PeerKeys:
    """The keys of one peer: from its file at once, or fetched when they are first needed."""

    def __init__(
        self, known: KeySet | None, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._known = known
        self._is_fixed = known is not None
        self._fetch = fetch
        self._clock = clock
        self._fetched_at = float("-inf")
        self._failed_at = float("-inf")
        self._failure: Unanswered = Misbehaving("the peer's keys are no JWK Set")
        self._fetching = asyncio.Lock()

    async def get(self, key_name: str | None = None) -> KeySet | Unanswered:
        """The keys; fetched again when they are old, or when they lack the named one."""
        async with self._fetching:  # many who wait fetch once
            return self._usable(key_name) or await self._fetched()

    def _usable(self, key_name: str | None) -> KeySet | Unanswered | None:
        """What can be said without fetching."""
        known, now = self._known, self._clock()
        if known is not None:
            missing = key_name is not None and key_name not in known.signing
            if self._is_fixed or now - self._fetched_at < (AGAIN_S if missing else FRESH_S):
                return known
        return self._failure if now - self._failed_at < PAUSE_S else None

    async def _fetched(self) -> KeySet | Unanswered:
        found = await self._fetch()
        try:
            if isinstance(found, Unanswered):
                self._failure = found
            else:
                self._known, self._fetched_at = key_set(found), self._clock()
                return self._known
        except ValueError:
            self._failure = Misbehaving("the peer's keys are no JWK Set")
        self._failed_at = self._clock()
        return self._failure


def key_file(path: Path) -> KeySet:
    """The keys in a PEM file or a JWK Set file.

    Raises:
        ConfigurationError: the file is not there, or holds no key of a profile.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise ConfigurationError(f"keys_file {path.name} cannot be read") from None
    return keys_in(data, f"keys_file {path.name}")


def keys_in(data: bytes, what: str) -> KeySet:
    """The keys in PEM or in a JWK Set; `what` names them in an error.

    Raises:
        ConfigurationError: it holds no key of a profile.
    """
    try:
        if data.lstrip().startswith(b"{"):
            return key_set(json.loads(data))
        return _single(load_pem_public_key(data))
    except (ValueError, UnsupportedAlgorithm, RecursionError):
        raise ConfigurationError(f"{what} is neither a PEM public key nor a JWK Set") from None


def key_set(document: Any) -> KeySet:
    """The Ed25519 and RSA keys of a JWK Set (RFC 7517); keys of other types are left out.

    Raises:
        ValueError: it is no JWK Set, or has none of these keys.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError("not a JWK Set")
    signing: dict[str, PublicKey] = {}
    encryption: dict[str, RSAPublicKey] = {}
    for jwk in listed:
        key = _key_of(jwk) if isinstance(jwk, Mapping) else None
        if key is None:
            continue
        name = jwk.get("kid") if isinstance(jwk.get("kid"), str) else thumbprint(key)
        if jwk.get("use") != "enc":
            signing[name] = key
        if jwk.get("use") != "sig" and isinstance(key, RSAPublicKey):
            encryption[name] = key
    if not signing and not encryption:
        raise ValueError("no usable key")
    return KeySet(signing, encryption)


def thumbprint(key: PublicKey) -> str:
    """The RFC 7638 thumbprint, which names a key that has no name."""
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        members = {"e": _uint(numbers.e), "kty": "RSA", "n": _uint(numbers.n)}
    else:
        members = {"crv": "Ed25519", "kty": "OKP", "x": _b64url(key.public_bytes_raw())}
    return _b64url(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def _single(key: Any) -> KeySet:
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return KeySet({"": key, thumbprint(key): key}, {thumbprint(key): key})
    if isinstance(key, Ed25519PublicKey):
        return KeySet({"": key, thumbprint(key): key})
    raise ValueError("not a key of a profile")


def _key_of(jwk: Mapping[str, Any]) -> PublicKey | None:
    if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
        return Ed25519PublicKey.from_public_bytes(_bytes(jwk.get("x")))
    if jwk.get("kty") == "RSA":
        numbers = RSAPublicNumbers(
            int.from_bytes(_bytes(jwk.get("e")), "big"), int.from_bytes(_bytes(jwk.get("n")), "big")
        )
        key = numbers.public_key()
        return key if key.key_size >= _LEAST_RSA_BITS else None
    return None


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or _PARAMETER.fullmatch(text) is None:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _uint(number: int) -> str:
    return _b64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
