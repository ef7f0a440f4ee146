"""What a refusal tells the asker."""

from __future__ import annotations

import pytest

from gateway.exchange.problems import to_bytes
from gateway.exchange.refusals import SUBJECT_ABSENT, SUBJECT_AMBIGUOUS, for_the_asker
from schemas.errors import Refused, SourceTooSlow


def test_asker__client_visible_reasons__told():
    """What the asker can do something about."""
    shown = for_the_asker(Refused(reasons=("agreement.expired", "purpose.not_agreed")))
    assert shown.reasons == ("agreement.expired", "purpose.not_agreed")
    assert "expired" in shown.detail


@pytest.mark.parametrize(
    "reasons",
    [
        (SUBJECT_ABSENT,), (SUBJECT_AMBIGUOUS,), ("subject.unavailable",), ("consent.not_covering",),
        ("consent.not_covering", "subject.unavailable"), ("something.new",), ("agreement.expired", "something.new"),
        ("purpose.not_agreed", "subject.unavailable"),
    ],
)  # fmt: skip
def test_asker__anything_about_the_person__one_refusal(reasons):
    """Alike to the byte, and no other reason stands beside it."""
    expected = to_bytes(for_the_asker(Refused(reasons=("subject.unavailable",))))
    assert to_bytes(for_the_asker(Refused("a detail of the owner's", reasons=reasons))) == expected


def test_asker__other_errors__as_they_are():
    """Whose source is slow is no secret."""
    error = SourceTooSlow(reasons=("source.timeout",))
    assert for_the_asker(error) is error
