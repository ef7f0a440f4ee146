"""Assembling: walk a plan, as much at once as it allows, within one deadline.

The only module here that waits. A source's failure is never an exception: whatever an `AskService`
does, against its contract even, concerns its own source only. Cancelling `assemble` cancels every ask
under way and waits for them to end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from registry_virtual.combine import combine
from registry_virtual.narrow import ask_for
from registry_virtual.plan import Plan, Step, ViewRequest, make_plan
from registry_virtual.record import AssembledRecord
from registry_virtual.view import View
from schemas.ask import Ask, AskOutcome, AskService, AskStatus

Clock = Callable[[], float]
"""Epoch seconds."""

GRACE_S: Final = 0.05
"""Seconds an ask may take beyond its deadline to report its own timeout, with its receipt."""

_logger = logging.getLogger(__name__)


async def assemble(
    view: View, request: ViewRequest, ask: AskService, clock: Clock = time.time
) -> AssembledRecord:
    """Assemble one record. Takes at most the view's `deadline_ms`, and `GRACE_S`.

    Raises:
        RequestMismatch: the request does not fit the view; nothing was asked.
    """
    walk = _Walk(make_plan(view, request), ask, clock)
    async with asyncio.TaskGroup() as group:
        for step in walk.plan.steps:
            group.create_task(walk.take(step))
    return combine(walk.plan, walk.outcomes, int(clock()))


class _Walk:
    """One walk along one plan. `outcomes` is written by the step's own task only; `done` tells the
    steps that wait for it, whether it was asked or idle."""

    def __init__(self, plan: Plan, ask: AskService, clock: Clock) -> None:
        self.plan = plan
        self.outcomes: dict[int, AskOutcome] = {}
        self._ask = ask
        self._clock = clock
        self._done = [asyncio.Event() for _ in plan.steps]
        self._ends = time.monotonic() + plan.view.deadline_ms / 1000

    async def take(self, step: Step) -> None:
        """Wait for the steps before, ask what is still needed, tell the steps behind."""
        for earlier in step.after:
            await self._done[earlier].wait()
        question = ask_for(self.plan, step, self.outcomes, int(self._clock()))
        if question is not None:
            self.outcomes[step.number] = await self._answer(question, self._deadline(step))
        self._done[step.number].set()

    def _deadline(self, step: Step) -> float:
        """A share of what time is left, so that a slow source leaves some to those behind it."""
        now = time.monotonic()
        return now + (self._ends - now) / (1 + step.followers)

    async def _answer(self, question: Ask, deadline: float) -> AskOutcome:
        """Ask once; anything but an outcome becomes one."""
        left = deadline - time.monotonic()
        if left <= 0:
            return self._no_answer("timeout", "view.deadline")
        limit = asyncio.timeout(left + GRACE_S)
        try:
            async with limit:
                outcome: object = await self._ask(question, deadline=deadline)
        except asyncio.CancelledError:
            if _being_cancelled():
                raise
            return self._broken(question, "CancelledError")
        except Exception as error:  # noqa: BLE001 - one source's failure never hides the others
            if limit.expired():
                return self._no_answer("timeout", "view.deadline")
            return self._broken(question, type(error).__name__)
        return outcome if isinstance(outcome, AskOutcome) else self._broken(question, "a wrong answer")

    def _broken(self, question: Ask, what: str) -> AskOutcome:
        """The ask broke its contract; its words may be personal, so only their kind is logged."""
        _logger.error("asking %s ended with %s instead of an outcome", question.service, what)
        return self._no_answer("misbehaving", "view.ask_failed")

    def _no_answer(self, status: AskStatus, reason: str) -> AskOutcome:
        return AskOutcome(status, {}, frozenset(), {}, None, int(self._clock()), None, (reason,))


def _being_cancelled() -> bool:
    """Whether somebody cancels this task, rather than the ask having cancelled itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
