"""The keys of a DCI peer: fetched as seldom as a forger may cause, and never older than they say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.kinds.dci.keys import AGAIN_S, FRESH_S, PAUSE_S, KeySet, PeerKeys, _b64url
from schemas.outcome import Misbehaving, Unanswered, Unavailable

DOWN = Unavailable("down")


class Peer:
    """A peer's address of keys: what it answers, and how often it was asked."""

    def __init__(self) -> None:
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        self.answer: Any = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": _b64url(key), "kid": "k1"}]}
        self.asked, self.now = 0, 0.0
        self.keys = PeerKeys(None, self.fetch, lambda: self.now)

    async def fetch(self) -> Any:
        """As `Fetch`."""
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer


@pytest.mark.parametrize("answer", [DOWN, [], {"keys": []}, {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}])
async def test_get__address_fails__is_not_asked_for_every_forgery(answer: Any):
    """Whoever sends forged signatures does not make us knock at a door that is closed."""
    peer = Peer()
    peer.answer = answer

    for number in range(20):
        assert isinstance(await peer.keys.get(f"forged-{number}"), Unanswered)
    assert peer.asked == 1
    peer.now += PAUSE_S
    assert isinstance(await peer.keys.get("k1"), type(answer) if answer is DOWN else Misbehaving)
    assert peer.asked == 2


async def test_get__many_at_once__fetch_once():
    """A hundred answers that arrive together need one set of keys."""
    peer = Peer()

    found = await asyncio.gather(*(peer.keys.get("k1") for _ in range(100)))

    assert all(isinstance(one, KeySet) for one in found)
    assert peer.asked == 1


async def test_get__address_fails_later__keys_serve_until_they_are_old():
    """A forger's unknown key and a closed door do not take known keys away, age does."""
    peer = Peer()
    assert isinstance(await peer.keys.get("k1"), KeySet)
    peer.answer, peer.now = DOWN, AGAIN_S + 1.0

    assert await peer.keys.get("forged") == DOWN
    assert isinstance(await peer.keys.get("k1"), KeySet)
    peer.now = FRESH_S + 1.0
    assert await peer.keys.get("k1") == DOWN
