"""The wrappers, one table each: deadline, retry, breaker, concurrency, projection, border."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Adapter, Query
from adapters.opening import compose
from adapters.wrappers.breaker import Breaker
from adapters.wrappers.concurrency import Concurrency
from adapters.wrappers.deadline import Deadline
from adapters.wrappers.outcomes_only import OutcomesOnly
from adapters.wrappers.retry import Retry
from schemas.catalogue import ServiceDescription
from schemas.errors import ConfigurationError, RequestMismatch
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Outcome, Unanswered, Unavailable
from tests.unit.adapters.small_source import ask, rest_source

QUERY = ask("person", "1", "national_id")
DOWN = Unavailable("down")
GOOD = Match({"national_id": "1"}, 0)


class Scripted(Adapter):
    """Answers with the next of its outcomes, or raises, or calls."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked = 0
        self.opened = self.closed = 0

    async def open(self) -> None:
        """Count."""
        self.opened += 1

    async def close(self) -> None:
        """Count."""
        self.closed += 1

    async def health(self) -> Unanswered | None:
        """Raise what is scripted."""
        return await self._next()

    async def discover(self) -> tuple[ServiceDescription, ...]:
        """Nothing."""
        return ()

    async def fetch(self, query: Query) -> Outcome:
        """The next of the script; the last one repeats."""
        self.asked += 1
        return await self._next()

    async def _next(self) -> Any:
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, BaseException):
            raise step
        return await step() if callable(step) else step


def sleeping(seconds: float) -> Callable[[], Awaitable[Outcome]]:
    """An answer that takes time."""

    async def answer() -> Outcome:
        await asyncio.sleep(seconds)
        return GOOD

    return answer


RETRIES = [
    # script, retries, outcome, times asked, pauses
    ([GOOD], 2, GOOD, 1, 0),
    ([DOWN, GOOD], 2, GOOD, 2, 1),
    ([DOWN], 2, DOWN, 3, 2),
    ([DOWN], 0, DOWN, 1, 0),
    ([NotFound(0)], 2, NotFound(0), 1, 0),
    ([Misbehaving("x")], 2, Misbehaving("x"), 1, 0),
    ([DeniedBySource("x")], 2, DeniedBySource("x"), 1, 0),
    ([Unavailable("x", timeout=True), GOOD], 2, Unavailable("x", timeout=True), 1, 0),
    ([Unavailable("x", retry_after_s=1.5), GOOD], 2, GOOD, 2, 1),
    ([Unavailable("x", retry_after_s=60), GOOD], 2, Unavailable("x", retry_after_s=60), 1, 0),
]


@pytest.mark.parametrize(("script", "retries", "expected", "asked", "pauses"), RETRIES)
async def test_retry__table(script: list[Any], retries: int, expected: Outcome, asked: int, pauses: int):
    """Only what may pass is asked again, and never more often than allowed."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    inner = Scripted(*script)

    assert await Retry(inner, retries, sleep).fetch(QUERY) == expected
    assert inner.asked == asked
    assert len(slept) == pauses
    assert all(0 < pause <= 2 for pause in slept)


async def test_retry__source_names_a_pause__is_given_it():
    """`Retry-After` is honoured to the digit."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    await Retry(Scripted(Unavailable("x", retry_after_s=1.5), GOOD), 1, sleep).fetch(QUERY)

    assert slept == [1.5]


class Clock:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        """The time it is made to be."""
        return self.now


async def test_breaker__source_down__rests_probes_and_recovers():
    """Closed, open, one probe, closed again."""
    clock, inner = Clock(), Scripted(DOWN, DOWN, DOWN, DOWN, GOOD)
    breaker = Breaker(inner, failures=3, rest_s=10, clock=clock)

    for _ in range(5):
        assert isinstance(await breaker.fetch(QUERY), Unavailable)
    assert inner.asked == 3  # the last two were not asked

    clock.now = 9.9
    resting = await breaker.fetch(QUERY)
    assert isinstance(resting, Unavailable)
    assert resting.retry_after_s == pytest.approx(0.1)

    clock.now = 10.1
    assert await breaker.fetch(QUERY) == DOWN  # the probe fails: open again
    assert inner.asked == 4
    assert await breaker.fetch(QUERY) != DOWN

    clock.now = 20.3
    assert await breaker.fetch(QUERY) == GOOD
    assert await breaker.fetch(QUERY) == GOOD
    assert inner.asked == 6


@pytest.mark.parametrize("outcome", [NotFound(0), Misbehaving("x"), DeniedBySource("x"), GOOD])
async def test_breaker__source_answers__stays_closed(outcome: Outcome):
    """A source that answers is up, whatever it answers."""
    inner = Scripted(outcome)
    breaker = Breaker(inner, failures=1)

    for _ in range(3):
        await breaker.fetch(QUERY)

    assert inner.asked == 3


async def test_breaker__half_open__lets_one_question_through():
    """A crowd does not fall on a source that just came back."""
    clock, inner = Clock(), Scripted(DOWN, sleeping(0.05))
    breaker = Breaker(inner, failures=1, rest_s=1, clock=clock)
    await breaker.fetch(QUERY)
    clock.now = 2

    outcomes = await asyncio.gather(*(breaker.fetch(QUERY) for _ in range(5)))

    assert inner.asked == 2
    assert sum(outcome == GOOD for outcome in outcomes) == 1


async def test_breaker__probe_cancelled__next_may_probe():
    """A caller who leaves does not keep the circuit open for ever."""
    clock, inner = Clock(), Scripted(DOWN, sleeping(10), GOOD)
    breaker = Breaker(inner, failures=1, rest_s=1, clock=clock)
    await breaker.fetch(QUERY)
    clock.now = 2
    probe = asyncio.create_task(breaker.fetch(QUERY))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)

    assert await breaker.fetch(QUERY) == GOOD


async def test_deadline__too_slow__unavailable_in_time():
    """The time is kept, and the work inside is cancelled."""
    started = time.perf_counter()

    outcome = await Deadline(Scripted(sleeping(5)), 0.3).fetch(QUERY)

    assert outcome == Unavailable("the source did not answer in time", timeout=True)
    assert 0.29 < time.perf_counter() - started < 0.45


async def test_deadline__caller_cancels__is_no_timeout():
    """Cancellation from outside stays cancellation."""
    task = asyncio.create_task(Deadline(Scripted(sleeping(5)), 5).fetch(QUERY))
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_concurrency__crowd__never_more_than_its_places():
    """The owner's system has other users."""
    inside = most = 0

    async def answer() -> Outcome:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1
        return GOOD

    adapter = Concurrency(Scripted(answer), 3)
    await asyncio.gather(*(adapter.fetch(QUERY) for _ in range(20)))

    assert most == 3


ERRORS = [
    (RequestMismatch("no field x"), DeniedBySource("no field x")),
    (ConfigurationError("view gone"), Misbehaving("view gone")),
    (TimeoutError("CANARY"), Unavailable("the source took too long", timeout=True)),
    (ConnectionResetError("CANARY"), Unavailable("the source cannot be reached")),
    (ValueError("CANARY"), Misbehaving("the adapter failed with ValueError")),
    (RecursionError("CANARY"), Misbehaving("the adapter failed with RecursionError")),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS)
async def test_outcomes_only__any_error__becomes_an_outcome_without_its_text(
    error: Exception, expected: Outcome, caplog: pytest.LogCaptureFixture
):
    """An author's exception may quote a person; it stops here."""
    adapter = OutcomesOnly(Scripted(error))

    assert await adapter.fetch(QUERY) == expected
    assert await adapter.health() == expected
    assert "CANARY" not in caplog.text


async def test_outcomes_only__cancelled__passes():
    """The one exception that is not ours to swallow."""
    with pytest.raises(asyncio.CancelledError):
        await OutcomesOnly(Scripted(asyncio.CancelledError())).fetch(QUERY)


WHOLE = [
    # what the adapter gives, what leaves
    (Match({"national_id": "1", "secret": "x"}, 7, restricted=True), Match({"national_id": "1"}, 7, restricted=True)),
    (Match({}, 7), Misbehaving("the answer has no field national_id")),
    (Match({"national_id": 5}, 7), Misbehaving("national_id breaks `type` of person/1")),
    (Match({"national_id": "x" * 5000}, 7), Misbehaving("national_id breaks `maxLength` of person/1")),
    (Match({"national_id": object()}, 7), Misbehaving),
    (KeyError("CANARY"), Misbehaving("the adapter failed with KeyError")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), WHOLE)
async def test_compose__whole_adapter__only_conforming_records_leave(
    tmp_path: Path, given: Any, expected: Any
):
    """Asked fields, canonical schema, nothing else."""
    adapter = compose(Scripted(given), rest_source(tmp_path, "https://x.example"))

    outcome = await adapter.fetch(QUERY)

    assert outcome == expected or outcome.__class__ is expected
    assert "CANARY" not in repr(outcome)


@pytest.mark.parametrize(
    "query",
    [
        ask("nobody", "1", "national_id"),
        ask("card", "1", "national_id"),
        ask("person", "1", "address"),
    ],
)
async def test_compose__question_the_file_does_not_declare__refused_without_asking(
    tmp_path: Path, query: Query
):
    """A question outside the description never reaches the source."""
    inner = Scripted(GOOD)

    outcome = await compose(inner, rest_source(tmp_path, "https://x.example")).fetch(query)

    assert isinstance(outcome, DeniedBySource)
    assert inner.asked == 0


async def test_compose__meter__hears_of_every_answer_and_cannot_break_it(tmp_path: Path):
    """Counts and times; a meter that fails costs the answer, not the gateway."""
    heard: list[tuple[str, str, str]] = []
    source = rest_source(tmp_path, "https://x.example")

    def meter(source_id: str, service: str, outcome: Outcome, seconds: float) -> None:
        assert seconds >= 0
        heard.append((source_id, service, type(outcome).__name__))

    await compose(Scripted(GOOD), source, meter).fetch(QUERY)
    await compose(Scripted(DOWN), source, meter).fetch(QUERY)

    assert heard == [("identity", "person", "Match"), ("identity", "person", "Unavailable")]


async def test_compose__open_and_close__reach_the_adapter(tmp_path: Path):
    """Every wrapper passes the lifecycle on."""
    inner = Scripted(GOOD)
    adapter = compose(inner, rest_source(tmp_path, "https://x.example"))

    await adapter.open()
    await adapter.discover()
    await adapter.close()

    assert (inner.opened, inner.closed) == (1, 1)
