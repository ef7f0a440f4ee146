"""The replay guard: one statement, one answer, in this process."""

from __future__ import annotations

import pytest

from gateway.exchange import replay
from gateway.exchange.replay import ReplayGuard
from schemas.errors import Replayed


def test_claim__answered__again_is_refused_with_the_original():
    """The second one gets the first one's statement."""
    guard = ReplayGuard()
    with guard.claim("i", "1", "d") as claim:
        claim.answered("jws")
    with pytest.raises(Replayed) as caught, guard.claim("i", "1", "d"):
        pass
    assert (caught.value.original, caught.value.differs) == ("jws", False)


def test_claim__under_way__refused_without_an_original():
    """Two at once are one too many."""
    guard = ReplayGuard()
    with guard.claim("i", "1", "d"), pytest.raises(Replayed) as caught, guard.claim("i", "1", "other"):
        pass
    assert (caught.value.original, caught.value.differs) == (None, True)


def test_claim__failed__given_back():
    """What was not answered may be tried again."""
    guard = ReplayGuard()
    with pytest.raises(KeyError), guard.claim("i", "1", "d"):
        raise KeyError
    with guard.claim("i", "1", "d"):
        pass


def test_claim__another_issuer__is_another_statement():
    """Ids are unique per issuer."""
    guard = ReplayGuard()
    for issuer in ("a", "b"):
        with guard.claim(issuer, "1", "d") as claim:
            claim.answered("jws")


def test_claim__time_over__forgotten(monkeypatch):
    """After expiry plus five minutes freshness refuses it anyway."""
    guard = ReplayGuard()
    with guard.claim("i", "1", "d") as claim:
        claim.answered("jws")
    now = replay.time.monotonic()
    monkeypatch.setattr(replay.time, "monotonic", lambda: now + 1000)
    with guard.claim("i", "2", "d"):
        pass
    assert ("i", "1") not in guard._claims


def test_claim__too_many__the_oldest_is_left_to_the_database(monkeypatch):
    """Memory is bounded."""
    monkeypatch.setattr(replay, "MAX_REMEMBERED", 3)
    guard = ReplayGuard()
    for number in range(10):
        with guard.claim("i", str(number), "d") as claim:
            claim.answered("jws")
    assert list(guard._claims) == [("i", "7"), ("i", "8"), ("i", "9")]
