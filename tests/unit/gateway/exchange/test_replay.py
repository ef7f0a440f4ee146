"""The replay guard: one statement, one answer, in this process."""

from __future__ import annotations

import pytest

from gateway.exchange import replay
from gateway.exchange.replay import ReplayGuard
from schemas.errors import Replayed


@pytest.mark.parametrize(("digest", "differs"), [("d", False), ("other", True)])
def test_claim__held__again_is_refused(digest, differs):
    """Under way or answered, the second one is one too many; whether it says something else is told."""
    guard = ReplayGuard()
    guard.claim("i", "1", "d")
    with pytest.raises(Replayed) as caught:
        guard.claim("i", "1", digest)
    assert caught.value.differs is differs


def test_claim__given_back__may_be_tried_again():
    """What was not answered may come again."""
    guard = ReplayGuard()
    guard.claim("i", "1", "d")
    guard.give_back("i", "1")
    guard.claim("i", "1", "d")


def test_claim__another_issuer__is_another_statement():
    """Ids are unique per issuer."""
    guard = ReplayGuard()
    guard.claim("a", "1", "d")
    guard.claim("b", "1", "d")


def test_claim__time_over__forgotten(monkeypatch):
    """After expiry plus five minutes freshness refuses it anyway."""
    guard = ReplayGuard()
    guard.claim("i", "1", "d")
    now = replay.time.monotonic()
    monkeypatch.setattr(replay.time, "monotonic", lambda: now + 1000)
    guard.claim("i", "2", "d")
    assert ("i", "1") not in guard._claims


def test_claim__too_many__the_oldest_is_left_to_the_database(monkeypatch):
    """Memory is bounded."""
    monkeypatch.setattr(replay, "MAX_REMEMBERED", 3)
    guard = ReplayGuard()
    for number in range(10):
        guard.claim("i", str(number), "d")
    assert list(guard._claims) == [("i", "7"), ("i", "8"), ("i", "9")]
