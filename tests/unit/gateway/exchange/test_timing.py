"""One timing class: when a hidden refusal leaves tells nothing about its cause."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from gateway.exchange.timing import STEP_S, TimingClass

SERVICE, FOREVER = "LM/GOV/NIA/identity/person", 1e9


class Clock:
    """A clock that only moves when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        assert seconds >= 0
        self.now += seconds


def latency_of(seed: int, typical: float, spread: float) -> Callable[[], float]:
    """How long a source takes, more or less."""
    draw = random.Random(seed)
    return lambda: draw.lognormvariate(0, spread) * typical


async def refuse(timing: TimingClass, clock: Clock, fetch_s: float | None, deciding_s: float) -> float:
    """One hidden refusal, with a fetch or without; how long it took in all."""
    arrived = clock.now
    clock.now += deciding_s
    if fetch_s is not None:
        clock.now += fetch_s
        timing.fetched(SERVICE, fetch_s)
        clock.now += deciding_s  # policy is asked again
    await timing.release(SERVICE, arrived, fetched=fetch_s is not None, before=FOREVER)
    return clock.now - arrived


@pytest.mark.parametrize("typical", [0.004, 0.03, 0.09, 0.25, 1.1])
async def test_release__absent_restricted_unconsented__one_distribution(typical: float) -> None:
    """However slow the source is: whoever measures ten thousand refusals tells no cause from another.

    The clock is a fake and the seed fixed: this is a computation, not a measurement. A class is right if no
    threshold on the time separates the causes better than 3 % beyond guessing.
    """
    clock = Clock()
    timing = TimingClass(clock=clock, sleep=clock.sleep, draw=random.Random(7))
    latency, deciding = latency_of(1, typical, 0.3), latency_of(2, 0.0005, 0.2)
    points: dict[str, Counter[int]] = {"absent": Counter(), "restricted": Counter(), "unconsented": Counter()}
    for _ in range(200):  # the service is in use
        timing.fetched(SERVICE, latency())
    for _ in range(10_000):
        for cause, found in points.items():
            took = await refuse(timing, clock, None if cause == "unconsented" else latency(), deciding())
            assert took / STEP_S == pytest.approx(round(took / STEP_S), abs=1e-6)
            found[round(took / STEP_S)] += 1
    for cause in ("restricted", "unconsented"):
        assert _advantage(points["absent"], points[cause]) < 0.03, (typical, points)


def _advantage(left: Counter[int], right: Counter[int]) -> float:
    """The best that any rule on the time can do beyond guessing: the total variation distance."""
    total = sum(left.values())
    return sum(abs(left[point] - right[point]) for point in left | right) / (2 * total)


async def test_release__without_the_wait__they_could_be_told_apart() -> None:
    """The measure above does see a difference where there is one."""
    clock = Clock()
    timing = TimingClass(clock=clock, sleep=clock.sleep, step_s=0.001)
    took = [await refuse(timing, clock, fetch_s, 0.0005) for fetch_s in (None, 0.03)]
    counted = [Counter({round(seconds * 1000): 1}) for seconds in took]
    assert _advantage(*counted) == 1


async def test_release__asker_waits_no_longer__at_once() -> None:
    """Never beyond the asker's deadline."""
    clock = Clock()
    timing = TimingClass(clock=clock, sleep=clock.sleep)
    arrived = clock.now
    await timing.release(SERVICE, arrived, fetched=False, before=arrived + 0.01)
    assert clock.now == pytest.approx(arrived + 0.01)
    await timing.release(SERVICE, arrived, fetched=True, before=arrived)
    assert clock.now == pytest.approx(arrived + 0.01)


async def test_release__service_never_asked__the_first_point() -> None:
    """A fresh start has no fetches to draw from."""
    clock = Clock()
    timing = TimingClass(clock=clock, sleep=clock.sleep)
    assert await refuse(timing, clock, None, 0.0005) == pytest.approx(STEP_S)
