"""The decision cache: remembers exactly what it may, for exactly as long as it may."""

from __future__ import annotations

import pytest

from policies.cache import CachingEngine
from schemas.decision import Decision, DecisionInput
from schemas.errors import PolicyUnavailable
from tests.unit.policies.questions import document, question

NOW = document()["time"]


class CountingEngine:
    """Allows everything, counting; or raises."""

    policy_version = "v1"

    def __init__(self) -> None:
        self.asked = 0
        self.answer = Decision(True, (), ("income_band",), (), {}, "v1")
        self.error: Exception | None = None
        self.closed = False

    async def decide(self, question: DecisionInput) -> Decision:  # noqa: D102
        self.asked += 1
        if self.error:
            raise self.error
        return self.answer

    async def close(self) -> None:  # noqa: D102
        self.closed = True


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture
def cache(engine: CountingEngine) -> CachingEngine:
    return CachingEngine(engine, max_entries=3)


async def times_asked(cache, engine, *questions) -> int:
    for one in questions:
        assert await cache.decide(one) == engine.answer
    return engine.asked


async def test_decide__same_question_again__is_remembered(cache, engine):
    """Time and the two ids do not count."""
    again = question(time=NOW + 29, exchange__id="other", exchange__cid="other")
    assert await times_asked(cache, engine, question(), again) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "research"},
        {"fields": ["employer"]},
        {"exchange__retry": True},
        {"exchange__unsafe": True},
        {"usage__quota_left": False},
        {"subject__restricted": True},
        {"agreement__version": 2},
        {"agreement__status": "revoked"},
        {"consent": {"id": "c1"}},
        {"exchange": None},
    ],
    ids=str,
)
async def test_decide__anything_else_differs__is_asked_anew(cache, engine, changes):
    """Whatever a decision could depend on is in the key."""
    assert await times_asked(cache, engine, question(), question(**changes)) == 2


async def test_decide__after_thirty_seconds__is_asked_anew(cache, engine):
    """Nothing is remembered for longer than 30 s."""
    assert await times_asked(cache, engine, question(), question(time=NOW + 30)) == 2


async def test_decide__clock_steps_back__is_asked_anew(cache, engine):
    """A decision does not stand before the moment it was made."""
    assert await times_asked(cache, engine, question(), question(time=NOW - 1)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"agreement__valid_until": NOW + 5},
        {"agreement__valid_from": NOW + 5},
        {"consent": {"valid_until": NOW + 5}},
    ],
    ids=str,
)
async def test_decide__agreement_or_consent_ends_first__stands_until_then(cache, engine, changes):
    """A decision does not outlive what it rests on."""
    before, at = question(time=NOW + 4, **changes), question(time=NOW + 5, **changes)
    assert await times_asked(cache, engine, question(**changes), before) == 1
    assert await times_asked(cache, engine, at) == 2


async def test_forget__remembered_decision__is_asked_anew(cache, engine):
    """A withdrawal or a new agreement voids everything."""
    await cache.decide(question())
    cache.forget()
    assert len(cache) == 0
    assert await times_asked(cache, engine, question()) == 2


async def test_forget__decision_under_way__is_not_remembered(engine):
    """What was decided on older facts is not kept past a change."""

    class ChangingEngine(CountingEngine):
        async def decide(self, question: DecisionInput) -> Decision:
            cache.forget()
            return await super().decide(question)

    cache = CachingEngine(ChangingEngine())
    await cache.decide(question())
    assert len(cache) == 0


async def test_decide__engine_fails__nothing_is_remembered(cache, engine):
    """A failure is raised each time, and forgotten at once."""
    engine.error = PolicyUnavailable()
    with pytest.raises(PolicyUnavailable):
        await cache.decide(question())
    engine.error = None
    assert await times_asked(cache, engine, question()) == 2


async def test_decide__untrustworthy_result__is_not_remembered(cache, engine):
    """A refusal for want of a decision is not kept either."""
    engine.answer = Decision.refuse("policy.unavailable")
    assert await times_asked(cache, engine, question(), question()) == 2


async def test_decide__more_than_fits__forgets_the_least_used(cache, engine):
    """The cache is bounded."""
    first, *others = (question(purpose=name) for name in "abcd")
    assert await times_asked(cache, engine, first, *others[:2], first, others[2], first) == 4
    assert len(cache) == 3


async def test_decide__input_is_no_json__is_left_to_the_engine(cache, engine):
    """What has no key is not remembered, and the engine says what is wrong."""
    assert await times_asked(cache, engine, question(user=object())) == 1
    assert len(cache) == 0


async def test_close__closes_the_engine_behind(cache, engine):
    """The cache owns its engine."""
    await cache.close()
    assert engine.closed
