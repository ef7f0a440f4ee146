"""What the copy's age allows: fresh, stale, frozen, expired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.federation.ages import Ages
from gateway.trust.federation.national import Policy

HOUR = 3600
POLICY = Policy("LM", (), (), ("key",))
_moments = st.integers(0, 2**40)


@given(st.builds(Ages, _moments, _moments, _moments, _moments, _moments, _moments))
def test_ages__formatted__parse_to_the_same(ages: Ages) -> None:
    """Round trip."""
    assert Ages.parse(ages.format()) == ages


@pytest.mark.parametrize(
    ("now", "revocation_expires", "verified_at", "risen_at", "expected"),
    [
        (0, 36 * HOUR, 0, 0, "fresh"),
        (60, 36 * HOUR, 0, 0, "fresh"),
        (61, 36 * HOUR, 0, 0, "stale"),
        (121, 36 * HOUR, 121, 0, "stale"),
        (120, 36 * HOUR, 120, 0, "fresh"),
        (300, 36 * HOUR, 300, 300, "stale"),
        (40 * HOUR, 36 * HOUR, 0, 0, "stale"),
        (300 + 72 * HOUR - 1, 36 * HOUR, 0, 0, "stale"),
        (300 + 72 * HOUR, 36 * HOUR, 0, 0, "expired"),
        (199, 200, 199, 199, "fresh"),
        (200, 200, 200, 200, "frozen"),
        (400, 200, 200, 200, "frozen"),
        (10, 0, 10, 10, "frozen"),
    ],
)
def test_freshness__at_each_border__is_as_the_layout_says(
    now: int, revocation_expires: int, verified_at: int, risen_at: int, expected: str
) -> None:
    """The timestamp expires at 300; a minute without a poll is stale; 72 hours of grace; revocations
    that end before the timestamp does are a freeze, for good."""
    ages = Ages(7, 300, risen_at, revocation_expires, verified_at, 3)
    assert ages.freshness(POLICY, now) == expected
    assert (now < ages.serve_until(POLICY)) == (expected in {"fresh", "stale"})
