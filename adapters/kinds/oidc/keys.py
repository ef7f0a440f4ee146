"""The provider's keys: those of the JWK Set that its discovery document names, and no others.

What a JWT says about keys (`jku`, `jwk`, `x5u`, `x5c`) is never followed. The set is kept for an
hour; a signature by a key that is not in it fetches it once more, at most every five minutes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from schemas.outcome import Misbehaving, Unanswered

FRESH_S: Final = 3600
AGAIN_S: Final = 300
MAX_KEYS: Final = 64
_LEAST_RSA_BITS: Final = 2048

Key = RSAKey | ECKey | OKPKey
Fetch = Callable[[], Awaitable[Any | Unanswered]]
"""Fetches the JSON of the JWK Set."""


class ProviderKeys:
    """The keys that sign userinfo."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: list[Key] | None = None
        self._fetched_at = float("-inf")

    async def get(self, kid: str | None) -> Key | Unanswered:
        """The key of a name; without a name, the only one there is."""
        age = self._clock() - self._fetched_at
        found = self._named(kid)
        if self._keys is None or age > FRESH_S or (found is None and age > AGAIN_S):
            fetched = await self._fetch()
            if isinstance(fetched, Unanswered):
                return fetched
            keys = signing_keys(fetched)
            if keys is None:
                return Misbehaving("the provider's keys are no JWK Set")
            self._keys, self._fetched_at = keys, self._clock()
            found = self._named(kid)
        return found or Misbehaving("the userinfo is signed by a key that is not the provider's")

    def _named(self, kid: str | None) -> Key | None:
        keys = self._keys or []
        found = keys if kid is None else [key for key in keys if key.kid == kid]
        return found[0] if len(found) == 1 else None


def signing_keys(document: Any) -> list[Key] | None:
    """The public signing keys of a JWK Set; None when it is none. Weak and secret keys are left out."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        return None
    keys: list[Key] = []
    for jwk in listed:
        if not isinstance(jwk, Mapping) or jwk.get("use", "sig") != "sig":
            continue
        try:
            (key,) = KeySet.import_key_set({"keys": [dict(jwk)]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, OctKey) or (isinstance(key, RSAKey) and _bits(key) < _LEAST_RSA_BITS):
            continue
        keys.append(key)
    return keys or None


def _bits(key: RSAKey) -> int:
    return int(key.public_key.key_size)
